// Work that takes its time shows how far it is: import, clone, deletion, bulk changes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { done, stage } from './stage.mjs';

const many = 1500;
const on = stage({
  fill: async (server) => {
    const { seed, api } = await import('./seed.mjs');
    const to = await seed(server.local);
    await to.post('v1/console/namespaces', { customNamespaceId: 'full', namespaceName: 'Full' });
    const work = Array.from({ length: many }, (_, i) => i);
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (let i = work.pop(); i !== undefined; i = work.pop()) await to.publish(`c-${String(i).padStart(4, '0')}.yaml`, `n: ${i}\n`, { tenant: 'full', type: 'yaml' });
    }));
    return api(server.local);
  },
});
const { skip, at } = on;

/** Keeps what every progress bar of the page says, from now on. */
const watchProgress = (page) =>
  page.evaluate(() => {
    globalThis.steps = [];
    const look = () => document.querySelectorAll('[role=progressbar]').forEach((bar) => globalThis.steps.push([bar.ariaLabel, Number(bar.ariaValueNow), Number(bar.ariaValueMax)]));
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuenow', 'aria-valuemax'] });
  });
const stepsOf = (page, of) => page.evaluate((wanted) => globalThis.steps.filter(([, , all]) => all === wanted).map(([, now]) => now), of);

test('an import says how much was sent, then how many configs are in', { skip }, async () => {
  const zip = Buffer.from(await (await fetch(`${on.server.local}v1/cs/configs?exportV2=true&tenant=full&group=&dataId=&appName=&ids=`)).arrayBuffer());
  const page = await on.open();
  await page.goto(at('/ns/dev/import'));
  await watchProgress(page);
  await page.locator('input[type=file]').setInputFiles({ name: 'export.zip', mimeType: 'application/zip', buffer: zip });
  await page.getByRole('button', { name: 'Import 1,500 configs' }).click();
  await page.getByText('1,500 configs written').waitFor();
  const steps = await stepsOf(page, many);
  assert.ok(steps.some((now) => now > 0 && now < many), `only these steps were told: ${steps}`);
  assert.ok(steps.every((now, i) => i === 0 || now >= steps[i - 1]), `it went back: ${steps}`);
  assert.ok((await page.evaluate(() => globalThis.steps.map(([label]) => label))).some((label) => /^Uploaded|reads the file/.test(label)), 'nothing was said of the upload');
  await done(page);
});

const planned = /\/ext\/bulk\/[0-9a-f]{32}(\?.*)?$/;

/** A plan that was confirmed is held back, and is said to be half done, until it is let go. */
async function holdHalfway(page) {
  let letGo;
  const held = new Promise((go) => { letGo = go; });
  await page.route(/\/ext\/bulk\/[0-9a-f]{32}\/apply$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.route(planned, async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    if (answer.data.state === 'planned') Object.assign(answer.data, { state: 'applying', done: answer.data.of / 2 });
    await route.fulfill({ response, json: answer });
  });
  return async () => {
    letGo();
    await page.unrouteAll({ behavior: 'wait' }); // no look of the page is under way when it is closed
  };
}

/** Confirms a plan and sees that it says how far it is. */
async function confirmed(page, dialog, name, of) {
  const letGo = await holdHalfway(page);
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.getByRole('progressbar', { name: `${of / 2} of ${of}` }).waitFor();
  await letGo();
}

test('a clone is planned: what is made, and what is there is left', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/full/configs?size=100'));
  await page.getByRole('link', { name: 'c-0000.yaml' }).waitFor();
  const dialog = page.getByRole('dialog', { name: 'Clone 100 configs' });
  const plan = async () => {
    await page.getByRole('toolbar').getByRole('button', { name: 'Clone' }).click();
    await dialog.getByLabel('Into namespace').selectOption('prod');
    await dialog.getByRole('button', { name: 'Show the plan' }).click();
    await dialog.getByRole('table').waitFor();
  };
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await plan();
  await dialog.getByRole('row', { name: /c-0000\.yaml.*Create/ }).waitFor();
  await confirmed(page, dialog, 'Clone', 100);
  await page.getByText('100 configs written.').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'c-0042.yaml', group: 'DEFAULT_GROUP', tenant: 'prod' }), 'n: 42\n');
  await dialog.getByText('100 done.').waitFor();
  await dialog.locator('footer').getByRole('button', { name: 'Close' }).click();
  await plan();
  await dialog.getByRole('row', { name: /c-0000\.yaml.*Stays as it is/ }).waitFor();
  assert.equal(await dialog.getByRole('button', { name: 'Clone', exact: true }).getAttribute('aria-disabled'), 'true');
  await done(page);
});

