#!/usr/bin/env node
// Screenshots of every page, dialog and state of the console: two languages, two themes, a
// desk and a phone. scripts/shots [directory] [part of a page's name]
// SHOTS=en-light-1280 takes one way only, SHOTS_ROWS is how many configs the
// largest list has, PHAROS_URL names a server that runs instead of a new one.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { launch, openPage, settled } from '../test/console-ui/browser.mjs';
import { root, startCluster, startServer } from '../test/console-ui/server.mjs';
import { dialogs } from '../test/console-ui/dialogs.mjs';
import { follow as hear, keepAlive, listen, subscribe } from '../test/console-ui/life.mjs';
import { api, seed } from '../test/console-ui/seed.mjs';
import { crowd, lengthy, more, states } from './shots.states.mjs';

const [directory = path.join(root, '.bin/shots'), only = ''] = process.argv.slice(2);
const narrow = process.env.SHOTS ?? '';
mkdirSync(directory, { recursive: true });

const pages = {
  overview: '/overview',
  configs: '/ns/public/configs',
  'configs-none': '/ns/bare/configs',
  'releases-none': '/ns/bare/releases',
  'listeners-none': '/ns/bare/listeners',
  'recycle-none': '/ns/bare/recycle',
  'services-none': '/ns/bare/services',
  'instances-none': '/ns/bare/instances',
  'clients-none': '/ns/bare/clients',
  'configs-many': '/ns/many/configs?size=500',
  'configs-nomatch': '/ns/public/configs?q=nothing-like-this',
  'config-content': '/ns/public/configs/DEFAULT_GROUP/order.yaml',
  'config-secret': '/ns/public/configs/DEFAULT_GROUP/database.yaml',
  'config-history': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=history',
  'config-listeners': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=listeners',
  'config-gray': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=gray',
  'config-graying': '/ns/public/configs/DEFAULT_GROUP/payment.json?tab=gray',
  'config-code': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=code',
  'config-missing': '/ns/public/configs/DEFAULT_GROUP/not-there',
  edit: '/ns/public/configs/DEFAULT_GROUP/order.yaml/edit',
  new: '/ns/public/configs/new',
  import: '/ns/public/import',
  releases: '/ns/public/releases',
  listeners: '/ns/public/listeners',
  recycle: '/ns/public/recycle',
  services: '/ns/public/services',
  'service-instances': '/ns/public/services/DEFAULT_GROUP/order-service',
  'service-subscribers': '/ns/public/services/DEFAULT_GROUP/order-service?tab=subscribers',
  'service-clusters': '/ns/public/services/DEFAULT_GROUP/payment-service?tab=clusters',
  'service-activity': '/ns/public/services/DEFAULT_GROUP/order-service?tab=activity',
  'service-details': '/ns/public/services/DEFAULT_GROUP/empty-service?tab=details',
  instances: '/ns/public/instances',
  clients: '/ns/public/clients',
  client: '/ns/public/clients/10.0.0.1%3A8080%23true',
  topology: '/ns/dev/topology',
  'topology-focus': '/ns/dev/topology?focus=service%3ADEFAULT_GROUP%40%40checkout',
  'topology-list': '/ns/dev/topology?view=list',
  samples: '/ns/public/samples',
  nodes: '/cluster/nodes',
  switches: '/cluster/switches',
  namespaces: '/namespaces',
  compare: '/compare?left=public&right=staging',
  users: '/access/users',
  roles: '/access/roles',
  permissions: '/access/permissions',
  explain: '/access/explain?user=li.wei',
  sessions: '/access/sessions',
  audit: '/audit',
  server: '/server',
  settings: '/settings',
  notfound: '/no/such/page',
  ...more,
};

// The same pages while the server does not answer yet, and when it refuses.
const waiting = ['overview', 'configs', 'config-content', 'config-history', 'releases', 'listeners', 'services', 'service-instances', 'nodes', 'namespaces', 'users', 'audit', 'server'];
const asked = /v3\/(auth\/|console\/(cs|ns|core)\/|console\/ext\/(?!me|capabilities|events|changes|session))/;
const refused = { status: 503, contentType: 'application/json', body: '{"code":30000,"message":"server error","data":"away","error":{"key":"unavailable","params":{}}}' };

