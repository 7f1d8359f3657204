'use strict';

const assert = require('assert');
const path = require('path');
const readline = require('readline');
const { setTimeout: pause } = require('timers/promises');

// Report prints one line per check.
class Report {
  constructor() {
    this.failed = false;
    this._lines = null;
  }

  // check runs work, which answers what there is to tell beyond "ok" and throws
  // when it fails.
  async check(name, work) {
    let result = 'ok';
    let detail = '';
    try {
      detail = await work();
    } catch (err) {
      this.failed = true;
      result = 'fail';
      detail = String(err && err.message || err);
      console.error(name, err);
    }
    console.log(`@check\t${name}\t${result}\t${String(detail || '').replace(/[\n\t]/g, ' ')}`);
    return result === 'ok';
  }

  // ask has the runner do something to the server, and waits until it is done.
  async ask(what) {
    if (!this._lines) {
      this._lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    }
    console.log(`@ask\t${what}`);
    const { value } = await this._lines.next();
    assert.strictEqual(value, 'done', `the runner answered ${value}`);
  }
}

// Told collects what a listener is told, with the time.
class Told {
  constructor() {
    this._events = [];
    this._wake = null;
    this.last = undefined;
  }

  add(value) {
    this._events.push({ at: performance.now(), value });
    if (this._wake) this._wake();
  }

  // await waits for a value that fits, told from now on, and gives when that was.
  async await(limitMs, fits) {
    const end = performance.now() + limitMs;
    for (;;) {
      while (this._events.length) {
        const e = this._events.shift();
        this.last = e.value;
        if (fits(e.value)) return e.at;
      }
      const left = end - performance.now();
      if (left <= 0) {
        const last = this.last === undefined ? 'nothing' : JSON.stringify(this.last);
        throw new Error(`not told within ${limitMs} ms; last told: ${last.slice(0, 300)}`);
      }
      const timer = new AbortController();
      await Promise.race([
        new Promise(resolve => { this._wake = resolve; }),
        pause(left, undefined, { signal: timer.signal }).catch(() => {}),
      ]);
      timer.abort();
    }
  }
}

const server = process.env.NACOS_SERVER;
const work = name => path.join(process.env.SDK_WORK, `${name}-${process.pid}`);

// request asks without the SDK, for what the SDK cannot say.
async function request(method, route, params = {}, headers = {}) {
  const form = new URLSearchParams(params);
  const body = method === 'POST' || method === 'PUT';
  const res = await fetch(`http://${server}/nacos${route}${body ? '' : '?' + form}`, {
    method,
    headers,
    body: body ? form : undefined,
    signal: AbortSignal.timeout(10000),
  });
  return { status: res.status, body: await res.text() };
}

// account reads "user:password" from the environment.
function account(name) {
  const [ username, password ] = process.env[name].split(':');
  return { username, password };
}

module.exports = { Report, Told, request, account, server, work };
