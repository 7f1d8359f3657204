import type { Dictionary } from './index';

// A language that nobody speaks: every letter has an accent, and every text is
// about 40 % longer. What it does not reach was written past the catalogue, and
// what it breaks has no room for a longer language. For tests only.
const plain = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const accented = 'àƀćđéƒĝĥíĵķĺḿńóþǫŕśţúṽŵẋýžÀɃĆĐÉƑĜĤÍĴĶĹḾŃÓÞǪŔŚŢÚṼŴẊÝŽ';

const letters = new Map([...plain].map((letter, i) => [letter, [...accented][i]!]));

function spoken(text: string): string {
  const longer = '·'.repeat(Math.ceil(text.length * 0.4));
  return [...text].map((letter) => letters.get(letter) ?? letter).join('') + longer;
}

function translate(value: unknown): unknown {
  if (typeof value === 'string') return spoken(value);
  if (typeof value === 'function') return (...args: unknown[]) => spoken(String((value as (...args: unknown[]) => unknown)(...args)));
  if (Array.isArray(value)) return value.map(translate);
  return Object.fromEntries(Object.entries(value as object).map(([key, one]) => [key, translate(one)]));
}

/** The texts of a language as they would look in one that is longer. */
export const pseudo = (texts: Dictionary) => translate(texts) as Dictionary;
