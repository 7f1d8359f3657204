import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect } from 'react';
import { listNamespaces, namespacesKey } from '../api/core';
import { recall, remember } from '../lib/persist';
import { createStore, useStore } from '../lib/store';

const last = createStore(recall('ns', 'public'));

/** The namespace of the address, or on pages of the whole server the one that was last in it. */
export function useNamespace(): string {
  const { ns } = useParams({ strict: false }) as { ns?: string };
  const remembered = useStore(last);
  useEffect(() => {
    if (ns && ns !== last.get()) chooseNamespace(ns);
  }, [ns]);
  return ns ?? remembered;
}

export function chooseNamespace(ns: string): void {
  last.set(ns);
  remember('ns', ns);
  const recent = [ns, ...recall<string[]>('ns.recent', []).filter((id) => id !== ns)];
  remember('ns.recent', recent.slice(0, 5));
}

export const useNamespaces = () => useQuery({ queryKey: namespacesKey, queryFn: listNamespaces, staleTime: 60_000 });

/** What people call the namespace. */
export function useNamespaceName(id: string): string {
  const { data } = useNamespaces();
  return data?.find((one) => one.namespace === id)?.namespaceShowName || id;
}
