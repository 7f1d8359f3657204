// What reaches the pages from programs, and what reaches programs from the
// pages: real SDK clients, and a network that lets no stream through.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgram } from './sdk.mjs';
import { prefixProxy } from './server.mjs';
import { done, stage, write } from './stage.mjs';

const on = stage();
const { skip, at } = on;

test('a program with the SDK is a listener, a subscriber and an instance, and hears of what is done here', { skip }, async () => {
  await on.to.publish('sdk.yaml', 'a: 1\n', { type: 'yaml' });
  const program = await startProgram(`127.0.0.1:${on.server.port}`, { service: 'sdk-service', dataId: 'sdk.yaml', port: 9311 });
  try {
    await program.until((one) => one.content === 'a: 1\n');
    await program.until((one) => one.hosts?.some((host) => host.port === 9311));
    const page = await on.open();

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
    await write(page, 'a: 2\n');
    await page.keyboard.press('ControlOrMeta+s');
    await page.getByRole('dialog').getByRole('button', { name: 'Publish to 1 client' }).click();
    await program.until((one) => one.content === 'a: 2\n');
    await page.getByText('1 of 1 client up to date').waitFor();
    await done(page);
  } finally {
    await program.stop();
  }
});

test('where no stream comes through, the page asks by itself', { skip }, async () => {
  const proxy = await prefixProxy(on.server.port, '/no/streams', (path) => path.endsWith('/ext/events'));
  const page = await on.open();
  await page.goto(`${proxy.url}#/ns/public/configs`);
  await page.getByText('Polling', { exact: true }).waitFor();
  await on.to.publish('heard-by-polling.txt', 'here', { type: 'text' });
  await page.getByRole('link', { name: 'heard-by-polling.txt' }).waitFor();
  await done(page);
  proxy.stop();
});

test('twelve tabs hear of everything over one stream', { skip }, async () => {
  let streams = 0;
  const proxy = await prefixProxy(on.server.port, '/one/stream', (path) => {
    if (path.endsWith('/ext/events')) streams++;
    return false;
  });
  const page = await on.open();
  const tabs = [page];
  while (tabs.length < 12) tabs.push(await on.open({ context: page.context() }));
  for (const tab of tabs) {
    await tab.goto(`${proxy.url}#/ns/public/configs`);
    await tab.getByText('Live', { exact: true }).waitFor();
  }
  assert.equal(streams, 1);
  await on.to.publish('heard-by-all.txt', 'here', { type: 'text' });
  await Promise.all(tabs.map((tab) => tab.getByRole('link', { name: 'heard-by-all.txt' }).waitFor()));
  assert.equal(streams, 1);
  await done(...tabs);
  proxy.stop();
});

test('a switch is set by its name in the server, and is so there', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/cluster/switches'));
  for (const [word, value] of [['Off', false], ['On', true]]) {
    await page.getByRole('button', { name: 'Edit healthCheckEnabled' }).click();
    await page.getByRole('dialog').getByLabel('Value').selectOption(word);
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /healthCheckEnabled/ }).getByRole('cell', { name: String(value), exact: true }).waitFor();
    assert.equal(JSON.parse(await on.to.get('v1/ns/operator/switches')).healthCheckEnabled, value);
  }
  await done(page);
});

test('two namespaces are compared, and what is missing is copied', { skip }, async () => {
  await on.to.publish('order.yaml', 'server:\n  port: 1\n', { tenant: 'staging', type: 'yaml' });
  await on.to.publish('only-here.json', '{}', { tenant: 'staging', type: 'json' });
  const page = await on.open();
  await page.goto(at('/compare?left=public&right=staging'));
  await page.getByRole('row', { name: /only-here\.json.*Only in Staging/ }).waitFor();
  await page.getByRole('row', { name: /order\.yaml.*Different.*keys? added, \d+ removed, 1 changed/ }).waitFor();
  await page.getByRole('row', { name: /order\.yaml.*Different/ }).getByRole('button', { name: 'Compare order.yaml' }).click();
  await page.getByRole('dialog', { name: 'order.yaml' }).getByText('port: 8082').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('checkbox', { name: /payment\.json/ }).click();
  await page.getByRole('checkbox', { name: /DEFAULT_GROUP\/order\.yaml/ }).click();
  await page.getByRole('button', { name: 'Copy to Staging' }).click();
  const plan = page.getByRole('dialog', { name: 'Copy 2 configs to Staging?' });
  await plan.getByText('1 config is overwritten').waitFor();
  await plan.getByRole('row', { name: /order\.yaml.*Overwrite/ }).waitFor();
  await plan.getByRole('row', { name: /payment\.json.*Create/ }).waitFor();
  await plan.getByRole('button', { name: 'Copy to Staging' }).click();
  await page.getByText('2 configs written').waitFor();
  await plan.getByText('2 done.').waitFor();
  await plan.locator('footer').getByRole('button', { name: 'Close' }).click();
  await plan.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /payment\.json/ }).waitFor({ state: 'detached' });
  assert.match(await on.to.get('v1/cs/configs', { dataId: 'order.yaml', group: 'DEFAULT_GROUP', tenant: 'staging' }), /port: 8082/);
  await done(page);
});

test('secrets are dots until they are asked for; what is copied is whole', { skip }, async () => {
  await on.to.publish('database.yaml', 'db:\n  user: app\n  password: correct-horse\n', { type: 'yaml' });
  const page = await on.open();
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/database.yaml'));
  await page.getByText('user: app').waitFor();
  assert.equal(await page.getByText('correct-horse').count(), 0);
  await page.getByRole('button', { name: 'Show secrets' }).click();
  await page.getByText('correct-horse').waitFor();
  await done(page);
});
