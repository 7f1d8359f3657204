// The frame: where it is served, who gets in, what the keyboard does, and that
// every page is free of errors, in every theme, for every reader.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';
import { accessibility, accessibilityInThemes, launch, missing, openPage, visit } from './browser.mjs';
import { api, seed } from './seed.mjs';
import { prefixProxy, startServer } from './server.mjs';
import './watch.mjs';

const skip = missing();
const password = 'A-long-pass-42';
let server;
let browser;

before(async () => {
  if (skip) return;
  server = await startServer({ 'nacos.core.auth.enabled': 'true' });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const login = async (page, name = 'nacos', secret = password) => {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
};
// Before the log-in the question who is logged in is answered with 401.
const allow = [/^401 GET .*ext\/me$/];

test('the first administrator needs the code from outside, and is logged in at once', { skip }, async () => {
  const page = await openPage(browser, { allow });
  await page.goto(server.outside);
  await page.getByRole('heading', { name: 'The first administrator' }).waitFor();
  await page.getByLabel('New password').fill(password);
  await page.getByLabel('The same again').fill(password);
  if (await page.getByLabel('Setup code').count()) await page.getByLabel('Setup code').fill(server.code());
  await page.getByRole('button', { name: 'Create the administrator' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  const token = JSON.parse(await api(server.local).post('v1/auth/users/login', { username: 'nacos', password })).accessToken;
  await seed(server.local, token);
  server.token = token;
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('wrong passwords: the same words for a stranger; log-out ends the session', { skip }, async () => {
  const page = await openPage(browser, { allow: [...allow, /^401 POST .*ext\/session$/, /^429 /] });
  await page.goto(server.outside);
  const said = [];
  for (const name of ['nacos', 'stranger']) {
    const answer = page.waitForResponse(/ext\/session$/);
    await login(page, name, 'wrong-password');
    assert.equal((await answer).status(), 401);
    await page.locator('button[type=submit]:not([aria-busy])').waitFor();
    said.push(await page.getByRole('alert').textContent());
  }
  assert.equal(said[0], said[1]);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  const cookies = await page.context().cookies();
  const session = cookies.find((one) => one.name === 'nc_session');
  assert.ok(session.httpOnly && session.sameSite === 'Strict', JSON.stringify(session));
  await page.getByRole('button', { name: 'Account nacos' }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await page.getByRole('button', { name: 'Log in' }).waitFor();
  const again = await fetch(`${server.local}v3/console/ext/me`, { headers: { 'X-Console': '1', Cookie: `nc_session=${session.value}` } });
  assert.equal(again.status, 401);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('a session that ended comes back over the page; what was typed stays and goes out', { skip }, async () => {
  const page = await openPage(browser, { allow: [...allow, /^401 /] });
  await page.goto(server.outside);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor(); // the log-in has one, too
  await page.goto(`${server.outside}#/ns/public/configs/DEFAULT_GROUP/order.yaml/edit`);
  await page.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+End');
  await page.keyboard.insertText('added: true\n');
  await page.getByRole('button', { name: 'Review and publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Publish/ }).focus();
  await page.context().clearCookies();
  await page.keyboard.press('Enter'); // before the page notices by itself
  const modal = page.getByRole('dialog', { name: 'Your session has ended' });
  await modal.waitFor();
  await modal.getByLabel('Password', { exact: true }).fill(password);
  await modal.getByRole('button', { name: 'Log in' }).click();
  await page.getByText(/^Published as/).waitFor();
  assert.match(await api(server.local, server.token).get('v1/cs/configs', { dataId: 'order.yaml', group: 'DEFAULT_GROUP' }), /added: true/);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('a reader sees no way to write, and the server refuses it too', { skip }, async () => {
  const to = api(server.local, server.token);
  await to.post('v1/auth/users', { username: 'reader', password });
  await to.post('v1/auth/roles', { role: 'readers', username: 'reader' });
  await to.post('v1/auth/permissions', { role: 'readers', resource: 'prod:*:*', action: 'r' });
  await to.publish('read.yaml', 'a: 1', { tenant: 'prod' });
  const page = await openPage(browser, { allow: [...allow, /^403 /] });
  await page.goto(`${server.outside}#/ns/prod/configs`);
  await login(page, 'reader');
  await page.getByRole('button', { name: 'Actions for read.yaml' }).click();
  for (const name of ['Edit', 'Delete']) {
    const item = page.getByRole('menuitem', { name });
    assert.equal(await item.getAttribute('aria-disabled'), 'true');
    await item.getByText('It needs the permission w on prod:DEFAULT_GROUP:config/read.yaml').waitFor();
  }
  await page.keyboard.press('End'); // it is reached by keys, too, so that the reason is read, and does nothing
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Delete' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.keyboard.press('Escape');
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: 'Select read.yaml' }).click();
  for (const name of ['Delete', 'Change labels']) assert.equal(await page.getByRole('toolbar').getByRole('button', { name }).getAttribute('aria-disabled'), 'true');
  await page.getByRole('link', { name: 'read.yaml' }).click();
  assert.equal(await page.getByRole('button', { name: 'Edit' }).getAttribute('aria-disabled'), 'true');
  assert.equal(await page.getByRole('link', { name: 'Access' }).count(), 0);
  await page.context().close();
});

const everything = ['/overview', '/ns/public/configs', '/ns/public/configs/DEFAULT_GROUP/order.yaml', '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=history', '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=listeners', '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=gray', '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=code', '/ns/public/configs/DEFAULT_GROUP/order.yaml/edit', '/ns/public/configs/new', '/ns/public/import', '/ns/public/releases', '/ns/public/listeners', '/ns/public/recycle', '/ns/public/services', '/ns/public/services/DEFAULT_GROUP/payment-service', '/ns/public/services/DEFAULT_GROUP/payment-service?tab=clusters', '/ns/public/instances', '/ns/public/clients', '/ns/public/samples', '/cluster/nodes', '/cluster/switches', '/namespaces', '/compare?left=public&right=staging', '/access/users', '/access/roles', '/access/permissions', '/access/explain', '/access/sessions', '/audit', '/server', '/settings'];

for (const [language, theme, look] of [['en', 'light', accessibilityInThemes], ['zh', 'dark', (page) => accessibility(page, ['wcag2a'])]]) {
  test(`every page in ${language}: no error, nothing that axe-core finds`, { skip }, async () => {
    const page = await openPage(browser, { allow, settings: { language, theme }, reducedMotion: 'reduce' });
    await page.goto(server.outside);
    await page.locator('input[autocomplete=username]').fill('nacos');
    await page.locator('input[autocomplete=current-password]').fill(password);
    await page.locator('button[type=submit]').click();
    await page.getByRole('navigation').first().waitFor();
    const found = [];
    for (const path of everything) {
      await visit(page, `${server.outside}#${path}`);
      found.push(...(await look(page)).map((one) => `${path}: ${one}`));
      found.push(...page.wrong.splice(0).map((one) => `${path}: ${one}`));
    }
    assert.deepEqual(found, []);
    await page.context().close();
  });
}

test('a phone of 320 pixels: nothing is cut off', { skip }, async () => {
  const page = await openPage(browser, { allow, viewport: { width: 320, height: 640 } });
  await page.goto(server.outside);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor(); // the log-in has one, too
  const wide = [];
  for (const path of everything) {
    await visit(page, `${server.outside}#${path}`);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wide.push(`${path}: ${over} px`);
  }
  assert.deepEqual(wide, []);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('by keyboard: skip link, palette, going to a page, rows', { skip }, async () => {
  const page = await openPage(browser, { allow });
  await page.goto(server.outside);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByRole('heading', { level: 1, name: 'Configs' }).waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('payment');
  await page.getByRole('option', { name: /payment\.json/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'payment.json' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('bookmarks of the old console lead to the same thing', { skip }, async () => {
  const page = await openPage(browser, { allow });
  await page.goto(server.outside);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor(); // the log-in has one, too
  for (const [old, now] of [
    ['#/configurationManagement?dataId=order&namespace=', /#\/ns\/public\/configs\?q=order$/],
    ['#/configdetail?dataId=order.yaml&group=DEFAULT_GROUP&namespace=', /#\/ns\/public\/configs\/DEFAULT_GROUP\/order\.yaml$/],
    ['#/serviceManagement', /#\/ns\/public\/services$/],
    ['#/clusterManagement', /#\/cluster\/nodes$/],
    ['#/userManagement', /#\/access\/users$/],
  ]) {
    await page.goto('about:blank');
    await page.goto(server.outside + old);
    await page.waitForURL(now);
  }
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('below another prefix, at the console port, and many tabs with one stream', { skip }, async () => {
  const proxy = await prefixProxy(server.port);
  for (const base of [proxy.url, `http://127.0.0.1:${server.consolePort}/`]) {
    const page = await openPage(browser, { allow });
    await page.goto(base);
    await login(page);
    await page.goto(`${base}#/ns/public/configs/DEFAULT_GROUP/payment.json/edit`);
    await page.locator('.cm-content').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    const tabs = [];
    for (let i = 0; i < 7; i++) {
      const tab = await openPage(browser, { context: page.context() });
      await tab.goto(`${base}#/overview`);
      await tab.getByText('Live', { exact: true }).waitFor();
      tabs.push(tab);
    }
    assert.deepEqual([page, ...tabs].flatMap((one) => one.wrong), []);
    await page.context().close();
  }
  proxy.stop();
});

test('the server comes back: the page goes on without a reload', { skip }, async () => {
  const other = await startServer();
  const page = await openPage(browser, { allow: [/request failed/, /^50\d/, /ERR_/] });
  await page.goto(`${other.local}#/ns/public/configs`);
  await page.getByText('Live', { exact: true }).waitFor();
  await page.evaluate(() => { globalThis.stayed = true; });
  const back = await other.restart();
  await api(back.local).publish('after.txt', 'here');
  await page.getByRole('link', { name: 'after.txt' }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.stayed), true);
  await page.context().close();
  await back.stop();
});

test('a server of another build says so, and the page goes on until it is loaded anew', { skip }, async () => {
  const page = await openPage(browser, { allow });
  // As if the page were older: it is told of another build than the stream.
  const about = /ext\/capabilities$/;
  await page.route(about, async (route) => {
    const answer = await route.fetch();
    const said = await answer.json();
    await route.fulfill({ response: answer, json: { ...said, data: { ...said.data, uiBuild: 'older' } } });
  });
  await page.goto(server.outside);
  await login(page);
  await page.getByText('A newer console is on the server.').waitFor();
  await page.goto(`${server.outside}#/ns/public/configs`);
  await page.locator('tbody').getByRole('link', { name: 'order.yaml', exact: true }).waitFor();
  await page.getByText('A newer console is on the server.').waitFor();
  await page.unroute(about);
  const again = page.waitForResponse(about);
  await page.getByRole('button', { name: 'Reload' }).click();
  assert.notEqual((await (await again).json()).data.uiBuild, 'older');
  await page.getByText('Live', { exact: true }).waitFor();
  assert.equal(await page.getByText('A newer console is on the server.').count(), 0);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('nothing secret is in an address or in the log; a page of somebody else can neither show this one nor write', { skip }, async () => {
  const page = await openPage(browser, { allow });
  const asked = [];
  page.context().on('request', (request) => asked.push(request.url()));
  await page.goto(server.outside);
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.goto(`${server.outside}#/ns/public/configs`);
  await page.getByRole('checkbox', { name: 'Select payment.json' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('toolbar').getByRole('button', { name: 'Export' }).click();
  asked.push((await saved).url());
  const session = (await page.context().cookies()).find((one) => one.name === 'nc_session').value;
  const secret = (text) => text.includes(session) || text.includes(password) || /token=/i.test(text);
  assert.deepEqual(asked.filter(secret), []);
  assert.deepEqual(server.log.filter((line) => line.includes(session) || line.includes(password)), []);
  assert.equal(await page.evaluate(() => document.cookie), '');
  assert.ok(!(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).includes(session));

  // A page at another port of the same host: the browser sends the cookie from there, too.
  const stranger = http.createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>stranger</title><iframe></iframe>'));
  await new Promise((done) => stranger.listen(0, done));
  stranger.unref();
  const host = new URL(server.outside).hostname;
  const theirs = await openPage(browser, { context: page.context(), allow: [/./] });
  await theirs.goto(`http://${host}:${stranger.address().port}/`);
  const write = (way, type) => theirs.evaluate(
    ([url, contentType]) => fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': contentType }, body: 'namespaceId=public&groupName=DEFAULT_GROUP&dataId=forged.txt&content=x&expect=any&type=text' }).then(() => true),
    [`${server.outside}${way}`, type],
  );
  for (const way of ['v3/console/cs/config', 'v3/console/ext/config/publish', 'v1/cs/configs']) {
    const answer = theirs.waitForResponse((one) => one.url().endsWith(way));
    await write(way, 'application/x-www-form-urlencoded');
    assert.ok([401, 403].includes((await answer).status()), `${way}: ${(await answer).status()}`);
  }
  await assert.rejects(api(server.local, server.token).get('v1/cs/configs', { dataId: 'forged.txt', group: 'DEFAULT_GROUP' }), /404/);
  const refused = theirs.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
  await theirs.evaluate((url) => { document.querySelector('iframe').src = url; }, server.outside);
  await refused;
  assert.deepEqual(page.wrong, []);
  await page.context().close();
  stranger.closeAllConnections();
  stranger.close();
});

test('who guesses too often is told how long to wait, and can go on then', { skip }, async () => {
  const page = await openPage(browser, { allow: [...allow, /^429 /] });
  await page.goto(server.outside);
  const body = '{"code":10429,"message":"too many requests","data":"too many failed logins, try again later","error":{"key":"throttled","params":{"retryAfter":"3"}}}';
  await page.route(/ext\/session$/, (route) => route.fulfill({ status: 429, contentType: 'application/json', body }), { times: 1 });
  await login(page, 'nacos', 'wrong-password');
  await page.getByRole('alert').filter({ hasText: /Too many failed attempts. Try again in [123] s/ }).waitFor();
  await page.locator('button[type=submit]:not([disabled])').waitFor();
  await login(page);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('the palette finds contents in other namespaces, and nothing that one may not read', { skip }, async () => {
  const to = api(server.local, server.token);
  await to.publish('hidden.yaml', 'needle-in-a-haystack: 1', { tenant: 'staging', type: 'yaml' });
  await to.publish('shown.yaml', 'needle-in-a-haystack: 2', { tenant: 'prod', type: 'yaml' });
  await to.post('v1/auth/users', { username: 'seeker', password });
  await to.post('v1/auth/roles', { role: 'seekers', username: 'seeker' });
  await to.post('v1/auth/permissions', { role: 'seekers', resource: 'prod:*:*', action: 'r' });
  const page = await openPage(browser, { allow: [...allow, /^403 /] });
  await page.goto(`${server.outside}#/ns/prod/services`);
  await login(page, 'seeker');
  await page.getByRole('heading', { level: 1, name: 'Services' }).waitFor();
  await page.keyboard.press('Control+k');
  const answered = page.waitForResponse((one) => /ext\/search\?/.test(one.url()) && /needle-in/.test(one.url()) && /kinds=content/.test(one.url()));
  await page.getByRole('combobox').fill('needle-in');
  const found = (await (await answered).json()).data.items.map((one) => one.name);
  assert.deepEqual(found, ['shown.yaml']);
  const option = page.getByRole('option', { name: /shown\.yaml/ });
  await option.waitFor();
  assert.equal(await page.getByRole('option', { name: /hidden\.yaml/ }).count(), 0);
  await option.click();
  await page.getByRole('heading', { level: 1, name: 'shown.yaml' }).waitFor();
  await page.context().close();
});
