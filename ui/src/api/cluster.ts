import type { Answering } from './extconfig';
import { get } from './http';

export interface PeerSync {
  address: string;
  queue: number;
}

export interface ClusterNode {
  address: string;
  state: string;
  self: boolean;
  leader: boolean;
  version: string;
  lastSeen: number;
  error: string;
  load: { cpu: number; load: number; memory: number; connections: number; goroutines: number; uptime: number } | null;
  raft: { role: string; term: number; commit: number; applied: number; last: number; snapshot: number } | null;
  /** What it makes of the others; null where it could not be asked, or is alone. */
  sees: { address: string; state: string; lastSeen: number }[] | null;
  distro: { clients: number; owned: number; errors: number; mismatches: number; repaired: number; peers: PeerSync[] | null } | null;
}

export interface Cluster {
  mode: string;
  self: string;
  nodes: ClusterNode[];
  raft: { leader: string; term: number; voters: number; up: number; tolerates: number } | null;
  divergence: { kind: string; address: string; detail: string }[] | null;
  answered: { of: number; ok: number };
}

/** Who leads, as one node sees it, without asking the others. */
export interface Leadership {
  needed: boolean;
  /** Every write needs a leader, not those of persistent instances alone. */
  all: boolean;
  leader: string;
  term: number;
  since: number;
}

/** What is not the same on all nodes. */
export interface Compared {
  at: number;
  items: { kind: 'service' | 'config'; namespaceId?: string; groupName?: string; name: string; states: { address: string; digest: string }[] }[];
  more: boolean;
  nodes: Answering[];
}

export const clusterKey = ['cluster'] as const;
export const leaderKey = ['leader'] as const;

/** Has all nodes compared, which takes some seconds where they differ. */
export const compareNodes = () => get<Compared>('v3/console/ext/cluster/compared');

export const getLeader = () => get<Leadership>('v3/console/ext/leader');

export const getCluster = () => get<Cluster>('v3/console/ext/cluster');
