'use strict';

const assert = require('assert');
const { setTimeout: pause } = require('timers/promises');
const config = require('./config');
const naming = require('./naming');
const { request, account } = require('./report');

const LIFE = Number(process.env.AUTH_TOKEN_SECONDS);

async function run(report) {
  const writer = account('AUTH_WRITER');
  await report.check('right password', () => expect(writer, true, true));
  const longer = later(keepWriting(writer));
  const token = later(tokenEnds(writer));
  await report.check('wrong password', () => expect(account('AUTH_WRONG'), false, false));
  await report.check('no password', () => expect({}, false, false));
  await report.check('read permission only', () => expect(account('AUTH_READER'), true, false));
  await report.check('no permission', () => expect(account('AUTH_NOBODY'), false, false));
  await report.check('token expires', async () => (await token)());
  await report.check('login again while running', async () => (await longer)());
}

// later keeps a failure until somebody asks for it.
const later = promise => promise.then(v => () => v, err => () => { throw err; });

// expect does with one account what an application does, and says which of it
// must work. The SDK repeats a refused config request until its time is up: with
// a wrong password that time is short, as from the twentieth failure on the
// server holds logins back, and the SDK would tell of its own time-out alone.
// Its naming client tells its logger alone why the server refused.
async function expect(who, read, write) {
  const c = await config.client('', { requestTimeout: read || write ? 2000 : 500, ...who });
  const warnings = [];
  const n = await naming.client('public', who, err => warnings.push(err.status));
  const name = 'sdk-by-' + (who.username || '');
  await allowed('config read', read, () => config.reads(c, 'sdk-secret', 'open sesame'));
  await allowed('config publish', write, () => c.publishSingle(name, config.GROUP, 'x'));
  const why = call => call().catch(err => { throw new Error(`${err.message}: Status: ${warnings.pop()}`); });
  await allowed('service list', read, () => why(() => n._serverProxy.getServiceList(1, 10, 'DEFAULT_GROUP')));
  await allowed('instance register', write, () => why(() => n.registerInstance(name, naming.instance(9400))));
  c.close();
  await n.close();
}

async function allowed(what, want, action) {
  let failed;
  for (let i = 0; i < 3; i++) { // a machine that is busy answers too late, which tells nothing
    failed = await action().then(() => null, err => err);
    if (want || !/Response timeout/.test(failed?.message)) break;
  }
  assert.strictEqual(!failed, want, `${what}: allowed ${!failed}, want ${want} (${failed})`);
  if (failed) assert.match(failed.message, /Status: 403/, `${what} is refused otherwise than with 403`);
}

// tokenEnds uses one token until it is refused. (The SDK itself has no tokens:
// it sends name and password with each call.)
async function tokenEnds(who) {
  const asked = performance.now();
  const login = await request('POST', '/v1/auth/users/login', who);
  const answered = performance.now(); // the life began between these two
  assert.strictEqual(login.status, 200, login.body);
  const { accessToken, tokenTtl } = JSON.parse(login.body);
  assert(tokenTtl === LIFE || tokenTtl === LIFE - 1, `tokenTtl is ${tokenTtl}, set are ${LIFE}`);
  for (;;) {
    const a = await request('GET', '/v1/cs/configs', { dataId: 'sdk-secret', group: config.GROUP, accessToken });
    const [ most, least ] = [ asked, answered ].map(t => (performance.now() - t) / 1000);
    if (a.status !== 200) {
      assert(a.status === 403 && most >= LIFE, `after ${most} s: ${a.status} ${a.body}`);
      return `refused with 403 after ${least.toFixed(1)} s of ${LIFE}`;
    }
    assert(least <= LIFE + 2, `still taken after ${least} s`);
    await pause(200);
  }
}

// keepWriting publishes for longer than a token lives.
async function keepWriting(who) {
  const c = await config.client('', who);
  const began = performance.now();
  let n = 0;
  for (; performance.now() - began < LIFE * 2500; n++) {
    await config.publish(c, 'sdk-long', String(n));
    await pause(500);
  }
  assert(n > 10, 'too few writes to tell');
  return `${n} writes in ${LIFE * 2.5} s, name and password with each`;
}

module.exports = { run };
