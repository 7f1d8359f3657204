import { recall, remember } from '../../lib/persist';

/** What somebody was writing, kept in this browser until it is published or dropped. */
export interface Draft {
  content: string;
  type: string;
  desc: string;
  app: string;
  tags: string;
  base: string;
  at: number;
}

const limit = 1_000_000; // characters; the browser's store holds five million in all

const keyOf = (ns: string, group: string, dataId: string) => `draft.${ns}/${group}/${dataId}`;

export const recallDraft = (ns: string, group: string, dataId: string) => recall<Draft | null>(keyOf(ns, group, dataId), null);

export function keepDraft(ns: string, group: string, dataId: string, draft: Draft): void {
  if (draft.content.length <= limit) remember(keyOf(ns, group, dataId), draft);
}

export function dropDraft(ns: string, group: string, dataId: string): void {
  try {
    localStorage.removeItem(`nc.${keyOf(ns, group, dataId)}`);
  } catch {
    // Where nothing can be stored, nothing was.
  }
}
