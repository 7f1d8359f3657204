import { expect, test } from 'vitest';
import { check } from './check';
import { format } from './format';

// Where something is found, as line:column severity; a place counts once.
const found = async (type: string, text: string) => [...new Set((await check(type, text)).map(({ line, column, severity }) => `${line}:${column} ${severity}`))];

test.each([
  ['yaml', 'a: 1\nb: 2\n', []],
  ['yaml', 'server:\n  port: 1\n  port: 2\n', ['3:3 error']],
  ['yaml', 'list:\n  - a: 1\n\t- b: 2\n', ['3:1 error', '3:2 error']],
  ['yaml', 'a: [1, 2\n', ['2:1 error']],
  ['yaml', 'text: |\n  a\n  \tb\n', ['3:1 warning']],
  ['yaml', 'a: 1\n---\na: 1\n', []],
  ['json', '{"a": 1}', []],
  ['json', '{"a": 1,\n "a": 2}', ['2:2 warning']],
  ['json', '{"a": }', ['1:7 error']],
  ['toml', 'a = 1\n', []],
  ['toml', 'a = 1\na = 2\n', ['2:1 error']],
  ['properties', 'a=1\nb=\\u4e2d\n', []],
  ['properties', 'a=1\nb=x\\u12g4\n', ['2:4 error']],
  ['properties', 'a=\\\\u12\n', []], // a backslash, and the letter u
  ['properties', 'a=1\n b : 2\n# a=3\na 4\n', ['4:1 warning']],
  ['properties', 'a=1\\\n  a=2\n', []], // one line
  ['xml', '<a b="1"><c/></a>', []],
  ['xml', '<a>\n<b>\n</a>', ['3:1 error', '1:1 error']],
  ['xml', '<a>1 < 2 & 3</a>', ['1:6 error', '1:10 error']],
  ['xml', '<a/>\n<b/>', ['2:1 error']],
  ['xml', '<?xml version="1.0"?>\n<!-- <x> -->\n<a><![CDATA[ < & ]]></a>', []],
  ['text', 'a: [', []],
  ['constructor', 'a', []],
])('%s: %j', async (type, text, problems) => {
  expect(await found(type, text)).toEqual(problems);
});

test.each([
  ['json', '{"b":[1,{"a":"中"}]}', '{\n  "b": [\n    1,\n    {\n      "a": "中"\n    }\n  ]\n}\n'],
  ['json', '{', undefined],
  ['yaml', 'a:   1   # why\nb: {c: 2}\n', 'a: 1 # why\nb: { c: 2 }\n'],
  ['yaml', 'a: [', undefined],
  ['properties', 'a=1  \nb=2\t\n', 'a=1\nb=2\n'],
  ['toml', 'a=1', undefined],
])('laid out anew, %s: %j', async (type, text, want) => {
  expect(await format(type, text)).toBe(want);
});
