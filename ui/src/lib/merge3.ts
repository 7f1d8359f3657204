import { lineDiff, type Hunk } from './linediff';

/** A piece of a three-way merge: agreed lines, or two versions of the same place. */
export type Piece =
  | { kind: 'same'; lines: string[] }
  | { kind: 'theirs' | 'mine'; lines: string[]; base: string[] }
  | { kind: 'conflict'; base: string[]; theirs: string[]; mine: string[] };

interface Side extends Hunk {
  side: 'theirs' | 'mine';
}

interface Region {
  from: number;
  to: number;
  hunks: Side[];
}

// Hunks that touch the same lines of the base belong together.
function regions(theirs: Hunk[], mine: Hunk[]): Region[] {
  const all: Side[] = [...theirs.map((h) => ({ ...h, side: 'theirs' as const })), ...mine.map((h) => ({ ...h, side: 'mine' as const }))];
  all.sort((x, y) => x.fromA - y.fromA || x.toA - y.toA);
  const found: Region[] = [];
  for (const hunk of all) {
    const last = found.at(-1);
    const touches = last && (hunk.fromA < last.to || (hunk.fromA === last.to && (hunk.fromA === hunk.toA || last.from === last.to || hunk.fromA === last.from)));
    if (last && touches) {
      last.to = Math.max(last.to, hunk.toA);
      last.hunks.push(hunk);
    } else {
      found.push({ from: hunk.fromA, to: hunk.toA, hunks: [hunk] });
    }
  }
  return found;
}

// The lines that one side has in place of base[from, to).
function linesOf(region: Region, side: Side['side'], base: string[], other: string[]): string[] {
  const hunks = region.hunks.filter((hunk) => hunk.side === side);
  const lines: string[] = [];
  let at = region.from;
  for (const hunk of hunks) {
    lines.push(...base.slice(at, hunk.fromA), ...other.slice(hunk.fromB, hunk.toB));
    at = hunk.toA;
  }
  return [...lines, ...base.slice(at, region.to)];
}

const equal = (a: string[], b: string[]) => a.length === b.length && a.every((line, i) => line === b[i]);

/** Merges two changes of one text; only places that both changed differently are conflicts. */
export function merge3(baseText: string, theirText: string, myText: string): Piece[] {
  const [base, theirs, mine] = [baseText.split('\n'), theirText.split('\n'), myText.split('\n')];
  const pieces: Piece[] = [];
  let at = 0;
  for (const region of regions(lineDiff(base, theirs), lineDiff(base, mine))) {
    if (region.from > at) pieces.push({ kind: 'same', lines: base.slice(at, region.from) });
    at = region.to;
    const was = base.slice(region.from, region.to);
    const t = linesOf(region, 'theirs', base, theirs);
    const m = linesOf(region, 'mine', base, mine);
    if (equal(t, m)) pieces.push({ kind: 'same', lines: t });
    else if (equal(m, was)) pieces.push({ kind: 'theirs', lines: t, base: was });
    else if (equal(t, was)) pieces.push({ kind: 'mine', lines: m, base: was });
    else pieces.push({ kind: 'conflict', base: was, theirs: t, mine: m });
  }
  if (at < base.length) pieces.push({ kind: 'same', lines: base.slice(at) });
  return pieces;
}

export type Choice = 'theirs' | 'mine' | 'both';

/** The merged text, given one choice for each conflict in order; undefined while one is missing. */
export function settle(pieces: Piece[], choices: (Choice | undefined)[]): string | undefined {
  const lines: string[] = [];
  let conflict = 0;
  for (const piece of pieces) {
    if (piece.kind !== 'conflict') {
      lines.push(...piece.lines);
      continue;
    }
    const choice = choices[conflict++];
    if (!choice) return undefined;
    if (choice !== 'mine') lines.push(...piece.theirs);
    if (choice !== 'theirs') lines.push(...piece.mine);
  }
  return lines.join('\n');
}