test('a deletion of many asks for their number, says how far it is, and is taken back', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/full/configs?size=50'));
  await page.getByRole('link', { name: 'c-0000.yaml' }).waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete 50 configs?' });
  await dialog.getByRole('row', { name: /c-0000\.yaml.*Delete/ }).waitFor();
  assert.equal(await dialog.getByRole('row').count(), 51); // with the heading
  assert.equal(await dialog.getByRole('button', { name: 'Delete', exact: true }).getAttribute('aria-disabled'), 'true');
  await dialog.getByLabel('Type 50 to go on').fill('50');
  await on.to.publish('c-0007.yaml', 'n: changed\n', { tenant: 'full', type: 'yaml' }); // after it was planned
  await confirmed(page, dialog, 'Delete', 50);
  await page.getByText('49 configs deleted.').waitFor();
  await dialog.getByText('49 done, 1 not done.').waitFor();
  await dialog.getByRole('row', { name: /c-0007\.yaml.*Changed meanwhile/ }).waitFor();
  await page.getByText('of 1,451').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'c-0007.yaml', group: 'DEFAULT_GROUP', tenant: 'full' }), 'n: changed\n');
  await dialog.getByRole('button', { name: 'Undo 49' }).click();
  const back = page.getByRole('dialog', { name: 'Take it back?' });
  await back.getByRole('row', { name: /c-0000\.yaml.*Create/ }).waitFor();
  await back.getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('49 taken back.').waitFor();
  await page.getByText('of 1,500').waitFor();
  assert.equal(await on.to.get('v1/cs/configs', { dataId: 'c-0042.yaml', group: 'DEFAULT_GROUP', tenant: 'full' }), 'n: 42\n');
  await done(page);
});

test('a bulk change of many instances says how far it is', { skip }, async () => {
  for (let i = 0; i < 250; i++) await on.to.register('crowd', `10.6.${i >> 8}.${i & 255}`, 80, { ephemeral: false });
  const page = await on.open();
  await page.goto(at('/ns/public/instances?q=crowd&size=500'));
  await page.getByText('of 250').waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Set weight' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set weight: 250 instances' });
  await dialog.getByRole('spinbutton', { name: 'Weight' }).fill('2');
  await dialog.getByText('1 → 2').first().waitFor();
  await confirmed(page, dialog, 'Set weight', 250);
  await page.getByText('250 instances changed.').waitFor();
  assert.deepEqual([...new Set(JSON.parse(await on.to.get('v1/ns/instance/list', { serviceName: 'crowd' })).hosts.map((one) => one.weight))], [2]);
  await done(page);
});

test('what is selected is exported, and nothing else', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/configs'));
  await page.getByRole('checkbox', { name: 'Select payment.json' }).click();
  const saved = page.waitForEvent('download');
  await page.getByRole('toolbar').getByRole('button', { name: 'Export' }).click();
  const file = await saved;
  assert.match(file.suggestedFilename(), /^nacos_config_export_\d+\.zip$/);
  const chunks = [];
  for await (const part of await file.createReadStream()) chunks.push(part);
  const text = Buffer.concat(chunks).toString('latin1');
  assert.match(text, /DEFAULT_GROUP\/payment\.json/);
  assert.doesNotMatch(text, /order\.yaml/);
  await done(page);
});

test('a gray release by tag reaches who asks with it', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/payment.json?tab=gray'));
  await page.getByRole('button', { name: 'Start a gray release' }).click();
  const dialog = page.getByRole('dialog', { name: 'Start a gray release' });
  await dialog.getByLabel('Clients are chosen by').selectOption('Tag');
  await dialog.getByRole('textbox', { name: 'Tag' }).fill('canary');
  await dialog.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText('{"currency": "CNY"}');
  await dialog.getByRole('button', { name: 'Publish to these clients' }).click();
  await page.getByText('The gray release runs.').waitFor();
  const ask = (headers) => fetch(`${on.server.local}v1/cs/configs?dataId=payment.json&group=DEFAULT_GROUP`, { headers }).then((answer) => answer.text());
  assert.match(await ask({ 'Vipserver-Tag': 'canary' }), /CNY/);
  assert.match(await ask({}), /EUR/);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
  await page.getByText('The gray release has ended.').waitFor();
  assert.match(await ask({ 'Vipserver-Tag': 'canary' }), /EUR/);
  await done(page);
});
