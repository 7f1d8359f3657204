'use strict';

const assert = require('assert');
const { fork } = require('child_process');
const { setTimeout: pause } = require('timers/promises');
const { NacosNamingClient } = require('nacos');
const { Told, request, server } = require('./report');

const SERVICE = 'sdk-naming';
const LOST = 'sdk-lost';
const ADDRESS = '127.0.0.1';
const PORT = 9001;
const LIVE_PORT = 9301;
const DEAD_PORT = 9302;
const ROUNDS = 5;

const PUSH_LIMIT = 100; // ms from the write's answer to the listener
const WAIT = 10000; // for anything that is to come at once
const BEAT = 60000;

// A silent instance is unhealthy after 15 s and gone after 30 s, counted from
// its last beat. That is up to 5 s before the kill, and the server looks every
// 5 s at the most.
const UNHEALTHY = [ 9000, 21000 ];
const GONE = [ 24000, 36000 ];

const METADATA = { zone: '北京-1', json: '{"a":[1,"&=+%"]}', empty: '' };

const logger = { info() {}, debug() {}, log() {}, warn: console.error, error: console.error };

async function client(namespace = 'public', who = {}, warn = console.error) {
  const c = new NacosNamingClient({ logger: { ...logger, warn }, serverList: server, namespace, ...who });
  c.on('error', console.error);
  await c.ready();
  return c;
}

const instance = (port, metadata = {}, weight = 2.5) => ({ ip: ADDRESS, port, weight, clusterName: 'DEFAULT', metadata });

// provide registers an instance and beats for it until it is killed.
async function provide(service, port) {
  process.on('disconnect', () => process.exit(0)); // with the parent
  const c = await client();
  await c.registerInstance(service, instance(port));
}

function subscribe(c, service) {
  const told = new Told();
  c.subscribe(service, hosts => told.add(hosts));
  return told;
}

const at = (hosts, port) => hosts.find(h => h.port === port);

// listed is what the server lists, asked without the SDK and its cache.
async function listed(service, namespaceId = '') {
  const a = await request('GET', '/v1/ns/instance/list', { serviceName: service, namespaceId });
  assert.strictEqual(a.status, 200, a.body);
  return JSON.parse(a.body).hosts;
}

async function run(report) {
  const c = await client();
  if (!await report.check('register', () => c.registerInstance(SERVICE, instance(PORT, METADATA)))) return;
  const minder = mind().then(text => () => text, err => () => { throw err; });
  const lost = await watchLost(c);
  await report.check('list', async () => {
    const hosts = await listed(SERVICE);
    assert.strictEqual(hosts.length, 1, JSON.stringify(hosts));
    const { ip, port, clusterName, weight, healthy, enabled, ephemeral, metadata } = hosts[0];
    assert.deepStrictEqual({ ip, port, clusterName, weight, healthy, enabled, ephemeral, metadata }, {
      ip: ADDRESS, port: PORT, clusterName: 'DEFAULT', weight: 2.5, healthy: true, enabled: true, ephemeral: true, metadata: METADATA,
    });
  });
  const sub = subscribe(c, SERVICE);
  if (!await report.check('subscribe', async () => { await sub.await(WAIT, hosts => at(hosts, PORT)); })) return;
  await toldOfWrites(report, c, sub);
  await report.check('told: many at once', () => toldOfMany(c, sub));
  await report.check('list services', async () => {
    const list = await c._serverProxy.getServiceList(1, 100, 'DEFAULT_GROUP'); // the SDK has it, though not on its client
    assert.deepStrictEqual([ list.count, [ ...list.data ].sort() ], [ 2, [ LOST, SERVICE ]]);
  });
  await report.check('namespace', async () => {
    const spaced = await client('sdk-space');
    await spaced.registerInstance('sdk-spaced', instance(9200));
    assert.strictEqual((await spaced.selectInstances('sdk-spaced')).length, 1, 'in its namespace');
    assert.strictEqual((await listed('sdk-spaced')).length, 0, 'in the public namespace');
    await spaced.deregisterInstance('sdk-spaced', instance(9200));
  });
  await lostChecks(report, c, lost);
  await report.check('healthy for 60 s', async () => (await minder)());
  await report.check('deregister', async () => {
    // The SDK ignores an empty list, so another instance stays.
    await c.registerInstance(SERVICE, instance(9002));
    await c.deregisterInstance(SERVICE, instance(PORT));
    await sub.await(WAIT, hosts => !at(hosts, PORT) && at(hosts, 9002));
    await c.deregisterInstance(SERVICE, instance(9002));
    assert.deepStrictEqual(await listed(SERVICE), []);
  });
}

