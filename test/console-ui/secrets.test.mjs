// Secrets that the server hides, with whom a gray copy reaches and whom a change has
// not reached: what is seen before it is done.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { api, seed } from './seed.mjs';
import { done, logIn, password, stage, write } from './stage.mjs';

const mask = '___MASKED___';
const vault = 'db:\n  user: app\n  password: correct-horse\n';

const login = async (server, username) => JSON.parse(await api(server.local).post('v1/auth/users/login', { username, password })).accessToken;

const on = stage({
  settings: { 'nacos.core.auth.enabled': 'true', 'pharos.console.mask': 'true' },
  fill: async (server) => {
    await api(server.local).post('v1/auth/users/admin', { password });
    const token = await login(server, 'nacos');
    const to = await seed(server.local, token);
    await to.publish('vault.yaml', vault, { type: 'yaml' });
    await to.publish('spread.yaml', 'a: 1\n', { type: 'yaml' });
    await to.post('v1/auth/users', { username: 'reader', password });
    await to.post('v1/auth/roles', { username: 'reader', role: 'readers' });
    await to.post('v1/auth/permissions', { role: 'readers', resource: 'public:*:*', action: 'rw' });
    return Object.assign(to, { token });
  },
});
const { skip, at } = on;

async function enter(path, name, more = []) {
  const page = await on.open({ allow: [/^401 GET .*ext\/me$/, ...more] });
  await page.goto(at(path));
  await logIn(page, name);
  await page.getByRole('navigation').first().waitFor(); // it is there once somebody is logged in
  return page;
}

const ext = (method, path, token, fields) =>
  fetch(`${on.server.local}v3/console/ext/${path}${method === 'GET' ? `?${new URLSearchParams(fields)}` : ''}`, {
    method,
    headers: { 'X-Console': '1', accessToken: token },
    ...(method === 'POST' ? { body: new URLSearchParams(fields) } : {}),
  });

const named = (dataId) => ({ namespaceId: 'public', groupName: 'DEFAULT_GROUP', dataId });

/** A client at an address that waits for a config; resolves with what it is told. */
function poll(dataId, content, ip, signal) {
  const md5 = createHash('md5').update(content).digest('hex');
  return fetch(`${on.server.local}v1/cs/configs/listener`, {
    method: 'POST',
    headers: { 'Long-Pulling-Timeout': '120000', 'X-Forwarded-For': ip, accessToken: on.to.token },
    body: new URLSearchParams({ 'Listening-Configs': `${dataId}\u0002DEFAULT_GROUP\u0002${md5}\u0001` }),
    signal,
  }).then((answer) => answer.text());
}

test('a secret is hidden until it is asked for, which is written down; a text without it is not taken', { skip }, async () => {
  const page = await enter('/ns/public/configs/DEFAULT_GROUP/vault.yaml', 'nacos');
  await page.getByText('1 secret is hidden.').waitFor();
  await page.locator('.cm-content').getByText(mask).waitFor();
  assert.ok(!(await page.content()).includes('correct-horse'));
  await page.getByRole('button', { name: 'Reveal', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Secrets of vault.yaml' });
  await dialog.getByRole('button', { name: 'Show db.password' }).click();
  await dialog.getByText('correct-horse').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const audit = await (await ext('GET', 'audit', on.to.token, { contains: 'config/reveal', limit: 9 })).json();
  const entry = audit.data.items.find((one) => one.params.dataId === 'vault.yaml');
  assert.deepEqual([entry.user, entry.outcome, entry.params.shown], ['nacos', 'done', 'db.password']);
  assert.ok(!JSON.stringify(audit).includes('correct-horse'));
  await page.goto(at('/audit'));
  await page.getByRole('row', { name: /config\/reveal/ }).first().waitFor();

  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/vault.yaml/edit'));
  await page.getByText('To change the text, reveal them first').waitFor();
  await write(page, `db:\n  user: other\n  password: ${mask}\n`);
  await page.keyboard.press('ControlOrMeta+s');
  await page.getByText(`The text still has ${mask} in it`).first().waitFor();
  const refused = await ext('POST', 'config/publish', on.to.token, { ...named('vault.yaml'), content: `password: ${mask}\n`, expect: 'any' });
  assert.deepEqual([refused.status, (await refused.json()).error.key], [400, 'masked']);
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'vault.yaml', group: 'DEFAULT_GROUP' }), vault);
  await done(page);
});

