import { expect, test } from 'vitest';
import { hasOutline, outline, outlineLimit, outlineMost } from './outline';

const shown = (type: string, text: string) => outline(type, text).map(({ path, line, depth }) => `${line} ${depth} ${path}`);

test.each([
  ['yaml', '# top\nserver:\n  port: 1\n  "host name": x\nlist:\n  - a: 1\n    b: 2\n  - a: 3\n', ['2 0 server', '3 1 server.port', '4 1 server.host name', '5 0 list', '6 1 list.a', '7 1 list.b', '8 1 list.a']],
  ['yaml', 'text: |\n  not: a key\n\n  nor: this\nnext: 1\nlist:\n- >-\n  no: key\n- x\n---\nsecond:\n', ['1 0 text', '5 0 next', '6 0 list', '11 0 second']],
  ['yaml', 'url: http://a:80/b\ntime: 10:30\nno key here\n{a: 1}\n- plain\n', ['1 0 url', '2 0 time']],
  ['json', '{\n "a": {\n  "b c": [1, {"d": "x: \\" y"}]\n },\n "e":\n  1\n}', ['2 0 a', '3 1 a.b c', '3 2 a.b c.d', '5 0 e']],
  ['toml', 'a = 1\n[server.http]\nport = 80\ntext = """\nno = 1\n"""\n[[rule]]\n"x y" = 2\n', ['1 0 a', '2 0 server.http', '3 1 server.http.port', '4 1 server.http.text', '7 0 rule', '8 1 rule.x y']],
  ['properties', '# c\na.b=1\\\n  c=2\n d : 3\n', ['2 0 a.b', '4 0 d']],
  ['xml', '<?xml version="1.0"?>\n<a>\n <b x="1"/>\n <c>\n  <d/></c>\n</a>', ['2 0 a', '3 1 a.b', '4 1 a.c', '5 2 a.c.d']],
  ['text', 'a: 1', []],
  ['constructor', 'a: 1', []],
])('%s: %j', (type, text, marks) => {
  expect(shown(type, text)).toEqual(marks);
});

test('an outline has its bounds', () => {
  expect(outline('properties', 'a=1\n'.repeat(3000))).toHaveLength(outlineMost + 1);
  expect(outline('properties', `a=${'x'.repeat(outlineLimit)}`)).toEqual([]);
  expect([hasOutline('yaml'), hasOutline('html'), hasOutline('toString')]).toEqual([true, false, false]);
});
