import { LineCounter, parseAllDocuments } from 'yaml';
import type { Found } from './check';

const tabs = /^ *\t+/gm;

/** Syntax, duplicate keys and tabs in the indentation of YAML. */
export function checkYAML(text: string): Found[] {
  const found: Found[] = [];
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter, prettyErrors: false, strict: true });
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const error of document.errors) found.push({ from: error.pos[0], to: error.pos[1], severity: 'error', message: error.message });
    for (const warning of document.warnings) found.push({ from: warning.pos[0], to: warning.pos[1], severity: 'warning', message: warning.message });
  }
  if (!found.length) {
    for (const match of text.matchAll(tabs)) {
      found.push({ from: match.index, to: match.index + match[0].length, severity: 'warning', message: 'A tab in the indentation' });
    }
  }
  return found;
}

/** The same document in one style, or undefined where it has errors. */
export function formatYAML(text: string): string | undefined {
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents) || documents.some((document) => document.errors.length)) return undefined;
  return documents.map((document) => document.toString({ lineWidth: 0 })).join('');
}
