// Configurations in a real browser: find, edit, two writers, history, import.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { api } from './seed.mjs';
import { done, stage, write } from './stage.mjs';

const on = stage();
const { skip, at } = on;
const order = '/ns/public/configs/DEFAULT_GROUP/order.yaml';

test('names of every kind open and survive a reload', { skip }, async () => {
  const page = await on.open();
  for (const name of ['a:b', 'x_y-z.1', 'a.b-c:d_e']) {
    await on.to.publish(name, 'content of it');
    await page.goto(at(`/ns/public/configs?q=${encodeURIComponent(name)}`));
    await page.getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { level: 1, name }).waitFor();
    await page.reload();
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }
  await done(page);
});

test('filter, sort and page stand in the address; back brings them back', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/configs'));
  await page.getByLabel('Find by name, group, application, tag').fill('order');
  await page.waitForURL(/q=order/);
  await page.getByRole('link', { name: 'order.yaml', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'order.yaml' }).waitFor();
  await page.goBack();
  await page.getByRole('heading', { level: 1, name: 'Configs' }).waitFor();
  assert.match(page.url(), /q=order/);
  assert.equal(await page.getByLabel('Find by name, group, application, tag').inputValue(), 'order');
  await done(page);
});

test('configs are found by every field; each filter stands in the address, survives a reload and can be taken off', { skip }, async () => {
  const tenant = 'dev';
  await on.to.publish('sought.yaml', 'deep: down-here\n', { tenant, group: 'SOUGHT_GROUP', type: 'yaml', appName: 'seeker-app', config_tags: 'sought-tag', desc: 'what is sought' });
  await on.to.publish('other.txt', 'nothing', { tenant, type: 'text', appName: 'other-app', config_tags: 'other-tag', desc: 'something else' });
  const page = await on.open();
  const sought = page.getByRole('link', { name: 'sought.yaml', exact: true });
  const other = page.getByRole('link', { name: 'other.txt', exact: true });
  for (const [label, value, parameter, choose] of [
    ['Group', 'SOUGHT_GROUP', 'group', true], ['Type', 'yaml', 'type', true], ['Application', 'seeker-app', 'app', true], ['Tags', 'sought-tag', 'tags', true],
    ['Data ID contains', 'sough', 'id'], ['Description contains', 'is sought', 'desc'], ['Content contains', 'down-here', 'content'],
  ]) {
    await page.goto('about:blank');
    await page.goto(at(`/ns/${tenant}/configs`));
    await other.waitFor();
    await page.getByRole('button', { name: 'Filter' }).click();
    const field = page.getByRole('dialog').getByLabel(label, { exact: true });
    if (choose) await field.selectOption(value);
    else await field.fill(value);
    await page.waitForFunction((name) => new URLSearchParams(location.hash.split('?')[1]).get(name), parameter);
    await other.waitFor({ state: 'detached' });
    await sought.waitFor();
    await page.reload();
    await sought.waitFor();
    assert.equal(await other.count(), 0, label);
    await page.getByRole('button', { name: new RegExp(`^Remove the filter .*: ${value}`) }).click();
    await other.waitFor();
  }
  await done(page);
});

test('all rows are sorted, not those of the page', { skip }, async () => {
  await on.to.post('v1/console/namespaces', { customNamespaceId: 'sorted', namespaceName: 'Sorted' });
  for (let i = 0; i < 25; i++) await on.to.publish(`s-${String(i).padStart(2, '0')}`, 'x'.repeat(i === 24 ? 5000 : 10 + i), { tenant: 'sorted', type: 'text' });
  const page = await on.open();
  await page.goto(at('/ns/sorted/configs?size=20'));
  await page.getByRole('link', { name: 's-00' }).waitFor();
  assert.equal(await page.getByRole('link', { name: 's-24' }).count(), 0);
  await page.goto(at('/ns/sorted/configs?size=20&sort=size&order=desc'));
  await page.getByRole('link', { name: 's-24' }).waitFor();
  assert.match(await page.getByRole('main').locator('tbody tr').first().innerText(), /s-24/);
  await done(page);
});

test('the timeline is narrowed by name and person, and leads to the version', { skip }, async () => {
  await on.to.publish('story.txt', 'one', { type: 'text', src_user: 'li' });
  await on.to.publish('story.txt', 'two', { type: 'text' });
  const page = await on.open();
  await page.goto(at('/ns/public/releases?q=story'));
  const entries = page.getByRole('main').locator('section ol > li');
  await entries.nth(1).waitFor();
  assert.equal(await entries.count(), 2);
  await entries.filter({ hasText: 'Created' }).getByRole('link').click();
  await page.waitForURL(/tab=history&v=\d+|v=\d+&tab=history/);
  const chosen = page.locator('[role=tabpanel] button[aria-pressed=true]');
  await chosen.filter({ hasText: 'Created' }).waitFor();
  await page.reload();
  await chosen.filter({ hasText: 'Created' }).waitFor();
  await page.goto(at('/ns/public/releases?q=no-such-story'));
  await page.getByRole('button', { name: 'Clear the filter' }).waitFor();
  await done(page);
});

