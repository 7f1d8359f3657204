// Three nodes in a real browser: what operators see of a cluster, and of a loss.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessibility, launch, missing, openPage, settled } from './browser.mjs';
import { startCluster } from './server.mjs';
import './watch.mjs';

const skip = missing();
let nodes = [];
let browser;

before(async () => {
  if (skip) return;
  nodes = await startCluster();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await Promise.all(nodes.map((node) => node.stop()));
});

const post = async (node, path, form) => {
  const answer = await fetch(`${node.local}${path}`, { method: 'POST', body: new URLSearchParams(form) });
  assert.equal(answer.status, 200, await answer.text());
};

test('what is written on one node is on the pages of another', { skip }, async () => {
  const page = await openPage(browser);
  await page.goto(`${nodes[0].local}#/ns/public/configs`);
  await post(nodes[1], 'v1/cs/configs', { dataId: 'shared.yaml', group: 'DEFAULT_GROUP', content: 'a: 1', type: 'yaml' });
  await page.getByRole('link', { name: 'shared.yaml' }).waitFor();
  await page.goto(`${nodes[0].local}#/ns/public/services/DEFAULT_GROUP/spread`);
  for (let i = 1; i <= 6; i++) await post(nodes[i % 3], 'v1/ns/instance', { serviceName: 'spread', ip: `10.9.0.${i}`, port: 80 });
  await page.reload();
  for (let i = 1; i <= 6; i++) await page.getByText(`10.9.0.${i}:80`, { exact: true }).waitFor();
  await page.context().close();
});

test('who waits for a config on any node is in its listeners', { skip }, async () => {
  const stop = new AbortController();
  const listening = nodes.map((node) =>
    fetch(`${node.local}v1/cs/configs/listener`, {
      method: 'POST',
      headers: { 'Long-Pulling-Timeout': '30000' },
      body: new URLSearchParams({ 'Listening-Configs': 'shared.yaml\u0002DEFAULT_GROUP\u0002270f9e65a80226eccd82c99cdd0dd2fb\u0001' }),
      signal: stop.signal,
    }).catch(() => undefined),
  );
  const page = await openPage(browser);
  await page.goto(`${nodes[2].local}#/ns/public/configs/DEFAULT_GROUP/shared.yaml?tab=listeners`);
  await page.getByRole('row', { name: /127\.0\.0\.1/ }).first().waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
  stop.abort();
  await Promise.all(listening);
});

test('the nodes, their leader, and what is left when one is killed', { skip }, async () => {
  const page = await openPage(browser, { allow: [/.*/] });
  await page.goto(`${nodes[0].local}#/cluster/nodes`);
  await page.getByText('3 of 3 voters are up').waitFor();
  await page.getByText('All nodes that answered have the same data.').waitFor();
  for (const node of nodes) await page.getByRole('heading', { name: new RegExp(`127\\.0\\.0\\.1:${node.port}`) }).waitFor();
  assert.equal(await page.getByText('NaN').count(), 0);
  await settled(page);
  assert.deepEqual(await accessibility(page), []);
  await nodes[2].kill();
  await page.getByText('2 of 3 voters are up').waitFor();
  await page.getByText('one more loss stops all writes').waitFor();
  await page.getByText('Down', { exact: true }).waitFor();
  nodes[2] = await nodes[2].restart();
  await page.getByText('3 of 3 voters are up').waitFor();
  await page.context().close();
});
