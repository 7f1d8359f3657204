import { get, postFile, type Step } from './http';
import type { Said } from './policy';
import type { ConfigDetail, ImportResult } from './types';

/** What names one configuration. */
export interface ConfigName {
  ns: string;
  group: string;
  dataId: string;
}

export type Policy = 'ABORT' | 'SKIP' | 'OVERWRITE';

const root = 'v3/console/cs';
const ext = 'v3/console/ext';

/** The configuration, or null where there is none. */
export const peekConfig = (c: ConfigName) =>
  get<ConfigDetail | null>(`${root}/config`, { namespaceId: c.ns, groupName: c.group, dataId: c.dataId });

export function importConfigs(ns: string, policy: Policy, file: Blob, said: Said, tell: (step: Step) => void): Promise<ImportResult> {
  const body = new FormData();
  body.set('policy', policy);
  body.set('file', file, 'import.zip');
  return postFile(`${ext}/config/import`, body, { namespaceId: ns, ...said }, tell);
}
