import { describe, expect, test } from 'vitest';
import { below, curve, layOut, type Arc } from './layers';

const size = { width: 100, height: 40, across: 60, down: 10 };
const arcs = (...pairs: string[]): Arc[] => pairs.map((pair) => ({ from: pair.split('>')[0]!, to: pair.split('>')[1]! }));
const idsOf = (all: Arc[]) => [...new Set(all.flatMap(({ from, to }) => [from, to]))];

// No two nodes overlap, and lines begin and end at their nodes.
function sound(all: Arc[], ids = idsOf(all)) {
  const layout = layOut(ids, all, size);
  const boxes = [...layout.at];
  const outside = boxes.filter(([, { x, y }]) => x < 0 || y < -0.001 || x + size.width > layout.width || y + size.height > layout.height + 0.001);
  const over = boxes.filter(([a, p]) => boxes.some(([b, q]) => a < b && p.x === q.x && Math.abs(p.y - q.y) < size.height - 0.001));
  expect({ outside, over }).toEqual({ outside: [], over: [] });
  all.forEach(({ from, to }, i) => {
    const ends = [layout.lines[i]!.at(0)!, layout.lines[i]!.at(-1)!];
    [from, to].forEach((id, n) => {
      const { x, y } = layout.at.get(id)!;
      expect([x, x + size.width]).toContain(ends[n]!.x);
      expect(ends[n]!.y).toBeCloseTo(y + size.height / 2);
    });
  });
  return layout;
}

describe('layers', () => {
  test('whoever uses stands to the left of what it uses', () => {
    const all = arcs('web>order', 'web>user', 'order>stock', 'order>pay', 'pay>bank', 'web>bank');
    const { at } = sound(all);
    for (const { from, to } of all) expect(at.get(from)!.x).toBeLessThan(at.get(to)!.x);
  });

  test('a circle is drawn, too', () => {
    const { at } = sound(arcs('a>b', 'b>c', 'c>a', 'x>a'));
    expect(new Set([...at.values()].map(({ x }) => x)).size).toBe(4);
  });

  test('who only uses the last stands right before it', () => {
    const { at } = sound(arcs('a>b', 'b>c', 'late>c'));
    expect(at.get('late')!.x).toBe(at.get('b')!.x);
  });

  test('lines that could be drawn without crossing are', () => {
    const { at } = sound(arcs('a>y', 'b>x'), ['a', 'b', 'x', 'y']);
    expect(Math.sign(at.get('a')!.y - at.get('b')!.y)).toBe(Math.sign(at.get('y')!.y - at.get('x')!.y));
  });

  test('many at once, and none at all', () => {
    const wide = arcs(...Array.from({ length: 140 }, (_, i) => `c${i}>s${i % 9}`), ...Array.from({ length: 9 }, (_, i) => `s${i}>db`));
    sound(wide);
    expect(layOut([], [], size)).toMatchObject({ lines: [], height: 0 });
    sound([], ['one']);
  });

  test('what stands alone is below', () => {
    const layout = below(sound(arcs('a>b')), ['p', 'q', 'r'], size, 2);
    expect(layout.at.get('p')!.y).toBeGreaterThan(layout.at.get('a')!.y + size.height);
    expect(layout.at.get('r')!.y).toBeGreaterThan(layout.at.get('p')!.y);
    expect(below(layOut([], [], size), ['p'], size, 4).at.get('p')).toEqual({ x: 0, y: 0 });
  });

  test('a line is a curve where it climbs', () => {
    expect(curve([{ x: 0, y: 0 }, { x: 10, y: 0 }])).toBe('M0 0 L10 0');
    expect(curve([{ x: 0, y: 0 }, { x: 10, y: 20 }])).toBe('M0 0 C5 0 5 20 10 20');
  });
});
