import { expect, test } from 'vitest';
import { secretsIn } from './secrets';

const found = (text: string) => secretsIn(text).map(({ from, to }) => text.slice(from, to));

test.each([
  ['db:\n  password: hunter2\n  user: me', ['hunter2']],
  ['spring.datasource.password=a=b c\nname=x', ['a=b c']],
  ['{\n  "apiKey": "abc",\n  "port": 1\n}', ['"abc"']],
  ['<db><password>x y</password><user>u</user></db>', ['x y']],
  ['jwt_token : t1\naccess-key-id: k2', ['t1', 'k2']],
  ['secrets:\n  a: 1', []],
  ['password: # later', []],
  ['tokens: [a, b]', []],
  ['passwordless-login: true', ['true']],
])('the secrets of %j', (text, secrets) => {
  expect(found(text)).toEqual(secrets);
});
