import { useLocation, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { paging } from '../api/types';

export type Search = Record<string, string | undefined>;

/** The part of the address behind the question mark: filters, sort and page live there. */
export function useAddress(): [Search, (part: Search, keep?: boolean) => void] {
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const change = (part: Search, keep = false) => {
    void navigate({ to: '.', search: (old: Search) => clean({ ...old, ...part }), replace: !keep } as never);
  };
  return [search, change];
}

function clean(search: Search): Search {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value));
}

/** The parts of the path that name things. */
export function usePath(): { ns: string; group: string; name: string } {
  const { ns = 'public', group = '', name = '' } = useParams({ strict: false }) as Record<string, string>;
  return { ns, group, name };
}

/** A text that follows typing at once and the address a little later. */
export function useTyped(value: string, commit: (value: string) => void, wait = 250): [string, (value: string) => void] {
  const [text, setText] = useState(value);
  const latest = useRef(commit);
  const sent = useRef(value);
  latest.current = commit;
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      latest.current(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text, wait]);
  return [text, setText];
}

/** Page and page size of the address. */
export function usePaging(size = 50): { page: number; size: number; go: (page: number, size: number) => void } {
  const [search, change] = useAddress();
  const asked = paging(search, size);
  return {
    page: asked.pageNo,
    size: asked.pageSize,
    go: (page, next) => change({ page: page > 1 ? String(page) : undefined, size: next === size ? undefined : String(next) }),
  };
}

const kept = new Map<string, unknown>();
const maxKept = 200; // places of the history; who goes back further finds things as they were first

/** A state that is there again for who comes back to this place of the history. */
export function useKept<T>(name: string, first: T): [T, (value: T) => void] {
  const place = useLocation({ select: (at) => (at.state as { __TSR_key?: string }).__TSR_key ?? '' });
  const at = `${place} ${name}`;
  const [state, setState] = useState(() => ({ name, value: kept.has(at) ? (kept.get(at) as T) : first }));
  const value = state.name === name ? state.value : first;
  useEffect(() => {
    kept.delete(at);
    kept.set(at, value);
    if (kept.size > maxKept) kept.delete(kept.keys().next().value!);
  }, [at, value]);
  return [value, (next) => setState({ name, value: next })];
}
