import type { LintCode } from '../../i18n';
import { checkMarkup } from './markup';
import { checkProperties } from './properties';

/** Something wrong in a text, from one character to another. */
export interface Problem {
  from: number;
  to: number;
  line: number;
  column: number;
  severity: 'error' | 'warning';
  /** What it is, as the catalogue of words has it. */
  code: LintCode;
  params?: Record<string, string>;
}

export type Found = Omit<Problem, 'line' | 'column'>;

// Each kind of text is checked by what is loaded when it is first needed.
const checkers: Record<string, (text: string) => Found[] | Promise<Found[]>> = {
  json: async (text) => (await import('./json')).checkJSON(text),
  yaml: async (text) => (await import('./yaml')).checkYAML(text),
  toml: async (text) => (await import('./toml')).checkTOML(text),
  xml: (text) => checkMarkup(text),
  properties: checkProperties,
};

/** Everything wrong with a text of this type; nothing is found in types that have no rules. */
export async function check(type: string, text: string): Promise<Problem[]> {
  const checker = Object.hasOwn(checkers, type) ? checkers[type] : undefined;
  if (!checker || !text.trim()) return [];
  const found = await checker(text);
  return found.slice(0, 200).map((one) => ({ ...one, ...place(text, one.from) }));
}

function place(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return { line, column: at - before.lastIndexOf('\n') };
}

const endings: Record<string, string> = { yml: 'yaml', yaml: 'yaml', json: 'json', xml: 'xml', html: 'html', htm: 'html', properties: 'properties', toml: 'toml', txt: 'text', conf: 'text' };

/** The type that the ending of a name suggests. */
export function typeOf(name: string): string | undefined {
  return endings[name.split('.').pop()?.toLowerCase() ?? ''];
}

export const types = ['text', 'json', 'xml', 'yaml', 'html', 'properties', 'toml'];
