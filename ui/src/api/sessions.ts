import { del, get } from './http';
import type { Page } from './types';

export interface SessionRow {
  id: string;
  username: string;
  address: string;
  agent: string;
  since: number;
  expires: number;
  lastSeen: number;
  current: boolean;
}

export interface Sessions extends Page<SessionRow> {
  nodes: { address: string; ok: boolean; error?: string }[];
}

const path = 'v3/console/ext/sessions';

export const sessionsKeys = {
  all: ['sessions'] as const,
  list: (q: string, page: number, size: number) => ['sessions', q, page, size] as const,
};

export const listSessions = (q: string, page: number, size: number) => get<Sessions>(path, { q, pageNo: page, pageSize: size });

export const endSession = (row: SessionRow) => del<{ ended: number }>(path, { username: row.username, id: row.id });

/** Ends all sessions of a user but the one that asks. */
export const endSessions = (username: string) => del<{ ended: number }>(path, { username, others: true });
