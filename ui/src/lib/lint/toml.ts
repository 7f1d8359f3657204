import { parse, TomlError } from 'smol-toml';
import type { LintCode } from '../../i18n';
import type { Found } from './check';

// What the parser says, and what it is.
const codes: readonly (readonly [RegExp, LintCode])[] = [
  [/redefine/, 'toml_twice'],
  [/end-of-line/, 'toml_line'],
  [/comma or end/, 'toml_comma'],
  [/end of table array/, 'toml_header'],
  [/cannot find end of key|end of key/, 'toml_equals'],
  [/(bare|quoted) key|in key/, 'toml_key'],
  [/unfinished string/, 'toml_string'],
  [/unfinished (array|table)/, 'toml_open'],
  [/escape/, 'toml_escape'],
  [/control characters/, 'toml_control'],
  [/date/, 'toml_date'],
  [/leading zero|underscore|numeric|integer/, 'toml_number'],
  [/invalid value/, 'toml_value'],
];

export function checkTOML(text: string): Found[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) return [{ from: 0, to: 0, severity: 'error', code: 'toml_other' }];
    const lines = text.split('\n');
    const from = lines.slice(0, error.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + Math.max(0, error.column - 1);
    return [{ from, to: from + 1, severity: 'error', code: codes.find(([said]) => said.test(error.message))?.[1] ?? 'toml_other' }];
  }
}
