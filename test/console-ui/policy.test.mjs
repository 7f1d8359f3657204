// What a namespace asks for before it is written to: its id where it is protected, and a
// note; and the colour that it is marked with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibilityInThemes, settled } from './browser.mjs';
import { api } from './seed.mjs';
import { done, stage, write } from './stage.mjs';

const on = stage({
  fill: async (server) => {
    const to = api(server.local);
    for (const [id, name] of [['prod', 'Production'], ['live', 'Live']]) await to.post('v1/console/namespaces', { customNamespaceId: id, namespaceName: name });
    return to;
  },
});
const { skip, at } = on;

const ext = async (method, path, fields) => {
  const answer = await fetch(`${on.server.local}v3/console/ext/${path}`, { method, headers: { 'X-Console': '1' }, body: new URLSearchParams(fields) });
  return [answer.status, (await answer.json()).error?.key];
};
const rule = async (namespaceId, fields) => assert.deepEqual(await ext('PUT', 'namespace/policy', { namespaceId, ...fields }), [200, undefined]);
const config = (dataId, tenant) => fetch(`${on.server.local}v1/cs/configs?${new URLSearchParams({ dataId, group: 'DEFAULT_GROUP', tenant })}`).then(async (answer) => (answer.ok ? answer.text() : answer.status));
const disabled = (button) => button.getAttribute('aria-disabled');

