// A real server for the browser tests: the binary, a directory of its own, free ports.
import { execFileSync, spawn } from 'node:child_process';
import dgram from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

let built;

/** The servers that run. */
export const running = new Set();

/** The binary of these sources, or the one that PHAROS_BIN names. */
export function binary() {
  if (process.env.PHAROS_BIN) return process.env.PHAROS_BIN;
  if (!built) {
    built = path.join(root, '.bin', 'pharos-console-test');
    execFileSync('go', ['build', '-tags', 'nomsgpack', '-o', built, './cmd/pharos'], { cwd: root, stdio: 'inherit' });
  }
  return built;
}

/** An address of this machine that is not loopback: there a browser has no secure context. */
export function outsideAddress() {
  const found = Object.values(os.networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal);
  return found?.address ?? '127.0.0.1';
}

const isFree = (port) =>
  new Promise((done) => {
    const probe = net.createServer();
    probe.once('error', () => done(false));
    probe.listen(port, () => probe.close(() => done(true)));
  });

/** Claims a port until this process ends: a UDP socket on it tells other test files that run now, also while a server of ours is down. */
const claim = (port) =>
  new Promise((done) => {
    const socket = dgram.createSocket('udp4').unref();
    socket.once('error', () => done(null));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => done(socket));
  });

/** Ports that are free with those that follow from them, for gRPC and for the other nodes. Below the range from which outgoing connections take theirs, they are still free when a server starts again. */
async function freePorts(count) {
  const offsets = [-1000, 0, 1000, 1001];
  const found = [];
  while (found.length < count) {
    const port = 21_000 + Math.floor(Math.random() * 9_000);
    const claims = await Promise.all(offsets.map((offset) => claim(port + offset)));
    const ours = claims.every(Boolean) && (await Promise.all(offsets.map((offset) => isFree(port + offset)))).every(Boolean);
    if (ours) found.push(port);
    else for (const socket of claims) socket?.close();
  }
  return found;
}

async function ready(url, child, log) {
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log.join('')}`);
    const ok = await fetch(url).then((answer) => answer.ok, () => false);
    if (ok) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`the server did not start:\n${log.join('')}`);
}

/** Starts a server with the console that is built in, or that of PHAROS_CONSOLE_DIR; settings are keys of its configuration. */
export async function startServer(settings = {}, known = {}) {
  const directory = known.directory ?? mkdtempSync(path.join(os.tmpdir(), 'pharos-console-'));
  const [port, consolePort] = known.ports ?? (await freePorts(2));
  const page = process.env.PHAROS_CONSOLE_DIR ? { 'pharos.console.dir': process.env.PHAROS_CONSOLE_DIR } : {};
  const all = { 'nacos.console.port': consolePort, ...page, ...settings };
  const args = ['--port', String(port), '--data', directory, ...(known.args ?? []), ...Object.entries(all).flatMap(([key, value]) => ['--set', `${key}=${value}`])];
  const child = spawn(binary(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  const one = { port, log };
  running.add(one);
  child.once('exit', () => running.delete(one));
  // Where a test fails it may not be stopped: then it neither holds the tests up nor survives them.
  for (const part of [child, child.stdout, child.stderr]) part.unref();
  process.once('exit', () => child.kill('SIGKILL'));
  child.stdout.on('data', (part) => log.push(String(part)));
  child.stderr.on('data', (part) => log.push(String(part)));
  const host = known.host ?? '127.0.0.1';
  const local = `http://${host}:${port}/nacos/`;
  await ready(`${local}v3/console/health/readiness`, child, log);
  const end = (signal = 'SIGTERM') => new Promise((done) => {
    if (child.exitCode !== null || child.signalCode) return done();
    child.ref();
    child.once('exit', done);
    child.kill(signal);
  });
  return {
    host,
    port,
    consolePort,
    directory,
    log,
    local,
    outside: `http://${outsideAddress()}:${port}/nacos/`,
    code: () => /"code":"([\w-]+)"/.exec(log.join(''))?.[1] ?? '',
    end,
    kill: () => end('SIGKILL'),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    restart: async () => {
      await end();
      return startServer(settings, { ...known, directory, ports: [port, consolePort] });
    },
    stop: async () => {
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts nodes that are one server, all at one address or each at its own. Each needs its port less 1000 for the others. */
export async function startCluster(size = 3, hostOf = () => '127.0.0.1') {
  const ports = await freePorts(size);
  const settings = {
    'nacos.member.list': ports.map((port, i) => `${hostOf(i)}:${port}`).join(','),
    'pharos.cluster.secret': randomBytes(32).toString('base64'),
    'nacos.console.port': 0,
  };
  return Promise.all(ports.map((port, i) => startServer(settings, { host: hostOf(i), ports: [port, 0], args: ['--mode', 'cluster', '--bind', hostOf(i)] })));
}

/** A proxy that serves the console below another prefix, and takes that off. What it holds back gets no answer. */
export async function prefixProxy(port, prefix = '/ops/tools/x', holds = () => false) {
  const proxy = http.createServer((question, answer) => {
    if (!question.url.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end();
      return;
    }
    if (holds(question.url.split('?')[0])) return;
    const headers = { ...question.headers, 'x-forwarded-host': question.headers.host };
    const asked = http.request({ host: '127.0.0.1', port, method: question.method, path: question.url.replace(prefix, '/nacos'), headers }, (said) => {
      answer.writeHead(said.statusCode, said.headers);
      said.pipe(answer);
    });
    asked.on('error', () => answer.destroy());
    answer.on('close', () => asked.destroy());
    question.pipe(asked);
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  proxy.unref(); // a failed test does not stop it
  return { url: `http://127.0.0.1:${proxy.address().port}${prefix}/`, stop: () => (proxy.closeAllConnections(), proxy.close()) };
}
