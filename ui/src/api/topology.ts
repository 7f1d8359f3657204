import type { Answering } from './extconfig';
import { get } from './http';

export interface TopologyNode {
  id: string;
  kind: 'service' | 'application' | 'client' | 'group' | 'rest';
  groupName: string;
  name: string;
  health: 'ok' | 'warn' | 'bad' | 'empty' | 'unknown';
  instances: number;
  healthy: number;
  subscribers: number;
  self: number;
  members: number;
}

export interface TopologyEdge {
  from: string;
  to: string;
  subscribers: number;
  inferred: boolean;
}

/** Who uses what. */
export interface Topology {
  nodes: TopologyNode[];
  edges: TopologyEdge[];
  alone: number;
  impact: { services: number; subscribers: number } | null;
  truncated: boolean;
  answered: Answering[];
}

export interface TopologyQuery {
  namespaceId: string;
  focus?: string | undefined;
  depth?: string | undefined;
  groupBy?: string | undefined;
}

export const topologyKeys = { one: (q: TopologyQuery) => ['topology', q.namespaceId, q] as const };

export const getTopology = (q: TopologyQuery, signal?: AbortSignal) => get<Topology>('v3/console/ext/topology', { ...q }, signal);
