// Pages that show how things are, and how a browser shows them: the overview, samples,
// settings, and what stands where there is nothing, nothing yet, or an error.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { accessibility, accessibilityInThemes, settled } from './browser.mjs';
import { api } from './seed.mjs';
import { done, stage } from './stage.mjs';

const on = stage({ fill: async (server) => api(server.local) });
const { skip, at } = on;

test('an empty server says what to do first; what comes is on the overview without a reload', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/overview'));
  for (const name of [/Create a config/, /Register an instance/, /Connect an SDK/]) await page.getByRole('main').getByRole('link', { name }).waitFor();
  await page.evaluate(() => { globalThis.stayed = true; });
  await on.to.register('seen', '10.7.0.1', 80, { ephemeral: false });
  await on.to.publish('seen.yaml', 'a: 1', { type: 'yaml' });
  await page.getByRole('main').getByRole('link', { name: /^Configs 1/ }).waitFor();
  await page.getByRole('main').getByRole('link', { name: /^Services 1/ }).waitFor();
  await page.getByRole('listitem').filter({ hasText: 'seen.yaml' }).getByText('Created').waitFor();
  assert.equal(await page.evaluate(() => globalThis.stayed), true);
  await page.getByRole('radio', { name: '1 h' }).click();
  await page.waitForURL(/range=1h/);
  await page.reload();
  await page.getByRole('radio', { name: '1 h', checked: true }).waitFor();
  await page.getByRole('button', { name: 'Requests as a table' }).click();
  await page.getByRole('button', { name: 'Requests as a chart' }).waitFor();
  await page.locator('main table th[scope=row]').nth(1).waitFor(); // a sample each five seconds, from the first on
  await done(page);
});

test('every sample names this server; those of curl run as they are copied', { skip }, async () => {
  const page = await on.open({ permissions: [] });
  const codes = async (path, name) => {
    await page.goto(at(path));
    await page.getByRole('tab', { name: 'curl' }).click();
    await page.locator('.cm-content', { hasText: name }).waitFor();
    const titles = await page.getByRole('tablist', { name: 'Languages' }).getByRole('tab').allTextContents();
    const found = {};
    for (const title of titles) {
      await page.getByRole('tab', { name: title, exact: true }).click();
      await page.getByRole('textbox', { name: title, exact: true }).or(page.getByLabel(title, { exact: true })).first().waitFor();
      found[title] = (await page.locator('.cm-content').innerText()).replaceAll('\u00a0', ' ');
    }
    return found;
  };
  const run = (code) => execFileSync('sh', ['-ec', code.replaceAll('curl ', 'curl -sS --noproxy "*" ')], { encoding: 'utf8' });
  const config = await codes('/ns/public/samples?name=from-curl.yaml', 'from-curl.yaml');
  assert.deepEqual(Object.keys(config), ['curl', 'Java SDK', 'Spring Cloud Alibaba', 'Go SDK', 'Python SDK', 'Node.js SDK', 'C# SDK']);
  for (const [title, code] of Object.entries(config)) assert.match(code, new RegExp(`:${on.server.port}|${on.server.port}`), `${title} names another server: ${code}`);
  run(config.curl);
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'from-curl.yaml', group: 'DEFAULT_GROUP' }), 'key: value');
  const service = await codes('/ns/public/samples?kind=service&name=curl-service', 'curl-service');
  run(service.curl);
  assert.equal(JSON.parse(await on.to.get('v1/ns/instance/list', { serviceName: 'curl-service' })).hosts.length, 1);
  await done(page);
});

test('language, theme, rows and keys are set, work at once and survive a reload', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/settings'));
  await page.getByRole('main').getByLabel('Theme').selectOption('High contrast');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'contrast');
  await page.getByLabel('Tables').selectOption('Compact');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.density), 'compact');
  await page.getByRole('switch', { name: 'Single-key shortcuts' }).click();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.getByRole('main').getByLabel('Language').selectOption('中文');
  await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh-CN');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: '设置' }).waitFor();
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'contrast', density: 'compact' });
  await done(page);
});

