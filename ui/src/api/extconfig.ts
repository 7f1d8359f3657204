import type { ConfigName } from './config';
import { address, del, get, post, postFile, type Step } from './http';
import type { Said } from './policy';
import type { Cursor } from './session';
import { paging, type ConfigDetail, type Page } from './types';

const root = 'v3/console/ext';
const named = (c: ConfigName) => ({ namespaceId: c.ns, groupName: c.group, dataId: c.dataId });

export interface ConfigRow {
  id: string;
  namespaceId: string;
  groupName: string;
  dataId: string;
  type: string;
  appName: string;
  desc: string;
  tags: string[];
  md5: string;
  size: number;
  modified: number;
  user: string;
  gray: string[];
  listeners: number;
  behind: number;
  encrypted: boolean;
  may: string;
}

export interface Facet {
  value: string;
  count: number;
}

export type FacetName = 'groupName' | 'type' | 'appName' | 'tags';

export interface ConfigPage extends Page<ConfigRow> {
  facets?: Record<FacetName, Facet[]>;
}

export interface ConfigQuery {
  namespaceId: string;
  q?: string | undefined;
  groupName?: string | undefined;
  appName?: string | undefined;
  type?: string | undefined;
  tags?: string | undefined;
  content?: string | undefined;
  user?: string | undefined;
  state?: string | undefined;
  dataId?: string | undefined;
  desc?: string | undefined;
  /** How long ago the last change may be. */
  changed?: string | undefined;
  sort?: string | undefined;
  order?: string | undefined;
  pageNo: number;
  pageSize: number;
}

/** The times after which somebody looks for a change, in milliseconds. */
export const agoes: Record<string, number> = { '1h': 3_600_000, '1d': 86_400_000, '7d': 604_800_000, '30d': 2_592_000_000 };

/** What an address asks of the list. */
export function configList(ns: string, search: Record<string, string | undefined>): ConfigQuery {
  return {
    namespaceId: ns,
    q: search.q,
    dataId: search.id,
    groupName: search.group,
    appName: search.app,
    type: search.type,
    tags: search.tags,
    content: search.content,
    desc: search.desc,
    user: search.by,
    state: search.state,
    changed: search.changed,
    sort: search.sort,
    order: search.order,
    ...paging(search, 50),
  };
}

/** What finds all that the list finds, on whichever page they are. */
export function matching({ namespaceId: _, pageNo: _page, pageSize: _size, sort: _sort, order: _order, changed, ...filter }: ConfigQuery) {
  const ago = agoes[changed ?? ''];
  return { ...filter, changedAfter: ago && Date.now() - ago };
}

export interface Gray {
  name: string;
  kind: 'beta' | 'tag';
  rule: string;
  addresses?: string[] | string;
  tag?: string;
  md5: string;
  modified: number;
  content: string;
}

export interface ConfigFull extends ConfigDetail {
  size: number;
  user: string;
  modified: number;
  version: string;
  may: string;
  gray: Gray[];
  listeners: number;
  behind: number;
  /** Where the server has hidden secrets in the content. */
  masks?: Hidden[];
  /** Whether the reader may have them shown. */
  reveal?: boolean;
}

/** A place where a secret is hidden. */
export interface Hidden {
  line: number;
  path: string;
}

/** What the server puts in the place of a secret. It takes no content with this in it. */
export const maskToken = '___MASKED___';

export interface Version {
  nid: string;
  version: string;
  kind: 'create' | 'publish' | 'remove' | 'gray' | 'gray_remove';
  grayName: string;
  md5: string;
  previousMd5: string;
  user: string;
  address: string;
  at: number;
  type: string;
  /** What the change was for, where somebody said so. */
  note: string;
  current: boolean;
  namespaceId?: string;
  groupName?: string;
  dataId?: string;
}

export interface VersionFull extends Version {
  content: string | null;
  previous: string | null;
}

export interface Current {
  exists: boolean;
  md5: string;
  content: string;
  type: string;
  user: string;
  modified: number;
  version: string;
}

export interface Published {
  md5: string;
  modified: number;
  id: string;
  version: string;
}

export const extConfigKeys = {
  list: (q: ConfigQuery) => ['configs', q.namespaceId, 'list', q] as const,
  lists: (ns: string) => ['configs', ns] as const,
  one: (c: ConfigName) => ['config', c.ns, c.group, c.dataId] as const,
  full: (c: ConfigName) => ['config', c.ns, c.group, c.dataId, 'full'] as const,
  versions: (c: ConfigName, page: number) => ['config', c.ns, c.group, c.dataId, 'versions', page] as const,
  version: (c: ConfigName, nid: string) => ['config', c.ns, c.group, c.dataId, 'version', nid] as const,
  convergence: (c: ConfigName) => ['config', c.ns, c.group, c.dataId, 'convergence'] as const,
  listeners: (q: ListenerQuery) => ['listeners', q.namespaceId, q] as const,
  releases: (ns: string, q: string, user: string) => ['releases', ns, q, user] as const,
  recycle: (ns: string, q: string) => ['recycle', ns, q] as const,
};

export function queryConfigs({ changed, ...q }: ConfigQuery, signal?: AbortSignal) {
  const ago = agoes[changed ?? ''];
  return get<ConfigPage>(`${root}/configs`, { ...q, changedAfter: ago && Date.now() - ago, facets: true }, signal);
}

