// Every dialog and overlay: nothing that axe-core finds, no error, and the focus
// goes back to where it came from.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessibilityInThemes, launch, missing, openPage, settled, visit } from './browser.mjs';
import { dialogs } from './dialogs.mjs';
import { keepAlive } from './life.mjs';
import { seed } from './seed.mjs';
import { startServer } from './server.mjs';
import './watch.mjs';

const skip = missing();
let server;
let browser;
let to;
let rest;

before(async () => {
  if (skip) return;
  server = await startServer();
  to = await seed(server.local);
  rest = keepAlive(server.local, '', [1, 2, 3].map((i) => ({ serviceName: 'order-service', ip: `10.0.0.${i}`, port: 8080, cluster: 'DEFAULT' })));
  await to.publish('only-here.json', '{}', { tenant: 'staging', type: 'json' });
  browser = await launch();
});
after(async () => {
  rest?.();
  await browser?.close();
  await server?.stop();
});

test('every dialog: no error, nothing that axe-core finds, in any theme', { skip }, async () => {
  const page = await openPage(browser, { reducedMotion: 'reduce', allow: [/^404 GET .*ext\/config$/] });
  const found = [];
  for (const [name, { at, before: prepare, open }] of Object.entries(dialogs)) {
    await page.goto('about:blank');
    await prepare?.(to);
    await visit(page, `${server.outside}#${at}`);
    await open(page, to);
    await settled(page);
    // A menu is not part of a landmark: it stands beside the page while it is open.
    found.push(...(await accessibilityInThemes(page)).filter((one) => !/ region: div\[data-radix-popper/.test(one)).map((one) => `${name}: ${one}`));
    found.push(...page.wrong.splice(0).map((one) => `${name}: ${one}`));
  }
  assert.deepEqual(found, []);
  await page.context().close();
});

test('a dialog closes with Escape and gives the focus back', { skip }, async () => {
  const page = await openPage(browser);
  await page.goto(`${server.outside}#/namespaces`);
  const create = page.getByRole('button', { name: 'New namespace' });
  await create.focus();
  await page.keyboard.press('Enter');
  const inside = () => document.activeElement.closest('[role=dialog]') !== null;
  await page.waitForFunction(inside);
  for (let i = 0; i < 8; i++) { // once around
    await page.keyboard.press('Tab');
    assert.ok(await page.evaluate(inside), 'the focus left the dialog');
  }
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.waitForFunction(() => document.activeElement?.textContent === 'New namespace');
  assert.deepEqual(page.wrong, []);
  await page.context().close();
});
