import { expect, test } from 'vitest';
import type { Metrics } from '../../api/overview';
import { append } from './ticks';

const none: Metrics = { node: 'n', step: 5000, t: [], series: {}, units: {} };

test('the first ticks of a server that has just started are shown', () => {
  const one = append(none, 5000, { cpu: 0.5 }, 900)!;
  expect(one).toMatchObject({ t: [5000], series: { cpu: [0.5] } });
  const two = append(one, 10_000, { cpu: 0.6, memory: 7 }, 900)!;
  expect(two).toMatchObject({ t: [5000, 10_000], series: { cpu: [0.5, 0.6], memory: [null, 7] } });
  expect(append(two, 15_000, { cpu: 0.7 }, 900)!.series).toEqual({ cpu: [0.5, 0.6, 0.7], memory: [null, 7, null] });
});

test('what is older than the span goes, and a moment comes once', () => {
  let data: Metrics = none;
  for (let t = 5000; t <= 100_000; t += 5000) data = append(data, t, { cpu: t }, 30)!;
  expect(data.t).toEqual([75_000, 80_000, 85_000, 90_000, 95_000, 100_000]);
  expect(data.series.cpu).toEqual(data.t);
  expect(append(data, 100_000, { cpu: 1 }, 30)).toBe(data);
  expect(append(undefined, 1, {}, 30)).toBeUndefined();
});
