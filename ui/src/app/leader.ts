import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { getLeader, leaderKey, type Leadership } from '../api/cluster';
import { createStore } from '../lib/store';

/** Which writes are refused now, as nobody leads who could have the nodes agree on them. */
export type Refused = 'none' | 'some' | 'all';
export const refused = createStore<Refused>('none');

const every = 15_000; // milliseconds, where no event says that it changed

export const refusedWith = ({ needed, all, leader }: Leadership): Refused => (!needed || leader ? 'none' : all ? 'all' : 'some');

/** Watches whether somebody leads. */
export function useLeader(): Refused {
  const { data } = useQuery({ queryKey: leaderKey, queryFn: getLeader, refetchInterval: ({ state }) => (state.data?.needed ? every : false) });
  const now = data ? refusedWith(data) : 'none';
  useEffect(() => refused.set(now), [now]);
  return now;
}
