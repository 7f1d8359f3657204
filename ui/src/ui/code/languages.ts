import { html } from '@codemirror/lang-html';
import { json } from '@codemirror/lang-json';
import { xml } from '@codemirror/lang-xml';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage, HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { properties } from '@codemirror/legacy-modes/mode/properties';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import type { Extension } from '@codemirror/state';
import { tags } from '@lezer/highlight';

const makers: Record<string, () => Extension> = {
  yaml: () => yaml(),
  json: () => json(),
  xml: () => xml(),
  html: () => html(),
  properties: () => StreamLanguage.define(properties),
  toml: () => StreamLanguage.define(toml),
  shell: () => StreamLanguage.define(shell),
};

export const languageOf = (type: string): Extension => makers[type]?.() ?? [];

/** The colours of the code, from the variables of the theme. */
export const highlighting = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName), tags.attributeName, tags.tagName], color: 'var(--code-key)' },
    { tag: [tags.string, tags.attributeValue, tags.special(tags.string)], color: 'var(--code-string)' },
    { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
    { tag: [tags.keyword, tags.operatorKeyword, tags.meta, tags.typeName, tags.labelName], color: 'var(--code-keyword)' },
    { tag: [tags.comment, tags.lineComment, tags.blockComment], color: 'var(--code-comment)', fontStyle: 'italic' },
    { tag: tags.invalid, color: 'var(--bad)' },
  ]),
);
