/** One name in two places: whether it is in one only, or in both, the same or not. */
export interface Pair<T> {
  key: string;
  state: 'left' | 'right' | 'different' | 'same';
  left?: T;
  right?: T;
}

/** Puts the rows of two lists side by side, in the order of their names. */
export function pairUp<T extends { groupName: string; dataId: string; md5: string }>(left: readonly T[], right: readonly T[]): Pair<T>[] {
  const keyOf = (row: T) => `${row.groupName}/${row.dataId}`;
  const pairs = new Map<string, Pair<T>>(left.map((row) => [keyOf(row), { key: keyOf(row), state: 'left', left: row }]));
  for (const row of right) {
    const other = pairs.get(keyOf(row))?.left;
    pairs.set(keyOf(row), { key: keyOf(row), state: !other ? 'right' : other.md5 === row.md5 ? 'same' : 'different', ...(other ? { left: other } : {}), right: row });
  }
  return [...pairs.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
