/** Lines fromA..toA of one text became lines fromB..toB of the other. */
export interface Hunk {
  fromA: number;
  toA: number;
  fromB: number;
  toB: number;
}

// Texts that differ in more places than this are shown as one change: the
// search takes time and memory that grow with the square of the distance.
const furthest = 2000;

// Myers' greedy search; returns the furthest points of each round.
function search(a: string[], b: string[]): Int32Array[] | undefined {
  const limit = Math.min(a.length + b.length, furthest);
  let reach = new Int32Array(2 * limit + 3);
  const rounds: Int32Array[] = [];
  for (let d = 0; d <= limit; d++) {
    rounds.push(reach.slice());
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[k - 1 + limit + 1]! < reach[k + 1 + limit + 1]!);
      let x = down ? reach[k + 1 + limit + 1]! : reach[k - 1 + limit + 1]! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach[k + limit + 1] = x;
      if (x >= a.length && x - k >= b.length) return rounds;
    }
  }
  return undefined;
}

// Walks back from the end and collects single steps as hunks, last first.
function steps(rounds: Int32Array[], a: string[], b: string[]): Hunk[] {
  const found: Hunk[] = [];
  const middle = (rounds[0]!.length - 1) / 2;
  let x = a.length;
  let y = b.length;
  for (let d = rounds.length - 1; d > 0; d--) {
    const reach = rounds[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && reach[k - 1 + middle]! < reach[k + 1 + middle]!);
    const from = down ? reach[k + 1 + middle]! : reach[k - 1 + middle]!;
    const beforeY = from - (down ? k + 1 : k - 1);
    found.push(down ? { fromA: from, toA: from, fromB: beforeY, toB: beforeY + 1 } : { fromA: from, toA: from + 1, fromB: beforeY, toB: beforeY });
    x = from;
    y = beforeY;
  }
  return found.reverse();
}

function join(single: Hunk[]): Hunk[] {
  const joined: Hunk[] = [];
  for (const hunk of single) {
    const last = joined.at(-1);
    if (last && last.toA === hunk.fromA && last.toB === hunk.fromB) {
      last.toA = hunk.toA;
      last.toB = hunk.toB;
    } else {
      joined.push({ ...hunk });
    }
  }
  return joined;
}

/** What changed between two texts, line by line, in order. */
export function lineDiff(a: string[], b: string[]): Hunk[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const midA = a.slice(head, a.length - tail);
  const midB = b.slice(head, b.length - tail);
  if (!midA.length && !midB.length) return [];
  const rounds = midA.length && midB.length ? search(midA, midB) : undefined;
  const hunks = rounds ? join(steps(rounds, midA, midB)) : [{ fromA: 0, toA: midA.length, fromB: 0, toB: midB.length }];
  return hunks.map((h) => ({ fromA: h.fromA + head, toA: h.toA + head, fromB: h.fromB + head, toB: h.toB + head }));
}

/** How many lines were added and removed. */
export function countChanges(before: string, after: string): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const hunk of lineDiff(before.split('\n'), after.split('\n'))) {
    added += hunk.toB - hunk.fromB;
    removed += hunk.toA - hunk.fromA;
  }
  return { added, removed };
}
