// What somebody writes as a name, a note or a description is text on every page.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { visit } from './browser.mjs';
import { follow, listen } from './life.mjs';
import { api } from './seed.mjs';
import { done, logIn, password, stage } from './stage.mjs';

const allow = [/^401 GET .*ext\/me$/, /^403 /];
const on = stage({
  settings: { 'nacos.core.auth.enabled': 'true' },
  fill: async (server) => {
    await api(server.local).post('v1/auth/users/admin', { password });
    return as(server, 'nacos');
  },
});
const { skip, at } = on;
const ends = []; // of programs that go on
after(() => ends.forEach((end) => end()));

async function as(server, username) {
  const { accessToken } = JSON.parse(await api(server.local).post('v1/auth/users/login', { username, password }));
  return { ...api(server.local, accessToken), token: accessToken };
}

async function enter(path, name = 'nacos') {
  const page = await on.open({ allow });
  await page.goto(at(path));
  await logIn(page, name);
  await page.getByRole('button', { name: `Account ${name}` }).waitFor();
  return page;
}

test('text is data: markup in names of users and roles, notes, tags, programs and the audit log does nothing', { skip }, async () => {
  const evil = '"><img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>';
  const link = 'javascript:globalThis.owned=1';
  const name = '<img/src=x/onerror=owned=1>';
  await on.to.post('v1/auth/users', { username: name, password });
  await on.to.post('v1/auth/roles', { role: name, username: name });
  await on.to.post('v1/auth/permissions', { role: name, resource: 'public:*:*', action: 'rw' });
  const him = await as(on.server, name);
  await him.publish('evil.txt', evil, { type: 'text', desc: evil, config_tags: `${name},${link}`, appName: name, src_user: evil });
  await him.publish('evil.txt', `${evil} again`, { type: 'html', desc: link });
  await him.publish('gone.txt', evil);
  await him.delete('v1/cs/configs', { dataId: 'gone.txt', group: 'DEFAULT_GROUP' });
  await him.register('evil', '10.3.0.1', 80, { ephemeral: false, clusterName: 'EVIL', metadata: JSON.stringify({ [evil]: evil, url: link }) });
  const end = new AbortController();
  ends.push(() => end.abort());
  listen(on.server.local, him.token, { dataId: 'evil.txt', content: `${evil} again`, app: evil, agent: evil }, end.signal);
  ends.push(await follow(on.server.local, him.token, ['evil'], { app: evil }));
  await fetch(`${on.server.local}v3/console/ext/session`, { method: 'POST', headers: { 'X-Console': '1', 'User-Agent': evil }, body: new URLSearchParams({ username: evil, password: 'guessed' }) });
  await fetch(`${on.server.local}v3/console/ext/session`, { method: 'POST', headers: { 'X-Console': '1', 'User-Agent': evil }, body: new URLSearchParams({ username: name, password }) });

  const page = await enter('/overview');
  page.on('dialog', () => page.wrong.push('a dialog opened'));
  const config = '/ns/public/configs/DEFAULT_GROUP/evil.txt';
  for (const [path, seen] of [
    ['/overview', 'evil'], ['/access/users', name], ['/access/roles', name], ['/access/permissions', name], ['/access/sessions', name], ['/audit', name],
    ['/ns/public/configs', 'evil.txt'], [config, 'onerror='], [`${config}?tab=history`, name], [`${config}?tab=listeners`, 'onerror='], ['/ns/public/listeners', 'evil.txt'], ['/ns/public/releases', name], ['/ns/public/recycle', 'gone.txt'],
    ['/ns/public/services/DEFAULT_GROUP/evil', 'EVIL'], ['/ns/public/services/DEFAULT_GROUP/evil?tab=subscribers', 'onerror='], ['/ns/public/clients', 'onerror='], ['/ns/public/topology', 'evil'],
  ]) {
    await visit(page, at(path));
    await page.locator('main').getByText(seen).first().waitFor({ state: 'attached' });
    assert.deepEqual(await page.evaluate(() => [globalThis.owned, document.querySelectorAll('img[src=x], main script, [href^="javascript:" i], [onerror]').length]), [undefined, 0], path);
  }
  await done(page);
});

/** Rows of a file as RFC 4180 has them. */
function parse(text) {
  const rows = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy)) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? bare);
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

test('a log-in that failed is in the audit log, and in its file, which a spreadsheet reads and runs nothing of', { skip }, async () => {
  const name = '=1+1, "quoted"\nmallory';
  await fetch(`${on.server.local}v3/console/ext/session`, { method: 'POST', headers: { 'X-Console': '1' }, body: new URLSearchParams({ username: name, password: 'guessed' }) });
  const page = await enter('/audit?q=ext/session');
  await page.getByRole('row', { name: /ext\/session.*mallory.*(denied|failed)/s }).first().waitFor();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV' }).click();
  const parts = [];
  for await (const part of await (await saved).createReadStream()) parts.push(part);
  const [head, ...rows] = parse(Buffer.concat(parts).toString());
  assert.deepEqual(rows.filter((row) => row.length !== head.length), []);
  const found = rows.map((row) => Object.fromEntries(row.map((value, i) => [head[i], value]))).find((row) => /mallory/.test(row.params));
  assert.equal(JSON.parse(found.params).username, name);
  assert.match(found.outcome, /denied|failed/);
  assert.ok(!Buffer.concat(parts).includes('guessed'));
  assert.deepEqual(rows.flat().filter((cell) => /^[=+@-]/.test(cell)), []);
  await done(page);
});
