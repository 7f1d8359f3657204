import type { Answering } from './extconfig';
import { get } from './http';

export type Verdict = 'ok' | 'warn' | 'bad';

export interface Tiles {
  nodes: { up: number; total: number } | null;
  services: { total: number; empty: number; unhealthy: number; protected: number } | null;
  instances: { total: number; healthy: number; disabled: number } | null;
  configs: { total: number; gray: number } | null;
  namespaces: number;
  subscribers: number | null;
  clients: number | null;
  listeners: { clients: number; configs: number; behind: number } | null;
  pushes: { total: number; failed: number; avgMillis: number; maxMillis: number } | null;
}

export interface Problem {
  id: string;
  severity: 'warn' | 'bad';
  kind: string;
  params: Record<string, string>;
  target?: { kind: string; namespaceId: string; groupName: string; name: string } | null;
}

export interface Change {
  at: number;
  kind: 'create' | 'publish' | 'remove' | 'gray' | 'gray_remove';
  user: string;
  address: string;
  namespaceId: string;
  groupName: string;
  dataId: string;
  nid: string;
}

export interface Overview {
  at: number;
  verdict: { level: Verdict; reasons: { key: string; params: Record<string, string> }[] };
  tiles: Tiles;
  problems: Problem[];
  changes: Change[];
  nodes: Answering[] | null;
}

export interface Metrics {
  node: string;
  step: number;
  t: number[];
  series: Record<string, (number | null)[]>;
  units: Record<string, string>;
}

/** What happened while the series went as they did. */
export interface Marks {
  releases: Change[];
  leaders: { at: number; leader: string; term: number }[];
  more: boolean;
}

export const ranges = ['15m', '1h', '6h', '24h'] as const;
export type Range = (typeof ranges)[number];

export const overviewKeys = {
  overview: (ns: string) => ['overview', ns] as const,
  metrics: (range: Range) => ['metrics', range] as const,
  marks: (...part: unknown[]) => ['marks', ...part] as const,
};

export const getOverview = (ns: string) => get<Overview>('v3/console/ext/overview', ns ? { namespaceId: ns } : {});

export const getMetrics = (range: Range) => get<Metrics>('v3/console/ext/metrics', { range });

export const getMarks = (from: number, to?: number) => get<Marks>('v3/console/ext/marks', { from: Math.round(from), to });
