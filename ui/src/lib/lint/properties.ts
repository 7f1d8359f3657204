import type { Found } from './check';

interface Entry {
  key: string;
  from: number;
  to: number;
}

// One line of a file, with the lines that a backslash at its end joins to it.
export function* logicalLines(text: string): Generator<{ line: string; from: number }> {
  const lines = text.split('\n');
  let at = 0;
  for (let i = 0; i < lines.length; i++) {
    const from = at;
    let line = lines[i]!;
    at += line.length + 1;
    while (/(^|[^\\])(\\\\)*\\\r?$/.test(line) && !/^\s*[#!]/.test(line) && i + 1 < lines.length) {
      i += 1;
      line += `\n${lines[i]!}`;
      at += lines[i]!.length + 1;
    }
    yield { line, from };
  }
}

export function keyOf(line: string, from: number): Entry | undefined {
  const match = /^(\s*)((?:\\[\s\S]|[^\\\s=:])+)/.exec(line);
  if (!match || /^[#!]/.test(match[2]!)) return undefined;
  const start = from + match[1]!.length;
  return { key: match[2]!, from: start, to: start + match[2]!.length };
}

/** Keys that are there twice, and \u escapes that no reader understands. */
export function checkProperties(text: string): Found[] {
  const found: Found[] = [];
  const seen = new Set<string>();
  for (const { line, from } of logicalLines(text)) {
    const entry = keyOf(line, from);
    if (!entry) continue;
    if (seen.has(entry.key)) found.push({ from: entry.from, to: entry.to, severity: 'warning', code: 'properties_twice', params: { key: entry.key } });
    seen.add(entry.key);
    for (const escape of line.matchAll(/(?<!\\)(?:\\\\)*(\\u(?![0-9a-fA-F]{4}).{0,4})/g)) {
      const start = from + escape.index + escape[0].length - escape[1]!.length;
      found.push({ from: start, to: start + escape[1]!.length, severity: 'error', code: 'properties_unicode' });
    }
  }
  return found;
}
