import type { LintCode } from '../../i18n';
import type { Found } from './check';

interface Open {
  name: string;
  from: number;
  to: number;
}

// Comments, character data, instructions and declarations hold no tags.
export const token = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![^>[]*(?:\[[^\]]*\])?[^>]*>|<\/?([^\s<>/!?][^\s<>/]*)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<|&(?!(?:[a-zA-Z_][\w.-]*|#\d+|#x[\da-fA-F]+);)/g;

/** Whether an XML text is well formed: tags that close, one root, no stray < or &. */
export function checkMarkup(text: string): Found[] {
  const found: Found[] = [];
  const open: Open[] = [];
  let roots = 0;
  const complain = (from: number, to: number, code: LintCode, params: Record<string, string> = {}) => found.push({ from, to, severity: 'error', code, params });
  for (const match of text.matchAll(token)) {
    const from = match.index;
    const to = from + match[0].length;
    const name = match[1];
    if (match[0] === '<') complain(from, from + 1, 'xml_tag');
    else if (match[0] === '&') complain(from, from + 1, 'xml_amp');
    if (!name) continue;
    if (match[0].startsWith('</')) {
      const last = open.pop();
      if (!last) complain(from, to, 'xml_stray', { name });
      else if (last.name !== name) complain(from, to, 'xml_crossed', { name, open: last.name });
    } else {
      if (!open.length && ++roots > 1) complain(from, to, 'xml_roots');
      if (!match[3]) open.push({ name, from, to });
    }
  }
  for (const { name, from, to } of open) complain(from, to, 'xml_open', { name });
  if (!roots && !found.length) complain(0, Math.min(1, text.length), 'xml_empty');
  return found;
}
