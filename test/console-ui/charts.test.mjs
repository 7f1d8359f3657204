// The charts of the overview: a closer look by pointer and by keys, kept in the address,
// and what happened meanwhile marked in them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessibilityInThemes, settled } from './browser.mjs';
import { api } from './seed.mjs';
import { done, stage } from './stage.mjs';

const on = stage({ fill: async (server) => api(server.local) });
const { skip, at } = on;

const windowIn = (url) => {
  const search = new URLSearchParams(new URL(url).hash.split('?')[1]);
  return [Number(search.get('from')), Number(search.get('to'))];
};

/** Where the marks are in each chart: shares of its width. */
const marked = (page, kind) =>
  page.evaluate(
    (wanted) => [...document.querySelectorAll('.u-over')].map((over) => [...over.querySelectorAll(`[data-mark=${wanted}]`)].map((mark) => [Number(mark.dataset.at), parseFloat(mark.style.left) / over.clientWidth])),
    kind,
  );

test('dragging over a chart zooms all of them; that is in the address, outlives a reload, and is undone', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/overview'));
  const charts = page.locator('.u-over');
  await charts.nth(7).waitFor();
  await settled(page);
  const box = await charts.nth(1).boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * 0.25, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, y, { steps: 4 });
  await page.mouse.move(box.x + box.width * 0.75, y, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const [from, to] = windowIn(page.url());
  assert.ok(Math.abs(to - from - 450_000) < 30_000, `half of a quarter of an hour, not ${to - from} ms`);
  const zoom = page.getByRole('group', { name: 'Zoom of the charts' });
  const said = await zoom.getByRole('status').textContent();
  await page.reload();
  await zoom.getByRole('status').filter({ hasText: said }).waitFor();
  assert.deepEqual(windowIn(page.url()), [from, to]);
  await settled(page);
  assert.deepEqual(await accessibilityInThemes(page), []);
  await zoom.getByRole('button', { name: 'Reset the zoom' }).click();
  await page.waitForURL((url) => !/from=/.test(url.href));
  await zoom.getByText('Drag over a chart to look closer').waitFor();
  await page.goBack();
  await zoom.getByRole('status').filter({ hasText: said }).waitFor();
  await done(page);
});

test('keys zoom as well: in, along, out; another range shows the whole again', { skip }, async () => {
  const page = await on.open({ settings: { language: 'zh' } });
  await page.goto(at('/overview'));
  await page.locator('.u-over').first().waitFor();
  const zoom = page.getByRole('group', { name: '图表缩放' });
  const press = async (name) => {
    const before = page.url();
    await zoom.getByRole('button', { name, exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.href !== before);
    return windowIn(page.url());
  };
  const near = (a, b) => assert.ok(Math.abs(a - b) <= 2, `${a} is not ${b}`);
  const [from, to] = await press('放大');
  near(to - from, 450_000);
  const [earlier] = await press('更早');
  near(from - earlier, 225_000);
  const [wider, end] = await press('缩小');
  near(end - wider, 900_000);
  const [later] = await press('更晚');
  assert.ok(later > wider);
  await page.getByRole('radio', { name: '1 小时' }).press('Enter');
  await page.waitForURL((url) => !/from=/.test(url.href) && /range=1h/.test(url.href));
  await done(page);
});

test('a release is marked in every chart where it happened, and is in the list of marks', { skip }, async () => {
  const before = Date.now();
  await on.to.publish('marked.yaml', 'a: 1', { type: 'yaml' });
  const after = Date.now();
  const page = await on.open();
  await page.goto(at(`/overview?from=${before - 60_000}&to=${before + 60_000}`));
  const list = page.getByRole('region', { name: 'Marked in the charts' });
  const row = list.getByRole('row', { name: /Created marked\.yaml public › DEFAULT_GROUP/ });
  await row.waitFor();
  const when = Number(await row.getAttribute('data-at'));
  assert.ok(when >= before - 1000 && when <= after + 1000, `${when} is not between ${before} and ${after}`);
  await page.waitForFunction(() => document.querySelectorAll('[data-mark=release]').length === document.querySelectorAll('.u-over').length);
  const found = await marked(page, 'release');
  assert.equal(found.length, 8);
  for (const [[moment, share]] of found) {
    assert.equal(moment, when);
    assert.ok(Math.abs(share - (when - before + 60_000) / 120_000) < 0.02, `at ${share}`);
  }
  await page.getByRole('button', { name: 'Reset the zoom' }).click();
  await row.waitFor();
  await row.getByRole('link', { name: 'marked.yaml' }).click();
  await page.getByRole('heading', { level: 1, name: 'marked.yaml' }).waitFor();
  await done(page);
});
