import { get, post, type Params } from './http';
import type { Said } from './policy';

const root = 'v3/console/ext/bulk';

export type Effect = 'create' | 'update' | 'delete' | 'none';
export type Outcome = 'waiting' | 'done' | 'skipped' | 'conflict' | 'denied' | 'failed';

export interface Target {
  kind: 'config' | 'instance' | 'service';
  namespaceId: string;
  groupName: string;
  dataId?: string;
  serviceName?: string;
  clusterName?: string;
  ip?: string;
  port?: number;
  ephemeral?: boolean;
}

/** What a plan says of a thing, before or after. */
export interface Seen {
  md5?: string;
  size?: number;
  enabled?: boolean;
  weight?: number;
  type?: string;
  appName?: string;
  desc?: string;
  tags?: string[];
}

/** How many things one plan may be about. */
export const maxPlanned = 1000;

export interface Item {
  target: Target;
  effect: Effect;
  before: Seen | null;
  after: Seen | null;
  warnings: { key: string; params: Record<string, string> }[];
  allowed: boolean;
  outcome: Outcome;
  error?: string;
}

export interface Plan {
  planId: string;
  action: string;
  undoes?: string;
  state: 'planned' | 'applying' | 'applied';
  made: number;
  expires: number;
  done: number;
  of: number;
  undoable: number;
  effects: Partial<Record<Effect, number>>;
  outcomes: Partial<Record<Outcome, number>>;
  refused: number;
  items: Item[];
}

export interface Ask {
  action: string;
  namespaceId: string;
  /** What is chosen; or all that a list finds with `more`. */
  selection?: readonly object[];
  more?: Params;
}

export const makePlan = ({ action, namespaceId, selection, more = {} }: Ask) =>
  post<Plan>(`${root}/plan`, { action, namespaceId, ...(selection ? { selection: JSON.stringify(selection) } : { query: true }), ...more });

export const readPlan = (id: string) => get<Plan>(`${root}/${id}`);

export const applyPlan = (id: string, said: Said) => post<Plan>(`${root}/${id}/apply`, { ...said });

export const undoPlan = (id: string) => post<Plan>(`${root}/${id}/undo-plan`, {});
