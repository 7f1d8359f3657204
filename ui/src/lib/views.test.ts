import { expect, test } from 'vitest';
import { agentName } from './agent';
import { isView, maxViews, viewsOf, withView } from './views';

test('only what is a view is taken for one', () => {
  const good = { name: 'mine', search: { q: 'order' } };
  expect(viewsOf([good, null, 1, {}, { name: '', search: {} }, { name: 'x' }, { name: 'y', search: { q: 1, group: 'G' } }])).toEqual([good, { name: 'y', search: { group: 'G' } }]);
  for (const none of [undefined, null, {}, 'text', 5]) expect(viewsOf(none)).toEqual([]);
  expect(viewsOf(Array.from({ length: 99 }, (_, i) => ({ name: `v${i}`, search: {} })))).toHaveLength(maxViews);
});

test('a view takes the place of one of its name, and they are in order', () => {
  const views = withView(withView([], { name: 'b', search: { q: '1' } }), { name: 'a', search: {} });
  expect(views.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(withView(views, { name: 'b', search: { q: '2' } })).toEqual([{ name: 'a', search: {} }, { name: 'b', search: { q: '2' } }]);
});

test('a view is known by what it filters', () => {
  const view = { name: 'a', search: { q: 'x', sort: 'size' } };
  expect(isView(view, { q: 'x', page: '2' }, ['q', 'group'])).toBe(true);
  expect(isView(view, { q: 'x', group: 'G' }, ['q', 'group'])).toBe(false);
  expect(isView(view, {}, ['q', 'group'])).toBe(false);
});

test('a browser has two words', () => {
  for (const [agent, name] of [
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/146.0.0.0 Safari/537.36', 'Chrome 146 · Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0', 'Edge 130 · Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15', 'Safari 17 · macOS'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1', 'Safari 17 · iOS'],
    ['Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0', 'Firefox 132 · Android'],
    ['curl/8.5.0', 'curl/8.5.0'],
    ['', ''],
  ] as const) expect(agentName(agent)).toBe(name);
});
