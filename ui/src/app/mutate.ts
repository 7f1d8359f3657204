import { useMutation } from '@tanstack/react-query';
import { ApiError } from '../api/errors';
import { policiesKey } from '../api/policy';
import { complain, say } from '../ui/toast';
import { client } from './client';

// Refusals of who has not said what the policy of the namespace asks for.
const asked = ['unconfirmed', 'note_required'];

interface Act<T, R> {
  run: (input: T) => Promise<R>;
  /** What to say when it is done. */
  done?: string | ((result: R, input: T) => string);
  /** The queries whose answers are no longer true. */
  stale?: readonly (readonly unknown[])[];
  then?: (result: R, input: T) => void;
  /** Deals with an error itself; true if nothing more need be said. */
  fail?: (error: unknown) => boolean;
}

/** A write: says how it went and renews what it touched. */
export function useAct<T = void, R = unknown>({ run, done, stale = [], then, fail }: Act<T, R>) {
  return useMutation<R, unknown, T>({
    mutationFn: run,
    onSuccess: async (result, input) => {
      then?.(result, input);
      if (done) say(typeof done === 'string' ? done : done(result, input));
      await Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
    },
    onError: (error) => {
      if (error instanceof ApiError && asked.includes(error.key)) void client.invalidateQueries({ queryKey: policiesKey }); // it came meanwhile
      if (!fail?.(error)) complain(error);
    },
  });
}