test('where nobody is logged in a view of configs stays in the browser', { skip }, async () => {
  await on.to.publish('viewed.yaml', 'a: 1', { type: 'yaml' });
  const page = await on.open();
  await page.goto(at('/ns/public/configs'));
  await page.getByRole('link', { name: 'viewed.yaml' }).waitFor();
  await page.getByRole('button', { name: 'Views', exact: true }).click();
  await page.getByText('No saved views yet').waitFor();
  assert.equal(await page.getByRole('menuitem', { name: 'Save this filter' }).getAttribute('aria-disabled'), 'true'); // there is none
  await page.keyboard.press('Escape');
  await page.goto(at('/ns/public/configs?q=viewed'));
  await page.getByRole('link', { name: 'viewed.yaml' }).waitFor();
  await page.getByRole('button', { name: 'Views', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Save this filter' }).click();
  const dialog = page.getByRole('dialog', { name: 'Save this filter' });
  await dialog.getByText('it stays in this browser').waitFor();
  await dialog.getByLabel('Name of the view').fill('Viewed');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('The view Viewed is saved.').waitFor();
  await page.goto('about:blank');
  await page.goto(at('/ns/public/configs'));
  await page.getByRole('button', { name: 'Views', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Viewed', exact: true }).click();
  await page.waitForURL(/q=viewed/);
  await page.getByRole('button', { name: 'Viewed', exact: true }).waitFor();
  await done(page);
});

const asked = /v3\/console\/(ext\/(configs|config|services|instances|clients|topology|releases|recycle|listeners|cluster|switches|audit|settings|overview|samples)|core\/namespace\/list)(\?|$)/;
const listed = ['/overview', '/ns/public/configs', '/ns/public/configs/DEFAULT_GROUP/seen.yaml', '/ns/public/releases', '/ns/public/listeners', '/ns/public/recycle', '/ns/public/services', '/ns/public/instances', '/ns/public/clients', '/ns/public/topology', '/ns/public/samples', '/cluster/nodes', '/cluster/switches', '/namespaces', '/audit', '/server'];

test('while a page waits it says so; what cannot be loaded says why and can be tried again', { skip }, async () => {
  await on.to.publish('seen.yaml', 'a: 1', { type: 'yaml' });
  const page = await on.open({ allow: [/^503 /], reducedMotion: 'reduce' });
  await page.goto(at('/settings'));
  await page.getByRole('heading', { level: 1 }).waitFor();
  const found = [];
  for (const path of listed) {
    await page.goto('about:blank');
    let fail;
    const held = new Promise((go) => { fail = go; });
    const hold = (route) => held.then(() => route.fulfill({ status: 503, contentType: 'application/json', body: '{"code":30000,"message":"server error","data":"away","error":{"key":"unavailable","params":{}}}' }));
    await page.route(asked, hold);
    await page.goto(at(path));
    await page.getByRole('status', { name: 'Loading' }).first().waitFor();
    fail();
    const retry = page.getByRole('button', { name: 'Try again' }).first();
    await retry.waitFor().catch(() => { throw new Error(`${path}: nothing says that it could not be loaded`); });
    await settled(page);
    if (path === '/overview' || path === '/ns/public/configs') found.push(...(await accessibilityInThemes(page)).map((one) => `${path}: ${one}`)); // the same shape everywhere
    await page.unroute(asked, hold);
    // It may have asked again by itself just before, and says once more that this failed: then it is pressed once more.
    await page.waitForFunction(() => {
      const again = [...document.querySelectorAll('main button')].find((one) => one.textContent === 'Try again');
      again?.click();
      return !again && !document.querySelector('main .skeleton');
    }, undefined, { polling: 250 });
  }
  assert.deepEqual(found, []);
  await done(page);
});

test('where nothing is there yet, every list says so and breaks nothing', { skip }, async () => {
  await on.to.post('v1/console/namespaces', { customNamespaceId: 'bare', namespaceName: 'Bare' });
  const page = await on.open({ reducedMotion: 'reduce' });
  for (const [path, words] of [['configs', 'No configs in this namespace yet'], ['releases', 'Nothing was published yet'], ['listeners', 'Nobody listens'], ['recycle', 'The recycle bin is empty'], ['services', 'No services in this namespace yet'], ['instances', 'No instances'], ['clients', 'No clients'], ['topology', 'No services in this namespace yet']]) {
    await page.goto(at(`/ns/bare/${path}`));
    await page.getByText(words, { exact: true }).waitFor();
    await settled(page);
    assert.deepEqual(path === 'configs' ? await accessibilityInThemes(page) : await accessibility(page, ['wcag2a', 'wcag2aa', 'best-practice']), [], path);
  }
  await done(page);
});
