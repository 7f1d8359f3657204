// Lists of configs: what is selected across pages, what is done to all of it, and looking at a row without opening it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibilityInThemes, visit } from './browser.mjs';
import { done, stage } from './stage.mjs';

const many = 60; // configs of the namespace bulk: three pages of twenty
const on = stage({
  fill: async (server) => {
    const { seed } = await import('./seed.mjs');
    const to = await seed(server.local);
    await to.post('v1/console/namespaces', { customNamespaceId: 'bulk', namespaceName: 'Bulk' });
    for (let i = 0; i < many; i++) {
      const text = Array.from({ length: 30 }, (_, line) => `line-${line}: ${i}`).join('\n');
      await to.publish(`item-${String(i).padStart(2, '0')}.yaml`, text, { tenant: 'bulk', type: 'yaml', group: i % 3 ? 'EVEN' : 'ODD', appName: i % 2 ? 'shop' : 'till', config_tags: 'one,two' });
    }
    return to;
  },
});
const { skip, at } = on;
const toolbar = (page) => page.getByRole('toolbar');
const plan = (page, name) => page.getByRole('dialog', { name });

/** The names in a zip file that the page saves by what act does. */
async function saved(page, act) {
  const download = page.waitForEvent('download');
  await act();
  const chunks = [];
  for await (const part of await (await download).createReadStream()) chunks.push(part);
  return [...new Set(Buffer.concat(chunks).toString('latin1').match(/(?:EVEN|ODD)\/item-\d\d\.yaml/g))].length;
}

test('all that match are selected over the pages, saved, and changed through one plan that is taken back', { skip }, async () => {
  const page = await on.open();
  await visit(page, at('/ns/bulk/configs?group=EVEN&size=20'));
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await toolbar(page).getByText('20 selected').waitFor();
  await toolbar(page).getByRole('button', { name: 'Select all 40 that match' }).click();
  await toolbar(page).getByText('All 40 are selected').waitFor();
  assert.equal(await saved(page, () => toolbar(page).getByRole('button', { name: 'Export' }).click()), 40);
  await toolbar(page).getByRole('button', { name: 'Change labels' }).click();
  const form = plan(page, 'Change the labels of 40 configs');
  assert.equal(await form.getByRole('button', { name: 'Show the plan' }).getAttribute('aria-disabled'), 'true'); // nothing is said yet
  await form.getByLabel('Type').selectOption('properties');
  await form.getByLabel('Tags', { exact: true }).selectOption('Add tags');
  await form.getByLabel('Tags, with commas between them').fill('three');
  await form.getByRole('checkbox', { name: 'Replace: Application' }).click();
  await form.getByRole('button', { name: 'Show the plan' }).click();
  await form.getByRole('row', { name: /item-01\.yaml.*Type: yaml → properties; Application: shop → –; Tags: \+three/ }).waitFor();
  assert.equal(await form.getByRole('row').count(), 41); // with the heading
  assert.deepEqual(await accessibilityInThemes(page), []);
  await form.getByRole('button', { name: 'Change', exact: true }).click();
  await form.getByText('40 done.').waitFor();
  const labels = async (name) => {
    const { data } = JSON.parse(await on.to.get('v3/console/ext/config', { namespaceId: 'bulk', groupName: 'EVEN', dataId: name }));
    return [data.type, data.appName, data.configTags, data.content.split('\n').length];
  };
  assert.deepEqual(await labels('item-59.yaml'), ['properties', '', 'one,two,three', 30]);
  await form.getByRole('button', { name: 'Undo 40' }).click();
  await plan(page, 'Take it back?').getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('40 taken back.').waitFor();
  assert.deepEqual(await labels('item-59.yaml'), ['yaml', 'shop', 'one,two', 30]);
  await plan(page, 'Take it back?').locator('footer').getByRole('button', { name: 'Close' }).click();
  await toolbar(page).waitFor({ state: 'detached' });
  await done(page);
});