test('whoever may see secrets reveals them to edit the text', { skip }, async () => {
  const page = await enter('/ns/public/configs/DEFAULT_GROUP/vault.yaml/edit', 'nacos');
  await page.getByRole('button', { name: 'Reveal to edit' }).click();
  await page.locator('.cm-content').getByText('correct-horse').waitFor();
  await write(page, vault.replace('app', 'changed'));
  await page.keyboard.press('ControlOrMeta+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
  await page.getByText(/Published as h\d+/).waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'vault.yaml', group: 'DEFAULT_GROUP' }), vault.replace('app', 'changed'));
  await on.to.publish('vault.yaml', vault, { type: 'yaml' });
  await done(page);
});

test('whoever may not see secrets is told what it needs, and replaces them', { skip }, async () => {
  const page = await enter('/ns/public/configs/DEFAULT_GROUP/vault.yaml', 'reader');
  await page.locator('.cm-content').getByText(mask).waitFor();
  const button = page.getByRole('button', { name: 'Reveal', exact: true });
  assert.equal(await button.getAttribute('aria-disabled'), 'true');
  await button.focus();
  await page.getByRole('tooltip').getByText('public:DEFAULT_GROUP:reveal/vault.yaml').waitFor();
  const token = await login(on.server, 'reader');
  const refused = await ext('POST', 'config/reveal', token, named('vault.yaml'));
  assert.deepEqual([refused.status, (await refused.json()).error.key], [403, 'forbidden']);
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/vault.yaml/edit'));
  await page.locator('.cm-content').getByText(mask).waitFor();
  await write(page, vault.replace('correct-horse', 'battery-staple'));
  await page.keyboard.press('ControlOrMeta+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Publish' }).click();
  await page.getByText(/Published as h\d+/).waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'vault.yaml', group: 'DEFAULT_GROUP' }), vault.replace('correct-horse', 'battery-staple'));
  await done(page);
});

test('before a gray copy is published the clients are listed that it reaches, and it reaches them', { skip }, async () => {
  const page = await enter('/ns/public/configs/DEFAULT_GROUP/spread.yaml?tab=listeners', 'nacos');
  const stop = new AbortController();
  const polls = Object.fromEntries(['10.9.0.1', '10.9.0.2'].map((ip) => [ip, poll('spread.yaml', 'a: 1\n', ip, stop.signal).catch(() => 'stopped')]));
  try {
    await page.getByText('2 of 2 clients up to date').waitFor();
    await page.getByRole('tab', { name: /Gray releases/ }).click();
    await page.getByRole('button', { name: 'Start a gray release' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Client addresses').fill('10.9.0.2, 10.9.0.3');
    const reached = dialog.getByRole('region', { name: 'Who gets it now' });
    await reached.getByText('1 of 2 listening clients match.').waitFor();
    assert.deepEqual((await reached.getByRole('listitem').allTextContents()).map((one) => one.split(' ')[0]), ['10.9.0.2']);
    await write(page, 'a: 2\n');
    await dialog.getByRole('button', { name: 'Publish to these clients' }).click();
    await page.getByText('The gray release runs.').waitFor();
    assert.match(await polls['10.9.0.2'], /^spread\.yaml%02DEFAULT_GROUP%01/);
    const read = (ip) => fetch(`${on.server.local}v1/cs/configs?dataId=spread.yaml&group=DEFAULT_GROUP`, { headers: { 'X-Forwarded-For': ip, accessToken: on.to.token } }).then((answer) => answer.text());
    assert.deepEqual([await read('10.9.0.1'), await read('10.9.0.2')], ['a: 1\n', 'a: 2\n']);
    await done(page);
  } finally {
    stop.abort();
    await Promise.all(Object.values(polls));
  }
});

test('clients that are behind are told again', { skip }, async () => {
  await on.to.publish('behind.yaml', 'a: 1\n', { type: 'yaml' });
  const page = await enter('/ns/public/configs/DEFAULT_GROUP/behind.yaml?tab=listeners', 'nacos');
  const told = poll('behind.yaml', 'a: 1\n', '10.9.0.7');
  await page.getByText('1 of 1 client up to date').waitFor();
  await on.to.publish('behind.yaml', 'a: 2\n', { type: 'yaml' });
  await told; // and it does not come back
  await page.getByRole('row', { name: /127\.0\.0\.1.*Behind/ }).getByRole('button', { name: /Push again to 127/ }).waitFor();
  await page.getByRole('button', { name: 'Push again to 1 client', exact: true }).click();
  await page.getByText('0 of 1 client was told again; the others are told when they ask.').waitFor();
  await done(page);
});
