import { expect, test } from 'vitest';
import { countChanges, lineDiff } from './linediff';
import { md5 } from './md5';
import { merge3, settle } from './merge3';

const apply = (a: string[], b: string[]) => {
  const out: string[] = [];
  let at = 0;
  for (const h of lineDiff(a, b)) {
    out.push(...a.slice(at, h.fromA), ...b.slice(h.fromB, h.toB));
    at = h.toA;
  }
  return [...out, ...a.slice(at)];
};

test('a diff turns one text into the other', () => {
  let seed = 1;
  const next = (n: number) => (seed = (seed * 48271) % 2147483647) % n;
  for (let round = 0; round < 500; round++) {
    const a = Array.from({ length: next(12) }, () => 'abc'[next(3)]!);
    const b = Array.from({ length: next(12) }, () => 'abc'[next(3)]!);
    expect(apply(a, b)).toEqual(b);
  }
  expect(countChanges('a\nb\nc', 'a\nx\nc\nd')).toEqual({ added: 2, removed: 1 });
});

test('md5 of known texts', () => {
  expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
  expect(md5('needle: 1')).toBe('d1fe852c5686171423ce18c68a8a7e7f');
  expect(md5('配置'.repeat(40))).toHaveLength(32);
  expect(md5('a'.repeat(64))).toBe('014842d480b571495a4a0363793f7367');
});

test.each([
  ['separate places', 'a\nb\nc\nd', 'A\nb\nc\nd', 'a\nb\nc\nD', 'A\nb\nc\nD'],
  ['the same change', 'a\nb', 'a\nB', 'a\nB', 'a\nB'],
  ['only theirs', 'a\nb', 'a\nx\nb', 'a\nb', 'a\nx\nb'],
  ['removed and appended', 'a\nb\nc', 'b\nc', 'a\nb\nc\nd', 'b\nc\nd'],
])('merge without a conflict: %s', (_name, base, theirs, mine, want) => {
  expect(settle(merge3(base, theirs, mine), [])).toBe(want);
});

test('a conflict waits for a choice', () => {
  const pieces = merge3('a\nport: 1\nz', 'a\nport: 2\nz', 'a\nport: 3\nz');
  expect(pieces.map((p) => p.kind)).toEqual(['same', 'conflict', 'same']);
  expect(settle(pieces, [])).toBeUndefined();
  expect(settle(pieces, ['mine'])).toBe('a\nport: 3\nz');
  expect(settle(pieces, ['both'])).toBe('a\nport: 2\nport: 3\nz');
});

test('both insert at one place: a conflict, not a silent order', () => {
  expect(merge3('a\nb', 'a\nx\nb', 'a\ny\nb').map((p) => p.kind)).toEqual(['same', 'conflict', 'same']);
});