test('who comes back to a list finds it as it was: page, place and what is selected', { skip }, async () => {
  const page = await on.open({ viewport: { width: 1280, height: 600 } });
  await visit(page, at('/ns/bulk/configs?size=20'));
  await page.getByRole('checkbox', { name: 'Select item-03.yaml' }).click();
  await page.getByRole('button', { name: 'Next page' }).click();
  await page.getByRole('checkbox', { name: 'Select item-22.yaml' }).click();
  await toolbar(page).getByText('2 selected (1 on other pages)').waitFor();
  const last = page.getByRole('link', { name: 'item-39.yaml' });
  await last.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => scrollY > 0);
  const was = await page.evaluate(() => scrollY);
  await last.click();
  await page.getByRole('heading', { level: 1, name: 'item-39.yaml' }).waitFor();
  await page.goBack();
  await last.waitFor();
  await toolbar(page).getByText('2 selected (1 on other pages)').waitFor();
  assert.equal(await page.getByRole('checkbox', { name: 'Select item-22.yaml' }).getAttribute('aria-checked'), 'true');
  await page.waitForFunction((y) => Math.abs(scrollY - y) < 2, was);
  await page.getByRole('button', { name: 'Previous page' }).click();
  await page.getByRole('checkbox', { name: 'Select item-03.yaml', checked: true }).waitFor();
  await page.getByLabel('Find by name, group, application, tag').fill('item-0'); // in another list nothing is selected
  await page.getByRole('link', { name: 'item-39.yaml' }).waitFor({ state: 'detached' });
  await page.getByText('of 10', { exact: false }).waitFor();
  await toolbar(page).waitFor({ state: 'detached' });
  await done(page);
});

test('the first lines of a config are shown below its row, by mouse and by keys, with its secrets hidden', { skip }, async () => {
  await on.to.publish('vault.yaml', 'user: app\npassword: correct-horse\n', { tenant: 'bulk', type: 'yaml', group: 'VAULT' });
  const page = await on.open();
  let asked = 0;
  page.on('request', (request) => { if (/\/ext\/config\?/.test(request.url())) asked++; });
  await visit(page, at('/ns/bulk/configs?size=20'));
  assert.equal(asked, 0); // nothing is fetched that nobody looks at
  const opener = page.getByRole('button', { name: 'First lines of item-02.yaml' });
  await opener.click();
  const shown = page.getByLabel('Content of item-02.yaml');
  await shown.getByText('line-19: 2').waitFor();
  await page.getByText('The first 20 of 30 lines.').waitFor();
  assert.equal(await shown.getByText('line-20').count(), 0);
  assert.equal(await opener.getAttribute('aria-expanded'), 'true');
  assert.deepEqual((await accessibilityInThemes(page)).filter((one) => !/target-size/.test(one)), []);
  await opener.click();
  await shown.waitFor({ state: 'detached' });
  const row = page.getByRole('row', { name: /item-04\.yaml/ });
  await row.focus();
  await page.keyboard.press('ArrowRight');
  await page.getByLabel('Content of item-04.yaml').getByText('line-0: 4').waitFor();
  await page.keyboard.press('ArrowDown'); // past what was opened up, to the next config
  await page.waitForFunction(() => document.activeElement?.matches('tr') && /item-05\.yaml/.test(document.activeElement.textContent));
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowLeft');
  await page.getByLabel('Content of item-04.yaml').waitFor({ state: 'detached' });
  await visit(page, at('/ns/bulk/configs?group=VAULT'));
  await page.getByRole('button', { name: 'First lines of vault.yaml' }).click();
  await page.getByLabel('Content of vault.yaml').getByText('user').waitFor();
  assert.equal(await page.getByText('correct-horse').count(), 0);
  await on.to.delete('v1/cs/configs', { dataId: 'vault.yaml', group: 'VAULT', tenant: 'bulk' });
  await done(page);
});

test('a row in a long list is opened up, too, and those below it stay in their places', { skip }, async () => {
  for (let i = 0; i < 120; i++) await on.to.publish(`long-${String(i).padStart(3, '0')}`, `n: ${i}`, { tenant: 'dev', type: 'yaml' });
  const page = await on.open();
  await visit(page, at('/ns/dev/configs?q=long-&size=500'));
  await page.getByRole('button', { name: 'First lines of long-003' }).click();
  await page.getByLabel('Content of long-003').getByText('n: 3').waitFor();
  const list = page.getByRole('region', { name: 'Configs' });
  await list.evaluate((one) => one.scrollTo(0, one.scrollHeight));
  await page.getByRole('link', { name: 'long-119' }).waitFor();
  await list.evaluate((one) => one.scrollTo(0, 0));
  await page.getByLabel('Content of long-003').getByText('n: 3').waitFor();
  await done(page);
});

