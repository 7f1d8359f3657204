import { parseDocument } from 'yaml';
import type { Found } from './check';

/** Where JSON.parse stops reading. Browsers say it in different words. */
function offset(message: string, text: string): number {
  const at = /position (\d+)/.exec(message);
  if (at) return Number(at[1]);
  const place = /line (\d+) column (\d+)/.exec(message);
  if (!place) return text.length;
  return text.split('\n').slice(0, Number(place[1]) - 1).reduce((sum, line) => sum + line.length + 1, 0) + Number(place[2]) - 1;
}

// JSON is YAML in its flow style, so the parser of YAML finds repeated keys.
function duplicates(text: string): Found[] {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: false, schema: 'json' });
  return document.errors
    .filter((error) => error.code === 'DUPLICATE_KEY')
    .map((error) => ({ from: error.pos[0], to: error.pos[1], severity: 'warning' as const, message: error.message }));
}

export function checkJSON(text: string): Found[] {
  try {
    JSON.parse(text);
  } catch (error) {
    const message = (error as Error).message;
    const from = Math.min(offset(message, text), Math.max(0, text.length - 1));
    return [{ from, to: from + 1, severity: 'error', message: message.replace(/ in JSON at position.*$| \(line.*\)$/, '') }];
  }
  return duplicates(text);
}
