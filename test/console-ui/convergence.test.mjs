// Who has which version, with clients that really listen: programs with the SDK of
// the 2.x generation, of which one can be stopped for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibilityInThemes, settled } from './browser.mjs';
import { programs } from './sdk.mjs';
import { done, stage, write } from './stage.mjs';

const on = stage();
const { skip, at } = on;
const start = programs(on);

/** A row of the table of clients, by the application. */
const rowOf = (page, app) => page.getByRole('table', { name: 'Clients' }).getByRole('row', { name: new RegExp(app) });

test('three programs listen: a release reaches those that run, the one that is stopped is behind, and catches up', { skip }, async () => {
  await on.to.publish('rollout.yaml', 'a: 1\n', { type: 'yaml' });
  const [first, second, frozen] = await Promise.all(['first', 'second', 'frozen'].map((name) => start(name, 'listen rollout.yaml')));
  await Promise.all([first, second, frozen].map((one) => one.until((told) => told.content === 'a: 1\n')));
  const page = await on.open({ reducedMotion: 'reduce' });
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/rollout.yaml?tab=listeners'));
  await page.getByText('3 of 3 clients up to date').waitFor();
  // Processes of one address are told apart: each has a row of its own.
  const addresses = await page.getByRole('table', { name: 'Clients' }).getByText(/^127\.0\.0\.1:\d+/).allTextContents();
  assert.equal(new Set(addresses.map((one) => /^127\.0\.0\.1:\d+/.exec(one)[0])).size, 3, addresses.join());
  for (const name of ['first', 'second', 'frozen']) await rowOf(page, name).getByText('gRPC').waitFor();

  frozen.signal('SIGSTOP');
  await page.goto(at('/ns/public/configs/DEFAULT_GROUP/rollout.yaml/edit'));
  await write(page, 'a: 2\n');
  await page.keyboard.press('ControlOrMeta+s');
  await page.getByRole('dialog').getByRole('button', { name: 'Publish to 3 clients' }).click();
  await Promise.all([first, second].map((one) => one.until((told) => told.content === 'a: 2\n')));
  await page.getByText('2 of 3 clients up to date').waitFor();
  for (const name of ['first', 'second']) await rowOf(page, name).getByText('Current').waitFor();
  const late = rowOf(page, 'frozen');
  await late.getByText('Behind').waitFor();
  const since = await late.locator('time').getAttribute('datetime');
  assert.ok(Date.now() - Date.parse(since) < 600_000, `behind since ${since}`);
  await settled(page);
  assert.deepEqual(await accessibilityInThemes(page), []);
  await page.getByRole('checkbox', { name: 'Only those behind' }).click();
  await page.waitForURL(/only=behind/);
  await rowOf(page, 'first').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Push again to 1 client', exact: true }).click();
  await page.getByText(/of 1 client was told again|1 client was told again/).waitFor();
  await page.getByText('2 of 3 clients up to date').waitFor(); // it hears nothing

  frozen.signal('SIGCONT');
  await frozen.until((told) => told.content === 'a: 2\n');
  await page.getByText('3 of 3 clients up to date').waitFor();
  await page.getByText('No client is behind').first().waitFor();
  await done(page);
});
