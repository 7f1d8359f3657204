// Three nodes in a real browser: what operators see of a cluster, and of a loss.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { accessibility, accessibilityInThemes, launch, missing, openPage, settled } from './browser.mjs';
import { api } from './seed.mjs';
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

/** Changes the embedded database of a node, as nobody should. */
function change(node, statement, values) {
  const program = 'import json, sqlite3, sys; db = sqlite3.connect(sys.argv[1], timeout=30); db.execute(sys.argv[2], json.loads(sys.argv[3])); db.commit()';
  const { status, stderr } = spawnSync('python3', ['-c', program, path.join(node.directory, 'pharos.db'), statement, JSON.stringify(values)], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

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

test('who sees whom, and what all hold: of a frozen node both are said to be unknown', { skip }, async () => {
  const page = await openPage(browser, { allow: [/.*/] });
  await page.goto(`${nodes[0].local}#/cluster/nodes`);
  const sights = page.getByRole('region', { name: 'Who sees whom' });
  const [self, other, frozen] = nodes.map((node) => `127.0.0.1:${node.port}`);
  const cells = (address) => sights.getByRole('row', { name: new RegExp(`^${address}`) }).getByRole('cell');
  const column = async (address) => {
    await sights.getByRole('columnheader', { name: address }).waitFor();
    return (await sights.getByRole('columnheader').allTextContents()).indexOf(address) - 1;
  };
  const sees = async (by, of, what) => cells(by).nth(await column(of)).filter({ hasText: what }).waitFor();
  for (const by of [self, other, frozen]) for (const of of [self, other, frozen]) await sees(by, of, by === of ? 'itself' : 'Up');
  const compare = page.getByRole('button', { name: 'Compare now' });
  await compare.press('Enter');
  await page.getByText(/^3 nodes hold the same configs and services\./).waitFor();
  nodes[2].pause();
  try {
    await sees(self, frozen, 'Down');
    await sees(other, frozen, 'Down');
    await sees(other, self, 'Up');
    await cells(frozen).getByText('It did not answer: how it sees the others is not known').waitFor();
    await compare.click();
    await page.getByText(`Not compared: ${frozen} did not answer, or is not ready.`).waitFor();
    await page.getByText(/^2 nodes hold the same configs and services\./).waitFor();
    await settled(page);
    assert.deepEqual(await accessibilityInThemes(page), []);
    const chinese = await openPage(browser, { allow: [/.*/], settings: { language: 'zh' } });
    await chinese.goto(`${nodes[1].local}#/cluster/nodes`);
    await chinese.getByRole('region', { name: '节点互视' }).getByText('未应答：不知道它如何看待其他节点').waitFor();
    await chinese.getByRole('button', { name: '立即对比' }).click();
    await chinese.getByText('2 个节点上的配置和服务一致。').waitFor();
    await chinese.context().close();
  } finally {
    nodes[2].resume();
  }
  await sees(frozen, self, 'Up');
  await sees(self, frozen, 'Up');
  await page.context().close();
});

test('what differs is listed with a link and with what each node has', { skip: skip || (spawnSync('python3', ['-c', 'import sqlite3']).status !== 0 && 'needs python3 with sqlite3') }, async () => {
  const to = api(nodes[0].local);
  const [self, , torn] = nodes.map((node) => `127.0.0.1:${node.port}`);
  await to.publish('torn.yaml', 'a: right', { type: 'yaml' });
  const holds = (text) => {
    change(nodes[2], "UPDATE config_info SET content = ?, md5 = ? WHERE data_id = 'torn.yaml'", [text, createHash('md5').update(text).digest('hex')]);
    return api(nodes[2].local).post('v1/cs/ops/localCache', {});
  };
  const page = await openPage(browser);
  await page.goto(`${nodes[0].local}#/cluster/nodes`);
  const compare = page.getByRole('button', { name: 'Compare now' });
  await holds('a: wrong'); // behind the back of the node
  await page.getByText('torn.yaml+DEFAULT_GROUP is not the same there').first().waitFor(); // what changed this second is not compared
  await compare.click();
  await page.getByText('1 config or service is not the same on all nodes.').waitFor();
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'torn.yaml', exact: true }) });
  const states = await row.getByRole('cell').allTextContents();
  const [right, wrong] = [self, torn].map((address) => new RegExp(`${address} (\\w+)`).exec(states.join(' '))?.[1]);
  assert.ok(right && wrong && right !== wrong, `the states of both: ${states}`);
  await settled(page);
  assert.deepEqual(await accessibilityInThemes(page), []);
  await holds('a: right');
  await page.getByText('All nodes that answered have the same data.').waitFor();
  await compare.click();
  await page.getByText(/^3 nodes hold the same configs and services\./).waitFor();
  assert.deepEqual(page.wrong, []);
  await page.context().close();
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
  await page.locator('section').filter({ has: page.getByRole('heading', { name: new RegExp(`127\\.0\\.0\\.1:${nodes[2].port}`) }) }).getByText('Down', { exact: true }).first().waitFor();
  nodes[2] = await nodes[2].restart();
  await page.getByText('3 of 3 voters are up').waitFor();
  await page.context().close();
});
