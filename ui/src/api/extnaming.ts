import type { Answering } from './extconfig';
import { get, post } from './http';
import type { ServiceName } from './naming';
import type { Page } from './types';

const root = 'v3/console/ext';

export interface ServiceRow {
  namespaceId: string;
  groupName: string;
  serviceName: string;
  kind: 'ephemeral' | 'persistent';
  clusters: number;
  instances: number;
  healthy: number;
  disabled: number;
  subscribers: number;
  protectThreshold: number;
  protected: boolean;
  described: boolean;
  may: string;
}

export interface ServicePage extends Page<ServiceRow> {
  summary: { services: number; instances: number; unhealthy: number; empty: number; protected: number };
}

export interface ServiceQuery {
  namespaceId: string;
  q?: string | undefined;
  groupName?: string | undefined;
  state?: string | undefined;
  kind?: string | undefined;
  metadata?: string | undefined;
  sort?: string | undefined;
  order?: string | undefined;
  pageNo: number;
  pageSize: number;
}

export interface InstanceRow {
  namespaceId: string;
  groupName: string;
  serviceName: string;
  clusterName: string;
  ip: string;
  port: number;
  instanceId: string;
  healthy: boolean;
  enabled: boolean;
  weight: number;
  ephemeral: boolean;
  metadata: Record<string, string> | null;
  clientId: string;
  lastBeat: number;
  operator: { weight: boolean; enabled: boolean; metadata: string[] | null };
  client: { weight: number; enabled: boolean; metadata: Record<string, string> | null } | null;
  may: string;
}

export interface InstanceQuery {
  namespaceId: string;
  serviceName?: string | undefined;
  groupName?: string | undefined;
  q?: string | undefined;
  clusterName?: string | undefined;
  health?: string | undefined;
  enabled?: string | undefined;
  metadata?: string | undefined;
  sort?: string | undefined;
  order?: string | undefined;
  pageNo: number;
  pageSize: number;
}

export interface ClientRow {
  clientId: string;
  ip: string;
  port: number;
  kind: 'ephemeral' | 'persistent' | 'connection';
  lastSeen: number;
  publishes: number;
  subscribes: number;
  app: string;
  agent: string;
  /** That holds the connection, or answers for it. */
  node: string;
}

export interface ClientPage extends Page<ClientRow> {
  nodes: Answering[] | null;
}

export interface ClientFull extends ClientRow {
  nodes: Answering[] | null;
  published: { namespaceId: string; groupName: string; serviceName: string; ip: string; port: number; clusterName: string }[] | null;
  subscribed: { namespaceId: string; groupName: string; serviceName: string; agent: string; app: string }[] | null;
  listens: { namespaceId: string; groupName: string; dataId: string; md5: string; state: string }[] | null;
}

/** Something that befell an instance of a service. */
export interface Happening {
  at: number;
  kind: 'registered' | 'deregistered' | 'disconnected' | 'expired' | 'unhealthy' | 'healthy' | 'altered' | 'operated';
  ip: string;
  port: number;
  clusterName: string;
  by: string;
  set: { weight: number | null; enabled: boolean | null; metadata: boolean } | null;
  node: string;
}

export interface ServiceActivity {
  items: Happening[];
  total: number;
  /** Nothing after it is missing. */
  since: number;
  flapping: { ip: string; port: number; clusterName: string; changes: number; first: number; last: number }[];
  window: number;
  usual: number;
  nodes: Answering[];
}

export const extNamingKeys = {
  services: (q: ServiceQuery) => ['services', q.namespaceId, q] as const,
  servicesIn: (ns: string) => ['services', ns] as const,
  instances: (q: InstanceQuery) => ['instances', q.namespaceId, q] as const,
  instancesIn: (ns: string) => ['instances', ns] as const,
  clients: (ns: string, q: string, page: number, size: number) => ['clients', ns, q, page, size] as const,
  client: (id: string) => ['client', id] as const,
  activity: (s: ServiceName) => ['service', s.ns, s.group, s.service, 'activity'] as const,
};

export const queryServices = (q: ServiceQuery, signal?: AbortSignal) => get<ServicePage>(`${root}/services`, { ...q }, signal);

export const queryInstances = (q: InstanceQuery, signal?: AbortSignal) => get<Page<InstanceRow>>(`${root}/instances`, { ...q }, signal);

export type BatchAction = 'enable' | 'disable' | 'weight' | 'metadata' | 'deregister' | 'reset';

export interface BatchResult {
  done: number;
  failed: { serviceName: string; ip: string; port: number; error: string }[] | null;
}

export const batch = (namespaceId: string, action: BatchAction, value: string, rows: InstanceRow[]) =>
  post<BatchResult>(`${root}/instances/batch`, {
    namespaceId,
    action,
    value,
    instances: JSON.stringify(rows.map(({ groupName, serviceName, clusterName, ip, port, ephemeral }) => ({ groupName, serviceName, clusterName, ip, port, ephemeral }))),
  });

export const listClients = (namespaceId: string, q: string, pageNo: number, pageSize: number) =>
  get<ClientPage>(`${root}/clients`, { namespaceId, q, pageNo, pageSize });

export const getClient = (clientId: string) => get<ClientFull>(`${root}/client`, { clientId });

export interface Moved {
  clientId: string;
  from: string;
  to: string;
}

/** Asks a client to connect to another node; without one the server chooses. */
export const moveClient = (clientId: string, to: string) => post<Moved>(`${root}/client/move`, { clientId, ...(to && { to }) });

export const getActivity = (s: ServiceName, signal?: AbortSignal) =>
  get<ServiceActivity>(`${root}/services/activity`, { namespaceId: s.ns, groupName: s.group, serviceName: s.service }, signal);
