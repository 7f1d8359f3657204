import { configList, extConfigKeys, queryConfigs } from '../api/extconfig';
import { client } from './client';
import type { Search } from './query';

/** Asks for what a page will show while its code is still on the way. */
export function ahead(path: string, params: Record<string, string>, search: Search): void {
  if (path !== '/ns/$ns/configs') return;
  const q = configList(params.ns ?? 'public', search);
  void client.prefetchQuery({ queryKey: extConfigKeys.list(q), queryFn: ({ signal }) => queryConfigs(q, signal) });
}