test('a repeated key is marked on its line, and a review comes before publishing', { skip }, async () => {
  const page = await on.open();
  await page.goto(at(`${order}/edit`));
  await write(page, 'server:\n  port: 1\n  port: 2\n');
  await page.getByRole('region', { name: 'Problems in the text' }).getByText('3:3').waitFor();
  await page.getByRole('button', { name: 'Review and publish' }).click();
  const dialog = page.getByRole('dialog', { name: 'Review and publish' });
  await dialog.getByText('1 error in the text').waitFor();
  assert.equal(await dialog.getByRole('button', { name: /^Publish/ }).getAttribute('aria-disabled'), 'true');
  await dialog.getByRole('button', { name: 'Back to writing' }).click();
  await write(page, 'server:\n  port: 9000\n');
  await page.getByRole('region', { name: 'Problems in the text' }).waitFor({ state: 'detached' });
  await page.keyboard.press('ControlOrMeta+s');
  await dialog.getByRole('button', { name: /^Publish/ }).click();
  await page.getByText(/^Published as/).waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'order.yaml', group: 'DEFAULT_GROUP' }), 'server:\n  port: 9000\n');
  await done(page);
});

for (const live of [true, false]) {
  test(`somebody was faster, ${live ? 'as the page hears' : 'as the server says'}: separate changes are joined, the same place is chosen`, { skip }, async () => {
    await on.to.publish('merge.yaml', 'a: 1\nb: 1\nc: 1\nd: 1\n', { type: 'yaml' });
    const page = await on.open({ settings: { live }, allow: live ? [] : [/^409 POST .*publish$/] });
    await page.goto(at('/ns/public/configs/DEFAULT_GROUP/merge.yaml/edit'));
    await write(page, 'a: mine\nb: 1\nc: 1\nd: mine\n');
    await on.to.publish('merge.yaml', 'a: 1\nb: theirs\nc: 1\nd: theirs\n', { type: 'yaml' });
    const review = page.getByRole('dialog', { name: 'Review and publish' });
    const merge = page.getByRole('dialog', { name: 'Somebody else was faster' });
    if (live) await page.getByRole('button', { name: 'View and merge' }).waitFor();
    await page.getByRole('button', { name: 'Review and publish' }).click();
    if (!live) await review.getByRole('button', { name: /^Publish/ }).click(); // refused
    await merge.waitFor();
    assert.equal(await merge.getByRole('radiogroup', { name: /^Conflict/ }).count(), 1);
    await merge.getByRole('radio', { name: /^Yours/ }).click();
    await merge.getByRole('button', { name: 'Go on with this text' }).click();
    await review.getByRole('button', { name: /^Publish/ }).click();
    await page.getByText(/^Published as/).waitFor();
    assert.equal(await on.to.get('v1/cs/configs', { dataId: 'merge.yaml', group: 'DEFAULT_GROUP' }), 'a: mine\nb: theirs\nc: 1\nd: mine\n');
    await done(page);
  });
}

test('an unpublished text survives the window', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/payment.json/edit'));
  await write(page, '{"currency": "CNY"}');
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('nc.draft.')));
  const again = await on.open({ context: page.context() });
  await again.goto(at('/ns/public/configs/DEFAULT_GROUP/payment.json/edit'));
  await again.getByRole('button', { name: 'Go on with it' }).click();
  await again.getByText('CNY').waitFor();
  await done(page, again);
});

test('create, restore an old version, delete, bring back', { skip }, async () => {
  const page = await on.open({ allow: [/^404 GET .*ext\/config$/] });
  await page.goto(at('/ns/staging/configs/new'));
  await page.getByLabel('Data ID').fill('life.json');
  await write(page, '{"n": 1}');
  await page.getByRole('button', { name: 'Review and publish' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Publish/ }).click();
  await page.getByRole('heading', { level: 1, name: 'life.json' }).waitFor();
  await on.to.publish('life.json', '{"n": 2}', { tenant: 'staging', type: 'json' });
  await page.goto(at('/ns/staging/configs/DEFAULT_GROUP/life.json?tab=history'));
  await page.getByRole('button', { name: /Created/ }).click();
  await page.getByRole('button', { name: 'Restore this version' }).click();
  await page.getByRole('dialog').getByRole('button', { name: /^Restore/ }).click();
  await page.getByText(/is current again/).waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'life.json', group: 'DEFAULT_GROUP', tenant: 'staging' }), '{"n": 1}');
  await page.getByRole('tab', { name: 'Content' }).click();
  await page.locator('.cm-content', { hasText: '{"n": 1}' }).waitFor(); // what is deleted is what is shown
  await page.getByRole('button', { name: 'More actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('1 config deleted.').waitFor();
  await page.goto(at('/ns/staging/recycle'));
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('button', { name: 'Bring it back' }).click();
  await page.getByRole('heading', { level: 1, name: 'life.json' }).waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'life.json', group: 'DEFAULT_GROUP', tenant: 'staging' }), '{"n": 1}');
  await done(page);
});