test('the counts of a filter add up to the list, and picking one shows that many', { skip }, async () => {
  const page = await on.open();
  await visit(page, at('/ns/bulk/configs?size=20'));
  await page.getByRole('button', { name: 'Filter' }).click();
  const counts = async (label) => {
    const texts = await page.getByRole('dialog').getByLabel(label, { exact: true }).locator('option').allInnerTexts();
    return Object.fromEntries(texts.map((text) => /^(.*) \((\d+)\)$/.exec(text)).filter(Boolean).map(([, name, count]) => [name, Number(count)]));
  };
  assert.deepEqual(await counts('Group'), { EVEN: 40, ODD: 20 });
  assert.deepEqual(await counts('Application'), { shop: 30, till: 30 });
  assert.deepEqual(await counts('Type'), { yaml: many });
  assert.deepEqual(await counts('Tags'), { one: many, two: many });
  await page.getByRole('dialog').getByLabel('Group', { exact: true }).selectOption('ODD');
  await page.getByText('of 20', { exact: false }).waitFor();
  assert.deepEqual(await counts('Application'), { shop: 10, till: 10 });
  await page.keyboard.press('Escape');
  assert.equal(await saved(page, () => page.getByRole('button', { name: 'Export 20 matches' }).click()), 20);
  await done(page);
});

test('what was deleted does not come back over one that is there: both are compared first', { skip }, async () => {
  const name = { dataId: 'twice.txt', group: 'DEFAULT_GROUP', tenant: 'staging' };
  await on.to.publish(name.dataId, 'the first text', { tenant: name.tenant, type: 'text' });
  await on.to.delete('v1/cs/configs', name);
  const page = await on.open({ allow: [/^409 POST .*config\/restore$/] });
  await visit(page, at('/ns/staging/recycle'));
  await page.getByRole('button', { name: 'Open' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'twice.txt' });
  await dialog.getByText('the first text').waitFor();
  await on.to.publish(name.dataId, 'another text', { tenant: name.tenant, type: 'text' });
  await dialog.getByRole('button', { name: 'Bring it back' }).click();
  await dialog.getByText('Nothing was written').waitFor();
  await dialog.getByText('another text').first().waitFor();
  assert.equal(await on.to.get('v1/cs/configs', name), 'another text');
  assert.deepEqual(await accessibilityInThemes(page), []);
  await on.to.publish(name.dataId, 'a third text', { tenant: name.tenant, type: 'text' }); // while both are compared
  await dialog.getByRole('button', { name: 'Replace what is there' }).click();
  await dialog.getByText('a third text').first().waitFor();
  assert.equal(await on.to.get('v1/cs/configs', name), 'a third text');
  await dialog.getByRole('button', { name: 'Replace what is there' }).click();
  await page.getByText('twice.txt is back.').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', name), 'the first text');
  await done(page);
});

test('a plan that was looked at for too long says so, is made again, and then done', { skip }, async () => {
  const { to } = on;
  for (const name of ['old-1', 'old-2']) await to.publish(name, 'text', { tenant: 'staging', type: 'text' });
  const page = await on.open();
  await page.clock.install();
  await visit(page, at('/ns/staging/configs?q=old-'));
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await toolbar(page).getByRole('button', { name: 'Delete' }).click();
  const dialog = plan(page, 'Delete 2 configs?');
  await dialog.getByRole('row', { name: /old-2.*Delete/ }).waitFor();
  await page.clock.fastForward('10:01');
  await dialog.getByRole('alert').getByText('The plan is too old').waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Delete', exact: true }).getAttribute('aria-disabled'), 'true');
  await to.publish('old-1', 'another text', { tenant: 'staging', type: 'text' });
  await dialog.getByRole('button', { name: 'Make it again' }).click();
  await dialog.getByRole('row', { name: /old-1.*It has changed since you looked/ }).waitFor();
  await dialog.getByRole('alert').waitFor({ state: 'detached' });
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await dialog.getByText('2 done.').waitFor();
  await done(page);
});

test('what is copied on plain HTTP is in the clipboard', { skip }, async () => {
  const page = await on.open();
  await visit(page, at('/ns/bulk/configs/EVEN/item-01.yaml'));
  assert.equal(await page.evaluate(() => navigator.clipboard === undefined), true, 'the browser takes the address for safe');
  await page.getByRole('button', { name: 'Copy the content' }).click();
  await visit(page, at('/ns/public/configs'));
  const field = page.getByLabel('Find by name, group, application, tag');
  await field.focus();
  await page.keyboard.press('ControlOrMeta+v');
  assert.match(await field.inputValue(), /^line-0: 1\s?line-1: 1/);
  await visit(page, at('/ns/public/samples'));
  const told = await page.getByRole('main').locator('.cm-content').first().innerText();
  await page.getByRole('main').getByRole('button', { name: 'Copy', exact: true }).first().click();
  await visit(page, at('/ns/public/configs'));
  await field.fill('');
  await page.keyboard.press('ControlOrMeta+v');
  const squeezed = (text) => text.replace(/\s+/g, '').slice(0, 30);
  assert.equal(squeezed(await field.inputValue()), squeezed(told));
  await done(page);
});
