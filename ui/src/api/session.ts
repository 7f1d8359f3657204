import { del, get, put, send } from './http';

export interface Capabilities {
  version: string;
  compatible: string;
  uiBuild: string;
  mode: string;
  function: string;
  modules: { config: boolean; naming: boolean };
  features: Record<string, boolean>;
  auth: { enforced: boolean; loginRequired: boolean; setupNeeded: boolean; setupHere: boolean; system: string };
  limits: { maxContent: number; maxImport: number; maxPage: number };
}

export type Right = '' | 'r' | 'w' | 'rw';
export type Area = 'users' | 'roles' | 'permissions' | 'namespaces' | 'cluster' | 'audit' | 'switches' | 'settings';

export interface Me {
  username: string;
  admin: boolean;
  loginRequired: boolean;
  expires: number;
  roles: string[];
  global: Record<Area, Right>;
  namespaces: Record<string, { config: Right; naming: Right; part: boolean }>;
  /** How far the events were when this was said. */
  events: EventsAt;
}

/** A place in the events of a server: of which run, and after which event. */
export interface EventsAt {
  epoch: string;
  seq: number;
}

const root = 'v3/console/ext';

export const sessionKeys = { capabilities: ['capabilities'] as const, me: ['me'] as const };

const quiet = async <T>(call: Parameters<typeof send>[0]) => ((await send({ ...call, anonymous: true })) as { data: T }).data;

export const getCapabilities = () => quiet<Capabilities>({ method: 'GET', path: `${root}/capabilities` });

export const getMe = () => quiet<Me>({ method: 'GET', path: `${root}/me` });

export const logIn = (username: string, password: string) =>
  quiet<Me>({ method: 'POST', path: `${root}/session`, form: { username, password } });

export const logOut = () => del<boolean>(`${root}/session`, {});

export const setUp = (password: string, code: string) =>
  quiet<Me>({ method: 'POST', path: `${root}/setup`, form: { password, code: code || undefined } });

export const changePassword = (old: string, next: string) =>
  quiet<boolean>({ method: 'PUT', path: `${root}/me/password`, form: { old, new: next } });

export interface Explanation {
  allowed: boolean;
  reason: string;
  resource: string;
  role: string;
  pattern: string;
  action: string;
}

export interface Question {
  username: string;
  action: string;
  namespaceId: string;
  groupName: string;
  type: string;
  name: string;
}

export const explain = (q: Question) => get<Explanation>(`${root}/rights/explain`, { ...q });

export interface Setting {
  key: string;
  value: string;
  source: string;
  secret: boolean;
  doc: string;
}

export interface ServerSettings {
  sections: { title: string; items: Setting[] }[];
  derived: { key: string; value: string }[];
}

export const getSettings = () => get<ServerSettings>(`${root}/settings`);

export interface NamedValue {
  name: string;
  value: unknown;
}

export const getSwitches = () => get<NamedValue[]>(`${root}/switches`);

export const putSwitch = (name: string, value: string) => put<unknown>(`${root}/switches`, { name, value });

export interface AuditRow {
  time: string;
  user: string;
  address: string;
  method: string;
  path: string;
  resource: string;
  params: unknown;
  outcome: string;
  error: string;
  before: unknown;
  after: unknown;
}

export interface Cursor<T> {
  items: T[];
  next: string;
}

export interface AuditQuery {
  user?: string | undefined;
  outcome?: string | undefined;
  contains?: string | undefined;
  cursor?: string | undefined;
}

export const getAudit = (q: AuditQuery) => get<Cursor<AuditRow>>(`${root}/audit`, { ...q, limit: 100 });

export interface Sample {
  language: string;
  title: string;
  code: string;
}

export const getSamples = (query: { namespaceId: string; groupName: string; dataId?: string; serviceName?: string }) =>
  get<Sample[]>(`${root}/samples`, query);

export interface Found {
  kind: 'config' | 'service' | 'instance' | 'namespace' | 'user' | 'content';
  namespaceId: string;
  groupName: string;
  name: string;
  detail: string;
  snippet: string;
  line: number;
}

export const search = (q: string, kinds: string, signal?: AbortSignal) =>
  get<{ items: Found[]; truncated: boolean }>(`${root}/search`, { q, kinds, limit: 40 }, signal);

