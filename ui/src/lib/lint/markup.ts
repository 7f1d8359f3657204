import type { Found } from './check';

interface Open {
  name: string;
  from: number;
  to: number;
}

// Comments, character data, instructions and declarations hold no tags.
const token = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<\?[\s\S]*?\?>|<![^>[]*(?:\[[^\]]*\])?[^>]*>|<\/?([^\s<>/!?][^\s<>/]*)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|<|&(?!(?:[a-zA-Z_][\w.-]*|#\d+|#x[\da-fA-F]+);)/g;

/** Whether an XML text is well formed: tags that close, one root, no stray < or &. */
export function checkMarkup(text: string): Found[] {
  const found: Found[] = [];
  const open: Open[] = [];
  let roots = 0;
  const complain = (from: number, to: number, message: string) => found.push({ from, to, severity: 'error', message });
  for (const match of text.matchAll(token)) {
    const from = match.index;
    const to = from + match[0].length;
    const name = match[1];
    if (match[0] === '<') complain(from, from + 1, 'A tag that is not well formed, or a < that should be &lt;');
    else if (match[0] === '&') complain(from, from + 1, 'An & that should be &amp;');
    if (!name) continue;
    if (match[0].startsWith('</')) {
      const last = open.pop();
      if (!last) complain(from, to, `Nothing is open that </${name}> could close`);
      else if (last.name !== name) complain(from, to, `</${name}> closes, but <${last.name}> is open`);
    } else {
      if (!open.length && ++roots > 1) complain(from, to, 'A second root element');
      if (!match[3]) open.push({ name, from, to });
    }
  }
  for (const { name, from, to } of open) complain(from, to, `<${name}> is never closed`);
  if (!roots && !found.length) complain(0, Math.min(1, text.length), 'There is no root element');
  return found;
}