test('a policy is set with the keyboard alone, marks the namespace on every page, and is taken off', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/namespaces'));
  const row = page.getByRole('row', { name: /\bprod\b/ });
  await row.getByRole('button', { name: /Actions for Production/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'Policy' }).waitFor();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Policy of Production' });
  await dialog.getByRole('checkbox', { name: 'Protected' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space'); // a note
  await dialog.getByLabel('Colour of the environment').selectOption('Red');
  await dialog.getByLabel('Label').fill('PROD');
  assert.deepEqual(await accessibilityInThemes(page), []);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  for (const badge of ['PROD', 'protected', 'note required']) await row.getByText(badge, { exact: true }).waitFor();
  await page.goto(at('/ns/prod/services'));
  const header = page.getByRole('banner');
  await header.getByText('PROD', { exact: true }).waitFor();
  await header.getByRole('img', { name: 'protected' }).waitFor();
  const band = await page.locator('[data-band=red]').boundingBox();
  assert.ok(band.height === 3 && band.width >= 1280, JSON.stringify(band));
  await settled(page);
  assert.deepEqual(await accessibilityInThemes(page), []);
  await page.goto(at('/ns/live/services'));
  await header.getByRole('button', { name: /^Namespace Live/ }).waitFor();
  assert.equal(await page.locator('[data-band], [data-environment]').count(), 0);
  await rule('prod', {});
  await page.goto(at('/ns/prod/services')); // the page is told of it
  await page.locator('[data-band]').waitFor({ state: 'detached' });
  await done(page);
});

test('in a protected namespace its id is typed before anything is published, restored or deleted', { skip }, async () => {
  await on.to.publish('guarded.yaml', 'a: 1\n', { type: 'yaml', tenant: 'live' });
  await rule('live', { protected: 'true', noteRequired: 'true', color: 'red' });
  const page = await on.open();
  const dialog = page.getByRole('dialog');
  await page.goto(at('/ns/live/configs/DEFAULT_GROUP/guarded.yaml/edit'));
  await page.locator('.cm-content').getByText('a: 1').waitFor();
  await write(page, 'a: 2\n');
  await page.keyboard.press('ControlOrMeta+s');
  const publish = dialog.getByRole('button', { name: 'Publish' });
  const typed = dialog.getByLabel('Protected namespace: type live to go on');
  await typed.fill('Live');
  await dialog.getByLabel('What is this change for?').fill('a larger pool');
  assert.equal(await disabled(publish), 'true');
  await typed.fill('live');
  await dialog.getByLabel('What is this change for?').fill('  ');
  assert.equal(await disabled(publish), 'true');
  assert.equal(await config('guarded.yaml', 'live'), 'a: 1\n');
  await dialog.getByLabel('What is this change for?').fill('a larger pool');
  assert.deepEqual(await accessibilityInThemes(page), []);
  await typed.focus();
  await publish.click();
  await page.getByText(/Published as h\d+/).waitFor();
  assert.equal(await config('guarded.yaml', 'live'), 'a: 2\n');

  await page.goto(at('/ns/live/configs/DEFAULT_GROUP/guarded.yaml?tab=history'));
  await page.getByRole('tabpanel').getByText('a larger pool').waitFor();
  await page.getByRole('tabpanel').getByRole('button', { name: /Created/ }).click();
  await page.getByRole('button', { name: 'Restore this version' }).click();
  const restore = dialog.getByRole('button', { name: 'Restore' });
  await dialog.getByLabel('What is this change for?').fill('too large');
  assert.equal(await disabled(restore), 'true');
  await typed.fill('live');
  await restore.click();
  await page.getByText(/is current again/).waitFor();
  assert.equal(await config('guarded.yaml', 'live'), 'a: 1\n');
  await page.goto(at('/ns/live/releases'));
  await page.getByRole('listitem').filter({ hasText: 'too large' }).waitFor();

  await page.goto(at('/ns/live/configs'));
  await page.getByRole('row', { name: /guarded\.yaml/ }).getByRole('checkbox').click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
  const remove = dialog.getByRole('button', { name: 'Delete' });
  await dialog.getByLabel('What is this change for?').fill('nobody reads it');
  assert.equal(await disabled(remove), 'true');
  await typed.fill('live');
  await remove.click();
  await dialog.getByText('1 done.').waitFor();
  assert.equal(await config('guarded.yaml', 'live'), 404);
  await done(page);
});

test('the server asks as well: who sends the request by hand has to name the namespace', { skip }, async () => {
  await rule('live', { protected: 'true', noteRequired: 'true' });
  const fields = { namespaceId: 'live', groupName: 'DEFAULT_GROUP', dataId: 'by-hand.txt', content: 'x', expect: 'any' };
  assert.deepEqual(await ext('POST', 'config/publish', fields), [400, 'unconfirmed']);
  assert.deepEqual(await ext('POST', 'config/publish', { ...fields, confirm: 'live' }), [400, 'note_required']);
  assert.equal(await config('by-hand.txt', 'live'), 404);
  assert.deepEqual(await ext('POST', 'config/publish', { ...fields, confirm: 'live', note: 'by hand' }), [200, undefined]);
  await on.to.publish('by-hand.txt', 'y', { tenant: 'live' }); // programs are not asked
  assert.equal(await config('by-hand.txt', 'live'), 'y');
});

test('a policy that came meanwhile is asked for, in Chinese as well', { skip }, async () => {
  await rule('prod', {});
  await on.to.publish('late.txt', 'one', { tenant: 'prod' });
  const page = await on.open({ settings: { language: 'zh' }, allow: [/^400 POST .*config\/publish$/] });
  let refused = false; // until then the page knows of no policy
  await page.route('**/namespace/policies', (route) => (refused ? route.continue() : route.fulfill({ json: { code: 0, message: 'success', data: [] } })));
  page.on('request', (request) => { refused ||= request.url().endsWith('config/publish'); });
  await page.goto(at('/ns/prod/configs/DEFAULT_GROUP/late.txt/edit'));
  await page.locator('.cm-content').getByText('one').waitFor();
  await write(page, 'two');
  await rule('prod', { protected: 'true' });
  await page.keyboard.press('ControlOrMeta+s');
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('此次变更的原因？（可留空）').fill('紧急修复');
  await dialog.getByRole('button', { name: '发布', exact: true }).click();
  await page.getByText('命名空间受保护：请先输入其 ID。').first().waitFor();
  await dialog.getByLabel('命名空间受保护：请输入 prod 以继续').fill('prod');
  await dialog.getByRole('button', { name: '发布', exact: true }).click();
  await page.getByText(/已发布为/).first().waitFor();
  assert.equal(await config('late.txt', 'prod'), 'two');
  await done(page);
});
