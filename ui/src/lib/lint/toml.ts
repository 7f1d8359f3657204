import { parse, TomlError } from 'smol-toml';
import type { Found } from './check';

export function checkTOML(text: string): Found[] {
  try {
    parse(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) return [{ from: 0, to: 0, severity: 'error', message: String(error) }];
    const lines = text.split('\n');
    const from = lines.slice(0, error.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + Math.max(0, error.column - 1);
    return [{ from, to: from + 1, severity: 'error', message: (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '') }];
  }
}