const ways = ['en', 'zh'].flatMap((language) => ['light', 'dark'].flatMap((theme) => [1280, 390].map((width) => ({ language, theme, width })))).filter(({ language, theme, width }) => !narrow || `${language}-${theme}-${width}`.includes(narrow));

const password = 'A-long-pass-42';
const rows = Number(process.env.SHOTS_ROWS ?? 10_000); // configs in the namespace "many"

// A server that people and programs use: an administrator, a reader, clients
// that beat, wait and subscribe, a gray release, a service that is half down.
async function inhabit(base) {
  await api(base).post('v1/auth/users/admin', { password });
  const token = JSON.parse(await api(base).post('v1/auth/users/login', { username: 'nacos', password })).accessToken;
  const to = await seed(base, token);
  for (const [username, role] of [['li.wei', 'order-team'], ['auditor', 'readers'], ['somebody.with.a.rather.long.name@example.com', 'readers']]) {
    await to.post('v1/auth/users', { username, password });
    await to.post('v1/auth/roles', { role, username });
  }
  await to.post('v1/auth/permissions', { role: 'order-team', resource: 'prod:*:*', action: 'rw' });
  await to.post('v1/auth/permissions', { role: 'readers', resource: 'public:DEFAULT_GROUP:config/order.yaml', action: 'r' });
  await to.publish('database.yaml', 'db:\n  host: db.internal\n  user: app\n  password: correct-horse\n', { type: 'yaml', appName: 'order' });
  await to.publish('order.yaml', 'server:\n  port: 1\n', { tenant: 'staging', type: 'yaml' });
  await to.publish('only-here.json', '{}', { tenant: 'staging', type: 'json' });
  await fetch(`${base}v1/cs/configs`, { method: 'POST', headers: { accessToken: token, betaIps: '10.0.0.7,10.0.0.8' }, body: new URLSearchParams({ dataId: 'payment.json', group: 'DEFAULT_GROUP', content: '{\n  "currency": "EUR",\n  "retries": 5\n}\n', type: 'json' }) });
  await to.post('v1/console/namespaces', { customNamespaceId: 'bare', namespaceName: 'Bare' });
  await to.put('v1/ns/cluster', { serviceName: 'payment-service', clusterName: 'DEFAULT', checkPort: 80, useInstancePort4Check: true, healthChecker: '{"type":"NONE"}', metadata: '' });
  await to.put('v1/ns/health/instance', { serviceName: 'payment-service', clusterName: 'DEFAULT', ip: '10.0.1.1', port: 9000, healthy: false });
  for (let i = 0; i < 3; i++) { // one that comes and goes
    await to.register('order-service', '10.0.0.9', 8080);
    await to.delete('v1/ns/instance', { serviceName: 'order-service', ip: '10.0.0.9', port: 8080 });
  }
  await to.put('v1/ns/instance', { serviceName: 'order-service', clusterName: 'DEFAULT', ip: '10.0.0.2', port: 8080, weight: 7.5, enabled: false, ephemeral: true, metadata: JSON.stringify({ version: '1.2', zone: 'b', drained: 'true' }) });
  await lengthy(to);
  if (rows && (only === '' || Object.keys(pages).some((name) => name.includes('many') && name.includes(only)))) {
    await to.post('v1/console/namespaces', { customNamespaceId: 'many', namespaceName: 'Many' });
    const work = Array.from({ length: rows }, (_, i) => i);
    await Promise.all(Array.from({ length: 16 }, async () => {
      for (let i = work.pop(); i !== undefined; i = work.pop()) await to.publish(`service-${String(i).padStart(5, '0')}.yaml`, `n: ${i}\n`, { tenant: 'many', type: 'yaml', appName: `app-${i % 12}` });
    }));
    await crowd(to, rows);
  }
  const alive = [1, 2, 3, 4].map((i) => ({ serviceName: 'order-service', ip: `10.0.0.${i}`, port: 8080, cluster: 'DEFAULT', weight: 1, metadata: { version: `1.${i}`, zone: i % 2 ? 'a' : 'b', protocol: 'http' } }));
  const end = new AbortController();
  const stop = keepAlive(base, token, [...alive, ...['storefront', 'checkout'].map((serviceName, i) => ({ serviceName, namespaceId: 'dev', ip: `127.0.0.${11 + i}`, port: 80 })), { serviceName: 'inventory', groupName: 'WAREHOUSE', ip: '10.0.2.1', port: 7000 }]);
  const now = await to.get('v1/cs/configs', { dataId: 'order.yaml', group: 'DEFAULT_GROUP' });
  for (const [app, agent] of [['order', 'Nacos-Java-Client:v1.4.6'], ['order', 'Nacos-Java-Client:v1.4.6'], ['payment', 'Nacos-Go-Client:v1.1.4']]) listen(base, token, { dataId: 'order.yaml', content: now, app, agent }, end.signal);
  const namespaceId = 'dev';
  for (const [i, serviceName] of ['storefront', 'checkout', 'ledger', 'stock', 'mail'].entries()) await to.register(serviceName, `127.0.0.${11 + i}`, 80, { namespaceId, ephemeral: i < 2 });
  const chained = await Promise.all([
    hear(base, token, ['checkout', 'mail'], { namespaceId, ip: '127.0.0.11', app: 'storefront' }),
    hear(base, token, ['ledger', 'stock', 'mail'], { namespaceId, ip: '127.0.0.12', app: 'checkout' }),
    ...['web', 'web', 'mobile-backend-with-a-long-name'].map((app, i) => hear(base, token, ['storefront', ...(i ? [] : ['gone'])], { namespaceId, ip: `127.0.0.${24 + i}`, app })),
    hear(base, token, ['stock'], { namespaceId, ip: '127.0.0.27', app: 'unknown' }),
  ]);
  const follow = () => ['gateway', 'payment', 'warehouse'].forEach((app, i) => void subscribe(base, token, { serviceName: 'order-service', app, agent: 'Nacos-Java-Client:v1.4.6', port: 40_000 + i }).catch(() => undefined));
  follow();
  const again = setInterval(follow, 4000); // nobody hears what is pushed there, so they are forgotten soon
  return { to, stop: () => (stop(), chained.forEach((one) => one()), clearInterval(again), end.abort()) };
}

