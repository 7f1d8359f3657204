// What reaches the pages from programs, and what reaches programs from the
// pages: real SDK clients, and a network that lets no stream through.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, missing, openPage } from './browser.mjs';
import { startProgram } from './sdk.mjs';
import { seed } from './seed.mjs';
import { prefixProxy, startServer } from './server.mjs';

const skip = missing();
let server;
let browser;
let to;

before(async () => {
  if (skip) return;
  server = await startServer();
  to = await seed(server.local);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const at = (path) => `${server.outside}#${path}`;

test('a program with the SDK is a listener, a subscriber and an instance, and hears of what is done here', { skip }, async () => {
  await to.publish('sdk.yaml', 'a: 1\n', { type: 'yaml' });
  const program = await startProgram(`127.0.0.1:${server.port}`, { service: 'sdk-service', dataId: 'sdk.yaml', port: 9311 });
  try {
    await program.until((one) => one.content === 'a: 1\n');
    await program.until((one) => one.hosts?.some((host) => host.port === 9311));
    const page = await openPage(browser);

    await page.goto(at('/ns/public/services/DEFAULT_GROUP/sdk-service'));
    const row = page.getByRole('row', { name: /127\.0\.0\.1:9311/ });
    await row.getByText('Healthy').waitFor();
    await row.getByText('from=sdk').waitFor();
    await row.getByRole('button', { name: 'Edit 127.0.0.1:9311' }).click();
    await page.getByRole('dialog').getByLabel('Weight').fill('3');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await program.until((one) => one.hosts?.some((host) => host.port === 9311 && host.weight === 3));
    await page.getByRole('tab', { name: 'Subscribers' }).click();
    await page.getByRole('row', { name: /Nacos/i }).first().waitFor();

    await page.goto(at('/ns/public/configs/DEFAULT_GROUP/sdk.yaml?tab=listeners'));
    await page.getByRole('row', { name: /127\.0\.0\.1.*Current/ }).waitFor();
    await page.goto(at('/ns/public/configs/DEFAULT_GROUP/sdk.yaml/edit'));
    await page.locator('.cm-content').click();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.insertText('a: 2\n');
    await page.keyboard.press('ControlOrMeta+s');
    await page.getByRole('dialog').getByRole('button', { name: 'Publish to 1 client' }).click();
    await program.until((one) => one.content === 'a: 2\n');
    await page.getByText('1 of 1 client up to date').waitFor();
    assert.deepEqual(page.wrong, []);
    await page.context().close();
  } finally {
    await program.stop();
  }
});

test('where no stream comes through, the page asks by itself', { skip }, async () => {
  const proxy = await prefixProxy(server.port, '/no/streams', (path) => path.endsWith('/ext/events'));
  const page = await openPage(browser);
  await page.goto(`${proxy.url}#/ns/public/configs`);
  await page.getByText('Polling', { exact: true }).waitFor();
  await to.publish('heard-by-polling.txt', 'here', { type: 'text' });
  await page.getByRole('link', { name: 'heard-by-polling.txt' }).waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
  proxy.stop();
});

test('a switch is set by its name in the server, and is so there', { skip }, async () => {
  const page = await openPage(browser);
  await page.goto(at('/cluster/switches'));
  for (const [word, value] of [['Off', false], ['On', true]]) {
    await page.getByRole('button', { name: 'Edit healthCheckEnabled' }).click();
    await page.getByRole('dialog').getByLabel('Value').selectOption(word);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /healthCheckEnabled/ }).getByRole('cell', { name: String(value), exact: true }).waitFor();
    assert.equal(JSON.parse(await to.get('v1/ns/operator/switches')).healthCheckEnabled, value);
  }
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('two namespaces are compared, and what is missing is copied', { skip }, async () => {
  await to.publish('order.yaml', 'server:\n  port: 1\n', { tenant: 'staging', type: 'yaml' });
  await to.publish('only-here.json', '{}', { tenant: 'staging', type: 'json' });
  const page = await openPage(browser);
  await page.goto(at('/compare?left=public&right=staging'));
  await page.getByRole('row', { name: /only-here\.json.*Only in Staging/ }).waitFor();
  await page.getByRole('row', { name: /order\.yaml.*Different/ }).getByRole('button', { name: 'Compare order.yaml' }).click();
  await page.getByRole('dialog', { name: 'order.yaml' }).getByText('port: 8082').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('checkbox', { name: /payment\.json/ }).click();
  await page.getByRole('checkbox', { name: /DEFAULT_GROUP\/order\.yaml/ }).click();
  await page.getByRole('button', { name: 'Copy to Staging' }).click();
  await page.getByRole('dialog').getByText('1 config is overwritten').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Copy to Staging' }).click();
  await page.getByText('2 configs written').waitFor();
  await page.getByRole('row', { name: /payment\.json/ }).waitFor({ state: 'detached' });
  assert.match(await to.get('v1/cs/configs', { dataId: 'order.yaml', group: 'DEFAULT_GROUP', tenant: 'staging' }), /port: 8082/);
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});

test('secrets are dots until they are asked for; what is copied is whole', { skip }, async () => {
  await to.publish('database.yaml', 'db:\n  user: app\n  password: correct-horse\n', { type: 'yaml' });
  const page = await openPage(browser);
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/database.yaml'));
  await page.getByText('user: app').waitFor();
  assert.equal(await page.getByText('correct-horse').count(), 0);
  await page.getByRole('button', { name: 'Show secrets' }).click();
  await page.getByText('correct-horse').waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});
