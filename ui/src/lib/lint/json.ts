import { parseDocument } from 'yaml';
import type { LintCode } from '../../i18n';
import type { Found } from './check';

// A mark, a string, a number or a word, and what may stand before it.
const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)))/uy;

interface Stop {
  at: number;
  code: LintCode;
}

// What cannot be read as any token: a string or a number that is not well formed, or anything else.
function unreadable(text: string, at: number): Stop {
  const rest = text.slice(at);
  if (rest.startsWith('"')) {
    const good = at + /^"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/u.exec(rest)![0].length;
    if (text[good] === '\\') return { at: good, code: 'json_escape' };
    return text[good] === undefined ? { at, code: 'json_string' } : { at: good, code: 'json_control' };
  }
  return { at, code: /^[-+.\d]/.test(rest) ? 'json_number' : 'json_token' };
}

type Wanted = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'comma' | 'end';

const missing: Record<Wanted, LintCode> = { value: 'json_token', valueOrEnd: 'json_token', key: 'json_key', keyOrEnd: 'json_key', colon: 'json_colon', comma: 'json_comma', end: 'json_rest' };

/** Where a text stops being JSON. Browsers say it in different words, and some not where. */
function stop(text: string): Stop {
  const open: string[] = [];
  let wanted: Wanted = 'value';
  const behind = (): Wanted => (open.length ? 'comma' : 'end');
  token.lastIndex = 0;
  for (;;) {
    const from = token.lastIndex;
    const match = token.exec(text);
    const at = from + /^[ \t\r\n]*/.exec(text.slice(from, from + 10_000))![0].length;
    if (at >= text.length) return { at: Math.max(0, text.length - 1), code: 'json_end' };
    if (!match) return wanted === 'key' || wanted === 'keyOrEnd' ? { at, code: text[at] === '"' ? unreadable(text, at).code : 'json_key' } : wanted === 'value' || wanted === 'valueOrEnd' ? unreadable(text, at) : { at, code: missing[wanted] };
    const [, mark, string] = match;
    const inside = open.at(-1);
    if (mark === '}' && inside === '{' && (wanted === 'keyOrEnd' || wanted === 'comma')) (open.pop(), (wanted = behind()));
    else if (mark === ']' && inside === '[' && (wanted === 'valueOrEnd' || wanted === 'comma')) (open.pop(), (wanted = behind()));
    else if (mark === ',' && wanted === 'comma') wanted = inside === '{' ? 'key' : 'value';
    else if (mark === ':' && wanted === 'colon') wanted = 'value';
    else if (string !== undefined && (wanted === 'key' || wanted === 'keyOrEnd')) wanted = 'colon';
    else if ((mark === '{' || mark === '[') && wanted.startsWith('value')) (open.push(mark), (wanted = mark === '{' ? 'keyOrEnd' : 'valueOrEnd'));
    else if (mark === undefined && wanted.startsWith('value')) wanted = behind();
    else return { at, code: missing[wanted] };
  }
}

// JSON is YAML in its flow style, so the parser of YAML finds repeated keys.
function duplicates(text: string): Found[] {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, schema: 'json' });
  return document.errors
    .filter((error) => error.code === 'DUPLICATE_KEY')
    .map(({ pos: [from] }) => {
      const key = /^"(?:[^"\\]|\\.)*"/.exec(text.slice(from))?.[0] ?? '';
      return { from, to: from + Math.max(1, key.length), severity: 'warning' as const, code: 'json_twice' as const, params: { key } };
    });
}

export function checkJSON(text: string): Found[] {
  try {
    JSON.parse(text);
  } catch {
    const { at, code } = stop(text);
    return [{ from: at, to: at + 1, severity: 'error', code, params: { text: text[at] ?? '' } }];
  }
  return duplicates(text);
}