async function shoot(page, name, { language, theme, width }, state = '') {
  // Behind the log-in of a session that ended the page waits.
  await (state === 'waits' ? Promise.resolve() : state === 'loading' ? page.waitForFunction(() => document.querySelector('main .skeleton') && document.getAnimations().every((one) => one.playState === 'finished' || one.effect?.getTiming().iterations === Infinity), undefined, { timeout: 15_000 }) : settled(page)).catch(() => page.wrong.push('still loading'));
  await page.mouse.move(0, 0);
  await page.waitForTimeout(250);
  // All of a page, but that of a dialog stands behind it; very long ones end somewhere.
  const tall = await page.evaluate(() => (document.querySelector('[role=dialog], [role=alertdialog], [role=menu]') ? 0 : document.documentElement.scrollHeight));
  const most = width < 600 ? 1690 : 1500;
  await page.screenshot({ path: path.join(directory, `${name}.${language}.${theme}.${width}.png`), ...(tall > page.viewportSize().height && { fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(tall, most) } }) });
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) page.wrong.push(`${over} px wider than the window`);
  if (!page.wrong.length) return 0;
  console.log(`${name} ${language} ${theme} ${width}:\n  ${page.wrong.splice(0).join('\n  ')}`);
  return 1;
}

const expected = [/^401 GET .*ext\/me$/, /^503 /, /^404 GET .*ext\/config$/, /^401 /, /^403 /, /ERR_INTERNET_DISCONNECTED/, /^console error: .*(offline|ERR_)/];
const wanted = ([name]) => name.includes(only);
const given = process.env.PHAROS_URL;
const server = given ? undefined : await startServer({ 'nacos.core.auth.enabled': 'true', 'nacos.naming.clean.empty-service.expired-time': 86_400_000 });
const base = given ?? server.local;
const browser = await launch();
let failed = 0;

