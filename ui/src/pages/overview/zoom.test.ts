import { expect, test } from 'vitest';
import { addressOf, between, covering, moved, scaled, windowOf } from './zoom';

const now = 1_800_000_000_000;
const minutes = (from: number, to: number) => ({ from: now - from * 60_000, to: now - to * 60_000 });

test('an address names a window, or none', () => {
  const window = minutes(10, 5);
  expect(windowOf(addressOf(window))).toEqual(window);
  expect(windowOf(addressOf(undefined))).toBeUndefined();
  for (const wrong of [{ from: '5' }, { from: 'x', to: 'y' }, { from: String(now), to: String(now - 1) }, { from: String(now), to: String(now + 1) }, { from: '-100000', to: '5' }, { from: '1e999', to: '1e999' }]) expect(windowOf(wrong)).toBeUndefined();
});

test('a window is dragged in either direction, and never too short to show anything', () => {
  const { from, to } = minutes(10, 5);
  expect(between(from, to, now)).toEqual({ from, to });
  expect(between(to, from, now)).toEqual({ from, to });
  expect(between(from, from, now)).toEqual({ from: from - 10_000, to: from + 10_000 });
  expect(between(now, now, now)).toEqual({ from: now - 20_000, to: now });
});

test('closer, wider and along, within what is kept', () => {
  expect(scaled(minutes(10, 6), 0.5, now)).toEqual(minutes(9, 7));
  expect(scaled(minutes(9, 7), 2, now)).toEqual(minutes(10, 6));
  expect(scaled(minutes(4, 0), 2, now)).toEqual(minutes(8, 0));
  expect(scaled(minutes(1440, 0), 2, now)).toEqual(minutes(1440, 0));
  expect(moved(minutes(10, 6), -0.5, now)).toEqual(minutes(12, 8));
  expect(moved(minutes(2, 1), 5, now)).toEqual(minutes(1, 0));
  expect(moved(minutes(1440, 1430), -1, now)).toEqual(minutes(1440, 1430));
});

test('the finest values that reach back far enough', () => {
  const spans = [900, 3600, 86_400];
  expect(covering(minutes(10, 5), spans, now)).toBe(900);
  expect(covering(minutes(16, 15), spans, now)).toBe(3600);
  expect(covering(minutes(61, 15), spans, now)).toBe(86_400);
  expect(covering(minutes(5000, 4000), spans, now)).toBe(86_400);
});
