// Real SDK clients in a process of their own: the nacos package of Node, as an
// application uses it. It is installed once, beside the built binary.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import { after } from 'node:test';
import { root } from './server.mjs';

const patience = 60_000; // milliseconds: the machine may be busy

const home = path.join(root, '.bin', 'console-sdk');

function install() {
  if (existsSync(path.join(home, 'node_modules/nacos/package.json'))) return;
  mkdirSync(home, { recursive: true });
  for (const name of ['package.json', 'package-lock.json']) cpSync(path.join(root, 'test/sdk/node', name), path.join(home, name));
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: home, stdio: 'inherit' });
}

const program = `
const { NacosNamingClient, NacosConfigClient } = require('nacos');
const [server, service, dataId, port, ...uses] = process.argv.slice(1);
const logger = { info() {}, debug() {}, log() {}, warn: console.error, error: console.error };
(async () => {
  const naming = new NacosNamingClient({ logger, serverList: server, namespace: 'public' });
  await naming.ready();
  await naming.registerInstance(service, { ip: '127.0.0.1', port: Number(port), metadata: { from: 'sdk' } });
  naming.subscribe(service, (hosts) => console.log(JSON.stringify({ hosts: hosts.map((one) => ({ port: one.port, weight: one.weight, enabled: one.enabled })) })));
  for (const name of uses) naming.subscribe(name, () => undefined);
  const config = new NacosConfigClient({ logger, serverAddr: server, requestTimeout: 6000 });
  config.subscribe({ dataId, group: 'DEFAULT_GROUP' }, (content) => console.log(JSON.stringify({ content })));
})().catch((error) => { console.error(error); process.exit(1); });
`;

/** What a program prints, line by line, and when it ends. */
function follow(child) {
  const told = [];
  const waiting = new Set();
  readline.createInterface({ input: child.stdout }).on('line', (line) => {
    told.push(JSON.parse(line));
    waiting.forEach((look) => look());
  });
  process.once('exit', () => child.kill('SIGKILL')); // also where it was stopped
  child.setMaxListeners(0); // one for each that waits
  return {
    /** Resolves once the program has been told something that fits. */
    until: (fits) =>
      new Promise((done, fail) => {
        const give = (why) => fail(new Error(`the program ${why} and was told ${JSON.stringify(told)}`));
        const limit = setTimeout(() => give('waits'), patience);
        child.once('exit', () => give('has ended')); // nothing happens where this is settled already
        const look = () => {
          const found = told.find(fits);
          if (!found) return;
          clearTimeout(limit);
          waiting.delete(look);
          done(found);
        };
        waiting.add(look);
        look();
      }),
    signal: (name) => child.kill(name),
    stop: () => new Promise((done) => (child.exitCode === null && !child.signalCode ? child.once('exit', done) && child.kill('SIGKILL') : done())),
  };
}

/** A program that registers an instance, watches its service and those that it uses, and listens to a config. */
export async function startProgram(address, { service, dataId, port, uses = [] }) {
  install();
  return follow(spawn(process.execPath, ['-e', program, address, service, dataId, String(port), ...uses], { cwd: home, stdio: ['ignore', 'pipe', 'inherit'] }));
}

const second = path.join(root, '.bin', 'console-sdk-go');
let compiled = false;

/**
 * A program with the SDK of Go of the 2.x generation, which speaks gRPC. It takes its steps one after the other:
 * register SERVICE:PORT, subscribe SERVICE, listen DATA_ID, sick SERVICE:PORT, deregister SERVICE:PORT.
 */
export async function startClient(addresses, name, ...steps) {
  if (!compiled) {
    execFileSync('go', ['build', '-o', second, '.'], { cwd: path.join(root, 'test/sdk/go2'), stdio: 'inherit' });
    compiled = true;
  }
  const work = mkdtempSync(path.join(os.tmpdir(), 'pharos-sdk-'));
  const child = spawn(second, ['live', name, ...steps], { env: { ...process.env, NACOS_SERVER: addresses, SDK_WORK: work }, cwd: work, stdio: ['pipe', 'pipe', 'inherit'] });
  child.once('exit', () => rmSync(work, { recursive: true, force: true }));
  const one = follow(child);
  const done = (step) => one.until((told) => told.done === step);
  await Promise.all(steps.map(done));
  return {
    ...one,
    /** Has it take one more step, and waits until that is done. Each step can be taken once. */
    take: (step) => (child.stdin.write(`${step}\n`), done(step)),
  };
}

/** startClient for the tests of a stage; what it starts ends with them. */
export function programs(on) {
  const started = [];
  after(() => Promise.all(started.map((one) => one.stop())));
  return async (...steps) => {
    const one = await startClient(`127.0.0.1:${on.server.port}`, ...steps);
    started.push(one);
    return one;
  };
}
