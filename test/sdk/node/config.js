'use strict';

const assert = require('assert');
const crypto = require('crypto');
const { DataClient } = require('nacos');
const { Told, request, server, work } = require('./report');

const GROUP = 'SDK_GROUP';
const WATCHED = 'sdk-watched.yaml';
const CONFIGS = '/v1/cs/configs';
const TOLD = 1000; // ms
const AFTER_OUTAGE = 15000; // the SDK waits some seconds after a failed poll
const UNICODE = '名称: 灯塔 — Ἀλεξάνδρεια\n絵文字: 🗼🚢\r\nsigns: a+b=c&d%20 "<>" \\ \t end';

let clients = 0; // each keeps its snapshots apart

// client is what NacosConfigClient wraps. The wrapper itself shares one client,
// the first, among all on the machine (by a leader on port 7777), whatever their
// namespace and account are.
async function client(namespace = '', options = {}) {
  const c = new DataClient({ serverAddr: server, namespace, cacheDir: work('config-' + clients++), ...options });
  c.on('error', err => console.error(String(err)));
  await c.ready();
  return c;
}

// publish writes, checks that the content is readable at once, and gives the
// time of the write's answer.
async function publish(c, dataId, content) {
  assert.strictEqual(await c.publishSingle(dataId, GROUP, content), true);
  const answered = performance.now();
  await reads(c, dataId, content);
  return answered;
}

async function reads(c, dataId, want) {
  const got = await c.getConfig(dataId, GROUP);
  assert(got === want, `read ${brief(got)}, want ${brief(want)}`);
}

const brief = s => (s === null || s === undefined ? 'nothing' : `${s.length} characters ${JSON.stringify(s.slice(0, 60))}`);

function listen(c, dataId) {
  const told = new Told();
  c.subscribe({ dataId, group: GROUP }, content => told.add(content));
  return told;
}

async function run(report) {
  const c = await client();
  await report.check('publish', async () => { await publish(c, 'sdk-plain.properties', 'a=1\nb=2\n'); });
  await report.check('get: absent', () => reads(c, 'sdk-absent', null));
  await report.check('cas', () => cas(c));
  await report.check('namespace', () => otherNamespace(c));
  let told;
  const write = async (content, limit = TOLD) => {
    const answered = await publish(c, WATCHED, content);
    return `${Math.max(0, await told.await(limit, s => s === content) - answered).toFixed(0)} ms`;
  };
  await report.check('told: changed', async () => {
    await publish(c, WATCHED, 'v: 0');
    told = listen(c, WATCHED);
    const all = [];
    for (let i = 1; i <= 5; i++) all.push(await write(`v: ${i}`));
    return all.join(', ');
  });
  await report.check('unicode', () => write(UNICODE));
  await report.check('100 KB', () => write(large()));
  await report.check('beta', () => beta(c, told));
  await report.check('remove', async () => {
    assert.strictEqual(await c.remove(WATCHED, GROUP), true);
    const answered = performance.now();
    await reads(c, WATCHED, null);
    return `told after ${Math.max(0, await told.await(TOLD, s => s === null) - answered).toFixed(0)} ms`;
  });
  await report.check('server restart', async () => {
    await write('before: the restart');
    await report.ask('restart');
    await reads(c, WATCHED, 'before: the restart');
    const first = await write('after: the restart', AFTER_OUTAGE);
    return `told after ${first}, then ${await write('after: again')}`;
  });
}

// large is 100 KB of UTF-8 that no shortcut gets right.
function large() {
  let s = '';
  for (let i = 0; s.length < 100 << 10; i++) s += `key.${String(i).padStart(5, '0')} = värde ${i * 7919} & 100% 数\n`;
  return s;
}

const md5 = s => crypto.createHash('md5').update(s).digest('hex');

// cas is said by plain HTTP: the SDK has no words for it.
async function cas(c) {
  const dataId = 'sdk-cas';
  await publish(c, dataId, 'one');
  const params = { dataId, group: GROUP, content: 'two' };
  const refused = await request('POST', CONFIGS, params, { casMd5: md5('another') });
  assert.notStrictEqual(refused.status, 200, 'a publish against another md5 was taken');
  await reads(c, dataId, 'one');
  assert.deepStrictEqual(await request('POST', CONFIGS, params, { casMd5: md5('one') }), { status: 200, body: 'true' });
  await reads(c, dataId, 'two');
}

async function otherNamespace(c) {
  const dataId = 'sdk-spaced';
  const spaced = await client('sdk-space');
  await publish(c, dataId, 'public');
  await publish(spaced, dataId, 'spaced');
  const told = listen(spaced, dataId);
  await told.await(TOLD, s => s === 'spaced');
  await publish(spaced, dataId, 'spaced, changed');
  await told.await(TOLD, s => s === 'spaced, changed');
  await reads(c, dataId, 'public');
}

// beta publishes for one address and looks from it and from another.
async function beta(c, told) {
  const [ formal, gray ] = [ 'beta: formal', 'beta: gray' ];
  const send = async (content, betaIps) => {
    assert.deepStrictEqual(await request('POST', CONFIGS, { dataId: WATCHED, group: GROUP, content }, { betaIps }), { status: 200, body: 'true' });
    return performance.now();
  };
  const from = async (ip, want) => {
    const a = await request('GET', CONFIGS, { dataId: WATCHED, group: GROUP }, { 'X-Forwarded-For': ip });
    assert.deepStrictEqual(a, { status: 200, body: want }, `read from ${ip}: ${a.status} ${a.body}, want ${want}`);
  };
  await publish(c, WATCHED, formal);
  await told.await(TOLD, s => s === formal);
  await send('beta: of another', '10.9.9.9'); // not for this client
  await reads(c, WATCHED, formal);
  await from('10.9.9.9', 'beta: of another');
  const answered = await send(gray, '127.0.0.1,10.9.9.8');
  const at = await told.await(TOLD, s => s === gray);
  await reads(c, WATCHED, gray);
  await from('10.9.9.8', gray);
  await from('10.9.9.9', formal);
  const stop = await request('DELETE', CONFIGS, { dataId: WATCHED, group: GROUP, beta: 'true' });
  assert.strictEqual(stop.status, 200, stop.body);
  await told.await(TOLD, s => s === formal);
  await reads(c, WATCHED, formal);
  await from('10.9.9.8', formal);
  return `told after ${Math.max(0, at - answered).toFixed(0)} ms`;
}

module.exports = { run, client, publish, reads, GROUP };
