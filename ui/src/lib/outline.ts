import { token } from './lint/markup';
import { keyOf, logicalLines } from './lint/properties';

/** A key of a text: where it stands, and what it is below. */
export interface Mark {
  key: string;
  /** The keys from the outermost one on, with dots between them. */
  path: string;
  line: number;
  depth: number;
}

/** Characters beyond which an outline is not made: it would be felt while typing. */
export const outlineLimit = 1_000_000;

/** Keys of an outline; those behind them are left out. */
export const outlineMost = 1000;

type Found = Pick<Mark, 'key' | 'line'> & { at: number }; // at: how far to the right it stands

// A key is below the last one that stands further to the left.
function nested(found: Iterable<Found>): Mark[] {
  const marks: Mark[] = [];
  const above: { at: number; path: string }[] = [];
  for (const { key, line, at } of found) {
    while (above.length && above.at(-1)!.at >= at) above.pop();
    const path = above.length ? `${above.at(-1)!.path}.${key}` : key;
    marks.push({ key, path, line, depth: above.length });
    if (marks.length > outlineMost) break;
    above.push({ at, path });
  }
  return marks;
}

const bare = (key: string) => key.replace(/^(["'])(.*)\1$/, '$2');

function* yaml(text: string): Generator<Found> {
  let skip = -1; // within a text in several lines: how far its key is to the right
  let line = 0;
  for (const row of text.split('\n')) {
    line += 1;
    if (!row.trim()) continue;
    const indent = /^ */.exec(row)![0].length;
    if (skip >= 0 && indent > skip) continue;
    skip = -1;
    const match = /^(\s*(?:-\s+)*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"'[{\-|>&*!%@`][^#]*?|-[^\s#][^#]*?)\s*:(?:\s+(.*))?$/.exec(row);
    if (!match) {
      const item = /^(\s*)-\s+[|>][-+\d]*\s*$/.exec(row);
      if (item) skip = item[1]!.length;
      continue;
    }
    const at = match[1]!.length;
    yield { key: bare(match[2]!), line, at };
    if (/^(?:[&!]\S+\s+)*[|>][-+\d]*\s*(?:#.*)?$/.test(match[3] ?? '')) skip = at;
  }
}

function* json(text: string): Generator<Found> {
  let line = 1;
  let at = 0;
  for (const match of text.matchAll(/"(?:[^"\\\n]|\\.)*"(\s*:)?|[{}[\]\n]/g)) {
    const said = match[0];
    if (said === '\n') line += 1;
    else if (said === '{' || said === '[') at += 1;
    else if (said === '}' || said === ']') at -= 1;
    else {
      if (match[1]) yield { key: said.slice(1, said.lastIndexOf('"')), line, at };
      line += said.split('\n').length - 1;
    }
  }
}

function* toml(text: string): Generator<Found> {
  let within = ''; // what ends a text in several lines
  let header = 0;
  let line = 0;
  for (const row of text.split('\n')) {
    line += 1;
    if (within) {
      if (row.includes(within)) within = '';
      continue;
    }
    const head = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$/.exec(row);
    const entry = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=\s*(.*)$/.exec(row);
    if (head) {
      header = 1;
      yield { key: head[1]!, line, at: 0 };
    } else if (entry) {
      yield { key: bare(entry[1]!), line, at: header };
      const open = /^("""|''')/.exec(entry[2]!)?.[1];
      if (open && !entry[2]!.slice(3).includes(open)) within = open;
    }
  }
}

function* properties(text: string): Generator<Found> {
  let line = 1;
  for (const { line: row, from } of logicalLines(text)) {
    const entry = keyOf(row, from);
    if (entry) yield { key: entry.key, line, at: 0 };
    line += row.split('\n').length;
  }
}

function* xml(text: string): Generator<Found> {
  let line = 1;
  let last = 0;
  let at = 0;
  for (const match of text.matchAll(token)) {
    const [said, name, , closed] = match;
    if (!name) continue;
    if (said.startsWith('</')) {
      at = Math.max(0, at - 1);
      continue;
    }
    for (let i = text.indexOf('\n', last); i >= 0 && i < match.index; i = text.indexOf('\n', i + 1)) line += 1;
    last = match.index;
    yield { key: name, line, at };
    if (!closed) at += 1;
  }
}

const outlines: Record<string, (text: string) => Iterable<Found>> = { yaml, json, toml, properties, xml };

/** Whether texts of this type have keys. */
export const hasOutline = (type: string): boolean => Object.hasOwn(outlines, type);

/** The keys of a text from its beginning on, one more than outlineMost where there are more. */
export const outline = (type: string, text: string): Mark[] => (hasOutline(type) && text.length <= outlineLimit ? nested(outlines[type]!(text)) : []);