// mind looks every second whether the instance is listed as healthy.
async function mind() {
  const began = performance.now();
  let looks = 0;
  for (; performance.now() - began < BEAT; looks++) {
    await pause(1000);
    const hosts = await listed(SERVICE);
    const h = at(hosts, PORT);
    assert(h && h.healthy, `listed after ${(performance.now() - began) / 1000} s: ${JSON.stringify(hosts)}`);
  }
  return `${looks} looks in ${Math.round((performance.now() - began) / 1000)} s`;
}

// toldOfWrites measures how long after a write's answer the listener knows.
async function toldOfWrites(report, c, sub) {
  const times = { 'told: new': [], 'told: changed': [], 'told: deregistered': [] };
  let failed;
  const measure = async (name, write, fits) => {
    await write();
    const answered = performance.now();
    times[name].push(Math.max(0, await sub.await(WAIT, fits) - answered));
  };
  try {
    for (let port = 9010; port < 9010 + ROUNDS; port++) {
      await measure('told: new', () => c.registerInstance(SERVICE, instance(port, { v: '1' })), hosts => at(hosts, port));
      // The SDK has no update: an application registers again.
      await measure('told: changed', () => c.registerInstance(SERVICE, instance(port, { v: '2' }, 7)), hosts => {
        const h = at(hosts, port);
        return h && h.metadata.v === '2' && h.weight === 7;
      });
      await measure('told: deregistered', () => c.deregisterInstance(SERVICE, instance(port)), hosts => !at(hosts, port));
    }
  } catch (err) {
    failed = err;
  }
  for (const [ name, all ] of Object.entries(times)) await report.check(name, () => judge(all, failed));
}

// judge compares the median of the rounds with the limit: one slow round on a
// busy machine says nothing, and a poll of the SDK (10 s) would show in all.
function judge(times, failed) {
  if (times.length < ROUNDS) throw failed;
  const sorted = [ ...times ].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const text = `${median.toFixed(1)} ms after the write's answer (median of ${ROUNDS}, slowest ${sorted[ROUNDS - 1].toFixed(1)})`;
  assert(median <= PUSH_LIMIT, text);
  return text;
}

// toldOfMany makes the push datagram long enough to be compressed.
async function toldOfMany(c, sub) {
  const ports = Array.from({ length: 12 }, (_, i) => 9100 + i);
  for (const port of ports) await c.registerInstance(SERVICE, instance(port, METADATA));
  const answered = performance.now();
  const told = await sub.await(WAIT, hosts => hosts.length === ports.length + 1);
  for (const port of ports) await c.deregisterInstance(SERVICE, instance(port));
  await sub.await(WAIT, hosts => hosts.length === 1);
  return `${ports.length} instances, ${Math.max(0, told - answered).toFixed(1)} ms`;
}

// watchLost follows an instance whose process is killed, beside one that lives.
async function watchLost(c) {
  const provider = fork(require.resolve('./main.js'), [ 'provider', LOST, String(DEAD_PORT) ], { stdio: [ 'ignore', 'ignore', 'inherit', 'ipc' ] });
  const lost = {};
  try {
    await c.registerInstance(LOST, instance(LIVE_PORT));
    lost.sub = subscribe(c, LOST);
    await lost.sub.await(WAIT, hosts => at(hosts, DEAD_PORT) && at(hosts, DEAD_PORT).healthy);
  } catch (err) {
    lost.failed = err;
  }
  const gone = new Promise(resolve => provider.once('exit', resolve));
  provider.kill('SIGKILL');
  await gone;
  lost.killed = performance.now();
  return lost;
}

async function lostChecks(report, c, lost) {
  const within = async ([ from, to ], fits) => {
    if (lost.failed) throw lost.failed;
    const after = await lost.sub.await(lost.killed + to + 5000 - performance.now(), fits) - lost.killed;
    const text = `${(after / 1000).toFixed(1)} s after the kill`;
    assert(after >= from && after <= to, `${text}, not between ${from} and ${to} ms`);
    return text;
  };
  await report.check('told: beats stopped, unhealthy', () => within(UNHEALTHY, hosts => at(hosts, DEAD_PORT) && !at(hosts, DEAD_PORT).healthy));
  await report.check('select healthy', async () => {
    const ports = async healthy => (await c.selectInstances(LOST, undefined, 'DEFAULT', healthy)).map(h => h.port);
    assert.deepStrictEqual([ await ports(true), await ports(false) ], [[ LIVE_PORT ], [ DEAD_PORT ]]);
  });
  await report.check('told: beats stopped, lost', () => within(GONE, hosts => !at(hosts, DEAD_PORT) && at(hosts, LIVE_PORT)));
}

module.exports = { run, provide, client, instance };
