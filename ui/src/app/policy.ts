import { useQuery } from '@tanstack/react-query';
import { listPolicies, policiesKey, type Policy } from '../api/policy';

/** The policies of the namespaces that have one. */
export const usePolicies = () => useQuery({ queryKey: policiesKey, queryFn: listPolicies, staleTime: 60_000 });

/** The policy of a namespace: nothing is asked for where there is none. */
export function usePolicy(ns: string): Policy {
  const { data } = usePolicies();
  return data?.find((one) => one.namespaceId === (ns || 'public')) ?? { namespaceId: ns || 'public', protected: false, noteRequired: false, color: '', label: '' };
}