/** The configuration, with its secrets only for somebody who may see them and has asked to. */
export const getFull = (c: ConfigName, masked = true) => get<ConfigFull>(`${root}/config`, { ...named(c), masked });

interface Wanted {
  line?: number;
  name?: string;
  md5?: string | undefined;
}

/** Shows secrets of a configuration; the audit log says who has asked. */
export const reveal = (c: ConfigName, wanted: Wanted) =>
  post<{ md5: string; values: (Hidden & { value: string })[] }>(`${root}/config/reveal`, { ...named(c), ...wanted });

/** The configuration with all of its secrets, which is asked for as such. */
export async function revealWhole(c: ConfigName, known: ConfigFull): Promise<ConfigFull> {
  if (known.masks?.length) await reveal(c, { md5: known.md5 ?? undefined });
  for (const gray of known.gray ?? []) {
    if (gray.content.includes(maskToken)) await reveal(c, { name: gray.name, md5: gray.md5 });
  }
  return getFull(c, false);
}

export interface Publication extends Said {
  content: string;
  expect: string;
  type?: string | undefined;
  desc?: string | undefined;
  appName?: string | undefined;
  tags?: string | undefined;
  betaIps?: string | undefined;
  tag?: string | undefined;
}

export const publish = (c: ConfigName, p: Publication) => post<Published>(`${root}/config/publish`, { ...named(c), ...p });

export const promoteGray = (c: ConfigName, name: string, expect: string, expectGray: string, said: Said) =>
  post<Published>(`${root}/config/gray/promote`, { ...named(c), name, expect, expectGray, ...said });

export const removeGray = (c: ConfigName, name: string, said: Said) => del<boolean>(`${root}/config/gray`, { ...named(c), name, ...said });

export const listVersions = (c: ConfigName, pageNo: number, pageSize = 50) =>
  get<Page<Version>>(`${root}/config/versions`, { ...named(c), pageNo, pageSize });

export const getVersion = (c: ConfigName, nid: string) => get<VersionFull>(`${root}/config/version`, { ...named(c), nid, masked: true });

export const restore = (c: ConfigName, nid: string, expect: string, said: Said) => post<Published>(`${root}/config/restore`, { ...named(c), nid, expect, ...said });

export const listReleases = (namespaceId: string, q: string, user: string, cursor: string) =>
  get<Cursor<Version>>(`${root}/releases`, { namespaceId, q, user, cursor, limit: 100 });

export const listRecycle = (namespaceId: string, q: string, cursor: string) =>
  get<Cursor<Version>>(`${root}/recycle`, { namespaceId, q, cursor, limit: 100 });

export interface Listener {
  address: string;
  ip: string;
  app: string;
  agent: string;
  transport: string;
  node: string;
  md5: string;
  version: string;
  state: 'current' | 'gray' | 'behind';
  since: number;
  groupName?: string;
  dataId?: string;
}

export interface Answering {
  address: string;
  ok: boolean;
  error?: string;
}

export interface Convergence {
  target: { md5: string; version: string; modified: number };
  gray: { name: string; md5: string }[];
  counts: { total: number; current: number; gray: number; behind: number };
  clients: Listener[];
  truncated: boolean;
  nodes: Answering[];
}

export interface Preview {
  matched: (Listener & { sees: boolean })[];
  count: number;
  total: number;
  nodes: Answering[];
}

/** Which of those who listen now a rule names. */
export const previewGray = (c: ConfigName, kind: 'beta' | 'tag', value: string) =>
  post<Preview>(`${root}/config/gray/preview`, { ...named(c), ...(kind === 'beta' ? { kind: 'ip', betaIps: value } : { kind: 'tag', tag: value }) });

export interface Repushed {
  told: number;
  results: { address: string; node: string; result: 'told' | 'later' | 'absent' }[];
  nodes: Answering[];
}

/** Has clients be told once more. */
export const repush = (c: ConfigName, addresses: string[]) => post<Repushed>(`${root}/config/repush`, { ...named(c), connections: addresses.join(',') });

export const getConvergence = (c: ConfigName) => get<Convergence>(`${root}/config/convergence`, named(c));

export interface ListenerQuery {
  namespaceId: string;
  q?: string | undefined;
  ip?: string | undefined;
  state?: string | undefined;
  pageNo: number;
  pageSize: number;
}

export const listListeners = (q: ListenerQuery) => get<Page<Listener> & { nodes: Answering[] | null }>(`${root}/listeners`, { ...q });

export interface PlanItem {
  groupName: string;
  dataId: string;
  type: string;
  size: number;
  state: 'new' | 'same' | 'different';
  content: string | null;
  current: string | null;
  may: boolean;
}

export interface ImportPlan {
  namespaceId: string;
  exists: boolean;
  items: PlanItem[];
  unrecognized: string[];
  counts: { new: number; same: number; different: number };
}

export function previewImport(ns: string, file: File, tell: (step: Step) => void): Promise<ImportPlan> {
  const body = new FormData();
  body.set('file', file, file.name);
  return postFile(`${root}/config/import/preview`, body, { namespaceId: ns }, tell);
}

export const exportAddress = (query: { namespaceId: string; ids?: string; dataId?: string; groupName?: string } | ({ namespaceId: string; query: true } & ReturnType<typeof matching>)) =>
  address(`${root}/config/export`, query);
