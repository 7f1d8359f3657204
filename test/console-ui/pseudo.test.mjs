// A language that nobody speaks, longer than any that somebody does: what is still
// English on a page was written past the catalogue, and what is cut off has no room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled, visit } from './browser.mjs';
import { dialogs } from './dialogs.mjs';
import { keepAlive } from './life.mjs';
import { seed } from './seed.mjs';
import { done, stage } from './stage.mjs';

const on = stage({
  fill: async (server) => {
    const alive = [1, 2, 3].map((i) => ({ serviceName: 'order-service', ip: `10.0.0.${i}`, port: 8080, cluster: 'DEFAULT' }));
    const to = await seed(server.local);
    keepAlive(server.local, '', alive);
    return to;
  },
});
const { skip, at } = on;
const order = '/ns/public/configs/DEFAULT_GROUP/order.yaml';
const paths = ['/overview', '/ns/public/configs', order, `${order}?tab=history`, `${order}?tab=listeners`, `${order}?tab=gray`, `${order}?tab=code`, `${order}/edit`, '/ns/public/configs/new', '/ns/public/import', '/ns/public/releases', '/ns/public/listeners', '/ns/public/recycle', '/ns/public/services', '/ns/public/services/DEFAULT_GROUP/payment-service', '/ns/public/services/DEFAULT_GROUP/payment-service?tab=clusters', '/ns/public/services/DEFAULT_GROUP/payment-service?tab=details', '/ns/public/instances', '/ns/public/clients', '/ns/public/topology', '/ns/public/samples', '/cluster/nodes', '/cluster/switches', '/namespaces', '/compare?left=public&right=staging', '/access/users', '/access/roles', '/access/permissions', '/access/explain', '/audit', '/server', '/settings', '/nowhere'];

// What no language translates: names of products, formats and protocols, units, and what is data here.
const data = [
  'Pharos', 'Nacos', 'Apache-2.0', 'MD5', 'SDK', 'CSV', 'DOT', 'HTTP', 'TCP', 'MYSQL', 'MB', 'ms', 'public', 'Default Namespace', 'English', '(development version)',
  'curl', 'Java', 'Spring Cloud Alibaba', 'Go', 'Python', 'Node.js', 'C#',
  'text', 'json', 'xml', 'yaml', 'html', 'properties', 'toml', 'application.yaml',
  'DEFAULT_GROUP', 'DEFAULT', 'GATEWAY', 'WAREHOUSE', 'CANARY', 'A_GROUP_WITH_QUITE_A_LONG_NAME_TOO', 'Production', 'Staging', 'What customers see',
  'order.yaml', 'payment.json', 'logging.properties', 'routes.xml', 'removed.txt', 'order-service', 'payment-service', 'empty-service', 'inventory',
  'com.example.commerce.fulfilment.warehouse-allocation-service-with-a-very-long-name.production.eu-central-1', 'com.example.commerce', 'warehouse-allocation-service', 'order', 'payment', 'core', 'eu', 'one', 'two', 'three', 'four', 'five',
  'Ports and stores of the order service', 'A description that goes on for a while, to see what becomes of it in a narrow place',
  'a-key-with-a-long-name=and a value that is long as well, longer than a cell', 'version', 'zone', 'protocol', 'protocol=http', 'weight', 'weight=x',
];
// What the server names in one word, like the switches, is data, too. Dates are written by the browser, in English here.
const dates = '(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(Jan|Febr)(uary)?|Feb|Mar(ch)?|Apr(il)?|May|June?|July?|Aug(ust)?|Sept?(ember)?|(Octo|Novem|Decem)ber|Oct|Nov|Dec';

/** What is English on the page as it stands, and what is cut off or runs out of its place. */
function look(page) {
  return page.evaluate(([known, day]) => {
    const found = [];
    const escaped = known.toSorted((a, b) => b.length - a.length).map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    const ours = new RegExp(`(?<![A-Za-z])(${[...escaped, day, '[a-z]+[A-Z][A-Za-z]+', '[0-9a-f]{12}'].join('|')})(?![A-Za-z])`, 'g');
    // The editor has words of its own where it has no others; the server explains its settings in English.
    const elsewhere = '.cm-editor, kbd, time, .font-mono, #main[data-at="/server"] :is(section, td)';
    const raw = (text) => /[A-Za-z]{2}/.test(text.replace(ours, ''));
    const say = (what, element, text) => found.push(`${what}: ${element.tagName.toLowerCase()} “${text.trim().slice(0, 120)}”`);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
      if (element.closest(elsewhere)) continue;
      if (node !== element) {
        if (raw(node.data)) say('English', element, node.data);
        continue;
      }
      for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description']) if (raw(node.getAttribute(name) ?? '')) say(`English ${name}`, node, node.getAttribute(name));
      const { overflowX, textOverflow } = getComputedStyle(node);
      if (!node.textContent || node.clientWidth < 2 || node.scrollWidth <= node.clientWidth + 1 || node.closest('svg')) continue; // there, and for the eye
      if (overflowX === 'hidden' && textOverflow !== 'ellipsis') say('cut off', node, node.textContent);
      if (overflowX === 'visible' && node.matches('th, td, button, label, dt, dd, h1, h2, li, p')) say('runs out', node, node.textContent);
    }
    return found;
  }, [data, dates]);
}

test('in a longer language no page has words of its own, and nothing is cut off', { skip }, async () => {
  const page = await on.open({ reducedMotion: 'reduce' });
  await page.addInitScript(() => location.protocol.startsWith('http') && localStorage.setItem('nc.pseudo', 'true'));
  const found = [];
  for (const path of paths) {
    await visit(page, at(path));
    for (const one of await look(page)) found.push(`${path}: ${one}`);
  }
  assert.deepEqual(found, []);
  await done(page);
});

// Those with the most words.
const wordy = ['config-filter', 'gray-start', 'edit-review', 'service-edit', 'instance-edit', 'cluster-edit', 'namespace-delete', 'permission-grant', 'switch-edit', 'help'];

test('nor has a dialog', { skip }, async () => {
  const page = await on.open({ reducedMotion: 'reduce' });
  await page.addInitScript(() => location.protocol.startsWith('http') && localStorage.setItem('nc.pseudo', 'true'));
  const found = [];
  for (const name of wordy) {
    const { at: path, open } = dialogs[name];
    await page.goto('about:blank'); // a page with something written on it would ask
    await visit(page, at(path));
    await open(page, on.to);
    await settled(page);
    for (const one of await look(page)) found.push(`${name}: ${one}`);
  }
  assert.deepEqual(found, []);
  await done(page);
});
