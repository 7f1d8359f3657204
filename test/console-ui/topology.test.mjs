// Who uses which service, drawn: with subscribers as they really subscribe.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { accessibility, accessibilityInThemes, settled } from './browser.mjs';
import { follow } from './life.mjs';
import { startProgram } from './sdk.mjs';
import { done, stage } from './stage.mjs';

const on = stage();
const { skip, at } = on;
const ends = [];
after(() => Promise.all(ends.map((end) => end())));

const id = (name) => `service:DEFAULT_GROUP@@${name}`;
const long = { timeout: 30_000 };

// A chain in the namespace dev: web, frontend, checkout, ledger; each at an address of its own.
let chained;
function chain() {
  chained ??= (async () => {
    const namespaceId = 'dev';
    for (const [i, name] of ['frontend', 'checkout', 'ledger'].entries()) await on.to.register(name, `127.0.0.${11 + i}`, 80, { namespaceId, ephemeral: false });
    ends.push(
      await follow(on.server.local, '', ['checkout'], { namespaceId, ip: '127.0.0.11', app: 'frontend' }),
      await follow(on.server.local, '', ['ledger'], { namespaceId, ip: '127.0.0.12', app: 'checkout' }),
      await follow(on.server.local, '', ['frontend'], { namespaceId, ip: '127.0.0.14', app: 'web' }),
    );
  })();
  return chained;
}

const drawn = async (page) => ({
  nodes: (await page.locator('[data-node]').evaluateAll((all) => all.map((one) => one.dataset.node))).sort(),
  edges: (await page.locator('[data-edge]').evaluateAll((all) => all.map((one) => one.dataset.edge))).sort(),
});

test('a program that subscribes is drawn, without a reload', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/topology'));
  await page.locator(`[data-node="${id('payment-service')}"]`).waitFor(); // it is persistent: it stays, however long this takes
  assert.equal(await page.locator(`[data-edge$=" ${id('payment-service')}"]`).count(), 0);
  const program = await startProgram(`127.0.0.1:${on.server.port}`, { service: 'gateway', dataId: 'gateway.yaml', port: 5001, uses: ['payment-service'] });
  ends.push(program.stop);
  await program.until((told) => told.hosts?.length === 1);
  await page.locator(`[data-edge$=" ${id('payment-service')}"]`).waitFor({ state: 'attached', ...long });
  await page.locator(`[data-node="${id('gateway')}"]`).waitFor(long);
  await done(page);
});

test('the focus and how far one looks are in the address', { skip }, async () => {
  await chain();
  const page = await on.open();
  await page.goto(at('/ns/dev/topology'));
  await page.locator(`[data-node="${id('checkout')}"]`).click();
  await page.waitForURL(/focus=/);
  await page.getByText('If it goes down, 1 service and 1 other subscriber are hit.').waitFor();
  await page.locator('[data-node="application:web"]').waitFor({ state: 'detached' });
  assert.deepEqual(await drawn(page), { nodes: [id('checkout'), id('frontend'), id('ledger')], edges: [`${id('checkout')} ${id('ledger')}`, `${id('frontend')} ${id('checkout')}`] });
  await page.getByLabel('Depth').selectOption('2 steps');
  await page.locator('[data-node="application:web"]').waitFor();
  await page.reload();
  await page.locator('[data-node="application:web"]').waitFor();
  assert.match(page.url(), /depth=2/);
  assert.equal((await drawn(page)).nodes.length, 4);
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.getByLabel('Depth').waitFor({ state: 'detached' });
  assert.doesNotMatch(page.url(), /focus|depth/);
  await done(page);
});

test('the list says what the drawing shows', { skip }, async () => {
  await chain();
  const page = await on.open({ reducedMotion: 'reduce' });
  await page.goto(at('/ns/dev/topology'));
  await page.locator('[data-node="application:web"]').waitFor();
  const { nodes, edges } = await drawn(page);
  assert.equal(edges.length, 3);
  await settled(page);
  assert.deepEqual(await accessibilityInThemes(page), []);
  await page.getByRole('tab', { name: 'List' }).click();
  await page.getByRole('table', { name: 'Topology' }).waitFor();
  assert.match(page.url(), /view=list/);
  const bare = (name) => name.replace(/^.*[@:]/, '');
  const rows = await page.getByRole('table', { name: 'Topology' }).locator('tbody tr').evaluateAll((all) =>
    all.map((row) => ({
      name: row.querySelector('td').innerText.split('\n')[0].trim(),
      by: [...row.querySelectorAll('ul[aria-label="Used by"] li')].map((one) => one.innerText.trim().split(' ')[0]),
      uses: [...row.querySelectorAll('ul[aria-label="Uses"] li')].map((one) => one.innerText.trim().split(' ')[0]),
    })),
  );
  const pairs = edges.map((edge) => edge.split(' ').map(bare).join(' ')).sort();
  assert.deepEqual(rows.map((row) => row.name).sort(), nodes.map(bare).sort());
  assert.deepEqual(rows.flatMap((row) => row.by.map((from) => `${from} ${row.name}`)).sort(), pairs);
  assert.deepEqual(rows.flatMap((row) => row.uses.map((to) => `${row.name} ${to}`)).sort(), pairs);
  await settled(page);
  assert.deepEqual(await accessibility(page), []);
  await page.getByRole('button', { name: 'Focus on ledger' }).click();
  await page.getByRole('row', { name: /web/ }).waitFor({ state: 'detached' });
  await done(page);
});

test('of very many services no more is drawn than one can look at; it moves with the hand', { skip }, async () => {
  await on.to.post('v1/console/namespaces', { customNamespaceId: 'crowd', namespaceName: 'Crowd' });
  const names = Array.from({ length: 300 }, (_, i) => `crowd-${i}`);
  const waiting = [...names];
  await Promise.all(Array.from({ length: 8 }, async () => {
    for (let name = waiting.pop(); name; name = waiting.pop()) await on.to.register(name, '10.9.9.9', 80, { namespaceId: 'crowd', ephemeral: false });
  }));
  ends.push(await follow(on.server.local, '', names.slice(0, 250), { namespaceId: 'crowd', app: 'all' }));
  const page = await on.open();
  await page.goto(at('/ns/crowd/topology'));
  await page.locator('[data-node="rest:service"]').waitFor(long);
  const { nodes } = await drawn(page);
  assert.ok(nodes.length <= 150 && nodes.length > 140, `${nodes.length} nodes`);
  await page.getByText('50 services that nobody uses are left out.').waitFor();
  const drawing = page.getByTestId('topology');
  const moved = () => drawing.locator('> g').getAttribute('transform');
  const before = await moved();
  const box = await drawing.boundingBox();
  await page.mouse.move(box.x + 5, box.y + 5);
  await page.mouse.down();
  await page.mouse.move(box.x + 60, box.y + 45, { steps: 4 });
  await page.mouse.up();
  const after = await moved();
  assert.notEqual(after, before);
  await page.getByRole('button', { name: 'Closer' }).click();
  assert.notEqual(await moved(), after);
  await page.getByRole('button', { name: 'Show all of it' }).click();
  assert.equal(await moved(), before);
  await done(page);
});
