import { LineCounter, parseAllDocuments, type YAMLError } from 'yaml';
import type { LintCode } from '../../i18n';
import type { Found } from './check';

const tabs = /^ *\t+/gm;

const quoted = 30; // characters of the place that are shown

// One code of the parser stands for several things that may be missing.
function codeOf({ code, message }: YAMLError, text: string): LintCode {
  if (code === 'UNEXPECTED_TOKEN' && !text) return 'yaml_missing_char';
  if (code !== 'MISSING_CHAR') return `yaml_${code.toLowerCase()}` as `yaml_${Lowercase<Exclude<YAMLError['code'], 'MISSING_CHAR'>>}`;
  if (/closing/.test(message)) return 'yaml_missing_quote';
  if (/^Missing ,/.test(message)) return 'yaml_missing_comma';
  return /map values/.test(message) ? 'yaml_missing_colon' : 'yaml_missing_char';
}

// The parser names the first character of a key that stands twice.
const key = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\n]+?(?=\s*:(?:\s|$)))/;

function said(text: string, error: YAMLError, severity: Found['severity']): Found {
  const [from, first] = error.pos;
  const twice = error.code === 'DUPLICATE_KEY' && key.exec(text.slice(from, from + 1024));
  const to = twice ? from + twice[0].length : first;
  const shown = (text.slice(from, to).split('\n')[0] ?? '').trim().slice(0, quoted);
  return { from, to, severity, code: codeOf(error, shown), params: { text: shown } };
}

/** Syntax, duplicate keys and tabs in the indentation of YAML. */
export function checkYAML(text: string): Found[] {
  const found: Found[] = [];
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter, prettyErrors: false, strict: true });
  for (const document of Array.isArray(documents) ? documents : []) {
    for (const error of document.errors) found.push(said(text, error, 'error'));
    for (const warning of document.warnings) found.push(said(text, warning, 'warning'));
  }
  if (!found.length) {
    for (const match of text.matchAll(tabs)) {
      found.push({ from: match.index, to: match.index + match[0].length, severity: 'warning', code: 'yaml_tab' });
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
