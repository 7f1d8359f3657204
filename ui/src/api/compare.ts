import { get } from './http';
import type { Page } from './types';

export type PairState = 'different' | 'left' | 'right' | 'same';

/** A configuration on one side of a comparison. */
export interface Side {
  id: string;
  md5: string;
  type: string;
  size: number;
  modified: number;
  user: string;
  listeners: number;
  may: string;
}

/** One name in two namespaces. */
export interface Pair {
  groupName: string;
  dataId: string;
  left: Side | null;
  right: Side | null;
  /** Whether the two texts were compared by their keys; otherwise they just differ. */
  semantic?: boolean;
  keysAdded?: string[];
  keysRemoved?: string[];
  keysChanged?: string[];
  counts?: { added: number; removed: number; changed: number };
  /** Secrets were hidden, so that nothing is said of them. */
  masked?: boolean;
}

interface Comparison {
  onlyLeft: Pair[];
  onlyRight: Pair[];
  different: Pair[];
  equal: Pair[];
  counts: Record<PairState, number>;
  totalCount: number;
  pageNumber: number;
  pagesAvailable: number;
}

export type StatedPair = Pair & { state: PairState };

export interface CompareQuery {
  left: string;
  right: string;
  q?: string | undefined;
  state?: string | undefined;
  pageNo: number;
  pageSize: number;
}

export type ComparePage = Page<StatedPair> & { counts: Record<PairState, number> };

/** What is only in one of two namespaces, and what differs, a page of it. */
export async function compareNamespaces(q: CompareQuery, signal?: AbortSignal): Promise<ComparePage> {
  const found = await get<Comparison>('v3/console/ext/compare', { ...q }, signal);
  const stated = (state: PairState, pairs: Pair[]) => pairs.map((pair) => ({ ...pair, state }));
  return {
    ...found,
    pageItems: [...stated('different', found.different), ...stated('left', found.onlyLeft), ...stated('right', found.onlyRight), ...stated('same', found.equal)],
  };
}
