import { expect, test } from 'vitest';
import { en } from '../../i18n/en';
import { zh } from '../../i18n/zh';
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
  ['json', '{\n "a": ?,\n "b": 1\n}', ['2:7 error']],
  ['json', '{\n "a": 1,\n}\n', ['3:1 error']],
  ['json', '[1, [2, 3}]', ['1:10 error']],
  ['json', '{"a": [true, null, -1.5e3, "\\u00e9"], "b": {}, "c": []}', []],
  ['json', '{"a": "one\ntwo"}', ['1:11 error']],
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

test.each([
  ['yaml', 'a: 1\na: 2\n', 'yaml_duplicate_key', '键重复出现：a'],
  ['yaml', 's:\n  port: 1\n  port : 2\n', 'yaml_duplicate_key', '键重复出现：port'],
  ['yaml', '"a: b": 1\n"a: b": 2\n', 'yaml_duplicate_key', '键重复出现："a: b"'],
  ['yaml', 'a: "x\n', 'yaml_missing_quote', '缺少结束引号'],
  ['yaml', 'a: ["x" "y"]\n', 'yaml_missing_comma', '缺少逗号'],
  ['yaml', 'a:\n\t- b\n', 'yaml_tab_as_indent', '缩进不能使用制表符，请用空格'],
  ['yaml', 'a: b: c\n', 'yaml_block_as_implicit_key', ''],
  ['yaml', 'a: "\\q"\n', 'yaml_bad_dq_escape', ''],
  ['yaml', 'a: @b\n', 'yaml_bad_scalar_start', ''],
  ['yaml', 'a: 1\nb\n', 'yaml_missing_colon', ''],
  ['yaml', 'a: !no 1\n', 'yaml_tag_resolve_failed', ''],
  ['json', '{"a": 1 "b": 2}', 'json_comma', '此处应为逗号或结束符'],
  ['json', '{a: 1}', 'json_key', ''],
  ['json', '{"a" 1}', 'json_colon', ''],
  ['json', '{"a": "b', 'json_string', ''],
  ['json', '{"a": "\n"}', 'json_control', ''],
  ['json', '{"a": "\\q"}', 'json_escape', ''],
  ['json', '{"a": -}', 'json_number', ''],
  ['json', '{"a": 1', 'json_end', ''],
  ['json', '[', 'json_end', '内容意外结束'],
  ['json', '{} x', 'json_rest', ''],
  ['json', '{"a": ?}', 'json_token', '出现意外的 ?'],
  ['json', '{"a": 1, "a": 2}', 'json_twice', '键 "a" 重复出现，以最后一个为准'],
  ['toml', 'a = 1\na = 2\n', 'toml_twice', '此键或表重复出现'],
  ['toml', 'a = 1 b = 2\n', 'toml_line', ''],
  ['toml', 'a = [1 2]\n', 'toml_comma', ''],
  ['toml', 'a\n', 'toml_key', ''],
  ['toml', 'a = "x\n', 'toml_control', ''],
  ['toml', 'a = 01\n', 'toml_number', ''],
  ['toml', 'a = x\n', 'toml_value', ''],
  ['toml', 'a = "\\q"\n', 'toml_escape', ''],
  ['properties', 'a=1\na=2\n', 'properties_twice', '键 a 重复出现，以最后一个为准'],
  ['properties', 'a=\\u12', 'properties_unicode', '\\u 后需要四位十六进制数字'],
  ['xml', '<a><b></a></b>', 'xml_crossed', '</a> 结束了标签，但打开的是 <b>'],
] as const)('what is found has words, %s: %j', async (type, text, code, words) => {
  const all = await check(type, text);
  expect(all.map((one) => one.code)).toContain(code);
  const one = all.find((each) => each.code === code)!;
  if (words) expect(zh.lint[one.code](one.params ?? {})).toBe(words);
  expect(zh.lint[one.code](one.params ?? {})).toMatch(/\p{Script=Han}/u);
  expect(en.lint[one.code](one.params ?? {})).not.toMatch(/undefined|\p{Script=Han}/u);
});