async function open({ language, theme, width }, to = base) {
  const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 860 }, locale: 'en-GB' });
  await context.addInitScript((stored) => location.protocol.startsWith('http') && localStorage.setItem('nc.settings', stored), JSON.stringify({ language, theme }));
  const page = await openPage(browser, { context, allow: expected });
  await page.goto(to);
  return page;
}

async function enter(page, who = 'nacos') {
  if (!server) return;
  await page.locator('input[autocomplete=username]').fill(who);
  await page.locator('input[autocomplete=current-password]').fill(password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav').first().waitFor({ state: 'attached' });
}

async function picture(way, to) {
  const page = await open(way);
  await page.locator('button, nav').first().waitFor();
  if (server && wanted(['login'])) failed += await shoot(page, 'login', way);
  await enter(page);
  for (const [name, at] of Object.entries(pages).filter(wanted)) {
    await page.goto(`${base}#${at}`);
    await page.locator('h1, main').first().waitFor();
    failed += await shoot(page, name, way);
  }
  for (const name of waiting.filter((one) => wanted([one]))) {
    let fail;
    const held = new Promise((go) => { fail = go; });
    const hold = (route) => held.then(() => route.fulfill(refused)).catch(() => undefined);
    await page.goto('about:blank');
    await page.route(asked, hold);
    await page.goto(`${base}#${pages[name]}`);
    failed += await shoot(page, `${name}-loading`, way, 'loading');
    fail();
    await page.getByRole('alert').first().waitFor({ timeout: 15_000 }).catch(() => page.wrong.push('no error is shown'));
    failed += await shoot(page, `${name}-error`, way);
    await page.unroute(asked, hold);
  }
  for (const [name, { at, before, open: show, close }] of Object.entries(dialogs).map(([key, one]) => [`dialog-${key}`, one]).filter(wanted)) {
    await page.goto('about:blank');
    await before?.(to);
    await page.goto(`${base}#${at}`);
    await page.locator('h1').first().waitFor();
    await show(page, to).catch((error) => page.wrong.push(error.message.split('\n')[0]));
    failed += await shoot(page, name, way);
    await close?.(page);
  }
  await page.context().close();
  for (const [name, { at, who, first, then }] of Object.entries(states).filter(wanted)) {
    const one = await open(way);
    await enter(one, who);
    await one.goto('about:blank');
    await first?.(one);
    await one.goto(`${base}#${at}`);
    await one.locator('h1').first().waitFor();
    await settled(one).catch(() => undefined);
    await then?.(one, to)?.catch((error) => one.wrong.push(error.message.split('\n')[0]));
    failed += await shoot(one, name, way, name === 'session-ended' ? 'waits' : '');
    await one.context().close();
  }
}

// Three nodes, as they are and with one lost: what only a cluster shows.
async function together() {
  const nodes = await startCluster();
  const take = async (state) => {
    for (const way of ways) {
      const page = await open(way, nodes[0].local);
      for (const [name, at] of [['nodes', '/cluster/nodes'], ['overview', '/overview']].filter(([name]) => wanted([`cluster-${state}-${name}`]))) {
        await page.goto(`${nodes[0].local}#${at}`);
        await page.locator('h1').first().waitFor();
        failed += await shoot(page, `cluster-${state}-${name}`, way);
      }
      await page.context().close();
    }
  };
  try {
    await seed(nodes[0].local);
    await take('whole');
    await nodes[2].kill();
    await new Promise((done) => setTimeout(done, 12_000)); // until the others have noticed
    await take('lost');
  } finally {
    await Promise.all(nodes.map((node) => node.stop()));
  }
}

try {
  for (const way of server && wanted(['setup']) ? ways : []) {
    const page = await open(way);
    await page.locator('button[type=submit]').waitFor();
    failed += await shoot(page, 'setup', way);
    await page.context().close();
  }
  const life = server ? await inhabit(base) : undefined;
  for (const way of ways) await picture(way, life?.to);
  life?.stop();
  if (server && ['cluster-whole-nodes', 'cluster-lost-nodes', 'cluster-lost-overview'].some((name) => wanted([name]))) await together();
} finally {
  await browser.close();
  await server?.stop();
}
console.log(`${directory}: ${failed} pages with errors`);
process.exit(failed ? 1 : 0);