test('a gray release reaches its address only, then everybody in one step', { skip }, async () => {
  await on.to.publish('gray.txt', 'for all', { type: 'text' });
  const page = await on.open();
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/gray.txt?tab=gray'));
  await page.getByRole('button', { name: 'Start a gray release' }).click();
  await page.getByLabel('Client addresses').fill('10.9.9.9');
  await write(page, 'for some');
  await page.getByRole('button', { name: 'Publish to these clients' }).click();
  await page.getByText('The gray release runs.').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'gray.txt', group: 'DEFAULT_GROUP' }), 'for all');
  await page.getByRole('button', { name: 'Give it to everybody' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Give it to everybody' }).click();
  await page.getByText('Everybody gets it now.').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'gray.txt', group: 'DEFAULT_GROUP' }), 'for some');
  await done(page);
});

test('export and import: the plan says what will happen', { skip }, async () => {
  const zip = Buffer.from(await (await fetch(`${on.server.local}v1/cs/configs?exportV2=true&tenant=&group=GATEWAY&dataId=&appName=&ids=`)).arrayBuffer());
  await on.to.publish('routes.xml', '<routes/>', { group: 'GATEWAY', type: 'xml' });
  const page = await on.open();
  await page.goto(at('/ns/public/import'));
  await page.locator('input[type=file]').setInputFiles({ name: 'export.zip', mimeType: 'application/zip', buffer: zip });
  const row = page.getByRole('row', { name: /routes\.xml/ });
  await row.getByText('Different').waitFor();
  await row.getByText('Leave as it is').waitFor();
  await page.getByLabel('If a config exists').selectOption('OVERWRITE');
  await row.getByText('Overwrite').waitFor();
  await page.getByRole('button', { name: 'Import 1 config' }).click();
  await page.getByText(/1 config written/).waitFor();
  assert.match(await on.to.get('v1/cs/configs', { dataId: 'routes.xml', group: 'GATEWAY' }), /route id="1"/);
  await done(page);
});

test('text is data: markup in names and fields does nothing', { skip }, async () => {
  await on.to.publish('evil.txt', '<script>document.title="owned"</script>', { desc: '"><img src=x onerror=alert(1)>', config_tags: '<b>tag</b>', appName: 'javascript:alert(1)' });
  const page = await on.open();
  page.on('dialog', () => page.wrong.push('a dialog opened'));
  await page.goto(at('/ns/public/configs?q=evil'));
  await page.getByRole('link', { name: 'evil.txt' }).click();
  await page.getByText('onerror=alert(1)').first().waitFor();
  assert.notEqual(await page.title(), 'owned');
  await done(page);
});

test('twelve thousand configs: the table is there at once and draws few rows', { skip }, async () => {
  const zips = api(on.server.local);
  await zips.post('v1/console/namespaces', { customNamespaceId: 'many', namespaceName: 'many' });
  const work = Array.from({ length: 12_000 }, (_, i) => i);
  await Promise.all(Array.from({ length: 16 }, async () => {
    for (let i = work.pop(); i !== undefined; i = work.pop()) await zips.publish(`config-${String(i).padStart(5, '0')}`, `n: ${i}`, { tenant: 'many', type: 'yaml' });
  }));
  const page = await on.open();
  const shown = async (path, name) => {
    await page.goto(at('/overview'));
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    const began = Date.now();
    await page.goto(at(path));
    await page.locator('tbody').getByRole('link', { name }).waitFor(); // the overview has such links, too
    return Date.now() - began;
  };
  // The best of three, so that what else the machine does at one moment does not count.
  let [many, few] = [Infinity, Infinity];
  for (let i = 0; i < 3; i++) {
    few = Math.min(few, await shown('/ns/public/configs', 'evil.txt'));
    many = Math.min(many, await shown('/ns/many/configs?size=500', 'config-00000'));
  }
  const drawn = await page.locator('tbody tr').count();
  console.log(`first rows of 12,000 after ${many} ms, of few after ${few} ms, ${drawn} rows drawn`);
  assert.ok(drawn > 10 && drawn < 80, `${drawn} rows drawn`);
  // A second is what is asked of a machine that does nothing else. A busy one takes longer for a short list, too.
  assert.ok(many < Number(process.env.TABLE_LIMIT ?? Math.max(1000, 5 * few)), `${many} ms, and ${few} ms for a short list`);
  await page.getByText('of 12,000').waitFor();
  await done(page);
});
