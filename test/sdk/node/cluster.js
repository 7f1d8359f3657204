// An application that knows three nodes and goes on while one after the other
// is lost.
'use strict';

const assert = require('assert');
const { setTimeout: pause } = require('timers/promises');
const naming = require('./naming');
const config = require('./config');
const { server } = require('./report');

const SERVICE = 'sdk-cluster';
const VISITED = 'sdk-visited';
const DATA_ID = 'sdk-watched.yaml';
const LOSS = 8000; // ms of calls while a node is lost: more than it takes to be noticed
const BACK = 3000;
const BEHIND = 1000; // a read from another node than the one written to may be this old
const FIRST = 10000;
const TOLD = 15000;

async function patiently(limit, call) {
  const end = performance.now() + limit;
  for (;;) {
    try {
      return await call();
    } catch (err) {
      if (performance.now() > end) throw err;
    }
    await pause(20);
  }
}

async function run(report) {
  let n, c;
  let version = 0;
  let empty = 0;
  let told = '';
  const content = () => `v: ${version}`;
  // The SDK answers from what it was told; select asks for healthy ones.
  const listed = async () => {
    const hosts = await n.selectInstances(SERVICE, 'DEFAULT_GROUP', '', true, true);
    assert.strictEqual(hosts.length, 2, `listed are ${JSON.stringify(hosts)}`);
  };
  const publish = async () => {
    version++;
    assert.strictEqual(await c.publishSingle(DATA_ID, config.GROUP, content()), true);
    await patiently(BEHIND, () => config.reads(c, DATA_ID, content()));
  };
  const visit = async () => {
    await n.registerInstance(VISITED, naming.instance(9003));
    await n.deregisterInstance(VISITED, naming.instance(9003));
  };
  const during = async (what, limit) => {
    await report.ask(what);
    const began = performance.now();
    let slowest = 0;
    let calls = 0;
    while (performance.now() - began < limit) {
      for (const [ name, call ] of Object.entries({ publish, listed, register: visit })) {
        const at = performance.now();
        try {
          await call();
        } catch (err) {
          throw new Error(`${name}, ${(at - began).toFixed(0)} ms after it, call ${calls}: ${err.message}`);
        }
        slowest = Math.max(slowest, performance.now() - at);
        calls++;
      }
      await pause(200);
    }
    return `${calls} rounds of calls, the slowest ${slowest.toFixed(0)} ms`;
  };

  if (!await report.check('register', async () => {
    n = await naming.client();
    await n.registerInstance(SERVICE, naming.instance(9001));
    await n.registerInstance(SERVICE, naming.instance(9002));
    n.subscribe(SERVICE, hosts => { if (!hosts.length) empty++; });
    await patiently(FIRST, listed);
    empty = 0; // what was told before the first list
  })) return;
  if (!await report.check('publish', async () => {
    c = await config.client();
    await publish();
    c.subscribe({ dataId: DATA_ID, group: config.GROUP }, text => { told = text; });
  })) return;
  for (let node = 1; node <= server.split(',').length; node++) {
    await report.check(`node ${node} lost`, () => during(`kill ${node}`, LOSS));
    await report.check(`node ${node} back`, () => during(`start ${node}`, BACK));
  }
  await report.check('listener told', async () => {
    await publish();
    await patiently(TOLD, async () => assert.strictEqual(told, content()));
  });
  await report.check('never an empty list', async () => assert.strictEqual(empty, 0, `told of an empty list ${empty} times`));
  await report.check('deregister', async () => { await n.deregisterInstance(SERVICE, naming.instance(9002)); });
}

module.exports = { run };
