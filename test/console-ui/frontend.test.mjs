// Another front-end in the place of ours: a small one that works as the consoles of old
// do, with scripts in the page, a token in its storage, and the API of Nacos.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { api, seed } from './seed.mjs';
import { done, password, stage } from './stage.mjs';

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>old</title><link rel="stylesheet" href="css/old.css"></head>
<body><form><input name="username"><input name="password" type="password"><button>In</button></form><p id="who"></p><ul></ul><table></table>
<script>globalThis.inline = new Function('return 42')();</script>
<script src="./js/old.js?v=1"></script></body></html>`;

const script = `
const ask = async (method, path, fields = {}) => {
  const token = JSON.parse(localStorage.getItem('token') ?? '{}').accessToken ?? '';
  const form = new URLSearchParams({ ...fields, accessToken: token });
  const answer = await fetch(method === 'GET' ? path + '?' + form : path, method === 'GET' ? { headers: { accessToken: token } } : { method, headers: { accessToken: token }, body: form });
  if (!answer.ok) throw new Error(method + ' ' + path + ': ' + answer.status);
  return answer.json();
};
const list = (into, tag, rows) => document.querySelector(into).replaceChildren(...rows.map((row) => Object.assign(document.createElement(tag), { textContent: row })));
async function show() {
  const state = await fetch('v1/console/server/state').then((answer) => answer.json());
  document.querySelector('#who').textContent = state.version;
  const configs = await ask('GET', 'v1/cs/configs', { search: 'accurate', dataId: '', group: '', pageNo: 1, pageSize: 50 });
  list('ul', 'li', configs.pageItems.map((one) => one.dataId));
  const services = await ask('GET', 'v1/ns/catalog/services', { hasIpCount: true, withInstances: false, pageNo: 1, pageSize: 50, serviceNameParam: '', groupNameParam: '' });
  list('table', 'tr', services.serviceList.map((one) => one.name + ' ' + one.ipCount));
}
document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  const answer = await fetch('v1/auth/users/login', { method: 'POST', body: new URLSearchParams(fields) });
  localStorage.setItem('token', await answer.text());
  location.hash = '#/configurationManagement';
});
addEventListener('hashchange', show);
globalThis.publish = async (dataId, content) => { await ask('POST', 'v1/cs/configs', { dataId, group: 'DEFAULT_GROUP', content, type: 'text' }); await show(); };
`;

const directory = mkdtempSync(path.join(os.tmpdir(), 'pharos-frontend-'));
after(() => rmSync(directory, { recursive: true, force: true }));
for (const [name, text] of Object.entries({ 'index.html': page, 'js/old.js': script, 'css/old.css': 'li { color: rgb(1, 2, 3); }', '.env': 'secret' })) {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), text);
}

const on = stage({
  settings: { 'nacos.core.auth.enabled': 'true', 'pharos.console.dir': directory },
  fill: async (server) => {
    await api(server.local).post('v1/auth/users/admin', { password });
    const { accessToken } = JSON.parse(await api(server.local).post('v1/auth/users/login', { username: 'nacos', password }));
    return seed(server.local, accessToken);
  },
});

test('another front-end is served at both ports, logs in, lists and publishes as it is', { skip: on.skip }, async () => {
  for (const base of [on.server.outside, `http://127.0.0.1:${on.server.consolePort}/`]) {
    const one = await on.open({ allow: [/404 GET .*favicon/] });
    await one.goto(base);
    assert.equal(await one.evaluate(() => globalThis.inline), 42);
    await one.locator('[name=username]').fill('nacos');
    await one.locator('[name=password]').fill(password);
    await one.getByRole('button', { name: 'In' }).click();
    await one.getByText('order.yaml', { exact: true }).waitFor();
    assert.equal(await one.locator('#who').textContent(), '2.5.1');
    assert.equal(await one.locator('li').first().evaluate((item) => getComputedStyle(item).color), 'rgb(1, 2, 3)');
    await one.getByText('payment-service 1', { exact: true }).waitFor();
    const name = `by-old-${new URL(base).port}.txt`;
    await one.evaluate(([dataId, content]) => globalThis.publish(dataId, content), [name, 'written there']);
    await one.getByText(name, { exact: true }).waitFor();
    assert.equal(await on.to.get('v1/cs/configs', { dataId: name, group: 'DEFAULT_GROUP' }), 'written there');
    assert.deepEqual(await Promise.all(['.env', 'none.js'].map((file) => fetch(base + file).then((answer) => answer.status))), [404, 404]);
    await done(one);
  }
});
