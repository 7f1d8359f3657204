/** A drawing of who leads to whom, in columns from left to right. */
export interface Layout {
  width: number;
  height: number;
  at: Map<string, { x: number; y: number }>;
  /** For each edge the points that its line goes through, from its beginning to its end. */
  lines: { x: number; y: number }[][];
}

export interface Sizes {
  width: number;
  height: number;
  /** Between columns, and between the nodes of one. */
  across: number;
  down: number;
}

export interface Arc {
  from: string;
  to: string;
}

// A place in a column: a node, or where a line passes that goes on to a later one.
interface Place {
  id: string;
  layer: number;
  before: Place[];
  after: Place[];
  node: boolean;
  y: number;
}

const sweeps = 12;

// Which arcs have to be turned round so that none leads back to where it came from.
function turned(ids: readonly string[], arcs: readonly Arc[]): boolean[] {
  const out = new Map<string, number[]>(ids.map((id) => [id, []]));
  arcs.forEach((arc, i) => out.get(arc.from)!.push(i));
  const back = arcs.map(() => false);
  const state = new Map<string, 'open' | 'done'>();
  const entered = new Set(arcs.map((arc) => arc.to));
  // Those that nothing leads to come first: then it is the natural arcs that stay.
  for (const start of [...ids.filter((id) => !entered.has(id)), ...ids]) {
    if (state.has(start)) continue;
    const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
    state.set(start, 'open');
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const i = out.get(top.id)![top.next++];
      if (i === undefined) {
        state.set(top.id, 'done');
        path.pop();
        continue;
      }
      const { to } = arcs[i]!;
      if (state.get(to) === 'open') back[i] = true;
      else if (!state.has(to)) {
        state.set(to, 'open');
        path.push({ id: to, next: 0 });
      }
    }
  }
  return back;
}

// The column of each node: one behind the last of those that lead to it.
function layered(ids: readonly string[], arcs: readonly Arc[]): Map<string, number> {
  const layer = new Map<string, number>(ids.map((id) => [id, 0]));
  const waits = new Map<string, number>(ids.map((id) => [id, 0]));
  const out = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (const { from, to } of arcs) {
    out.get(from)!.push(to);
    waits.set(to, waits.get(to)! + 1);
  }
  const ready = ids.filter((id) => !waits.get(id));
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    for (const to of out.get(id)!) {
      layer.set(to, Math.max(layer.get(to)!, layer.get(id)! + 1));
      waits.set(to, waits.get(to)! - 1);
      if (!waits.get(to)) ready.push(to);
    }
  }
  // What only leads on stands right before what it leads to, not far to the left.
  for (const id of ids) {
    const on = out.get(id)!;
    if (on.length && !layer.get(id)) layer.set(id, Math.min(...on.map((to) => layer.get(to)!)) - 1);
  }
  return layer;
}

const mean = (places: readonly Place[], of: (place: Place) => number) => places.reduce((sum, place) => sum + of(place), 0) / places.length;

// Puts each column in the order in which its neighbours stand, there and back.
function ordered(columns: Place[][]): void {
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : [...columns].reverse()) {
      const rank = new Map<Place, number>();
      column.forEach((place, i) => {
        const near = forth ? place.before : place.after;
        rank.set(place, near.length ? mean(near, (one) => one.y) : i);
      });
      column.sort((a, b) => rank.get(a)! - rank.get(b)!);
      column.forEach((place, i) => { place.y = i; });
    }
  }
}

// Moves the places of a column towards where they want to be; their order and the space between them stay.
function settle(column: Place[], wish: (place: Place) => number, step: (above: Place, below: Place) => number): void {
  const wanted = column.map(wish);
  const down = [...wanted];
  for (let i = 1; i < column.length; i++) down[i] = Math.max(down[i]!, down[i - 1]! + step(column[i - 1]!, column[i]!));
  const up = [...wanted];
  for (let i = column.length - 2; i >= 0; i--) up[i] = Math.min(up[i]!, up[i + 1]! - step(column[i]!, column[i + 1]!));
  column.forEach((place, i) => { place.y = (down[i]! + up[i]!) / 2; }); // both keep the space, so their middle does
}

/** Lays nodes and arcs out in columns. Ends of arcs have to be among the nodes, and no arc leads from a node to itself. */
export function layOut(ids: readonly string[], arcs: readonly Arc[], size: Sizes): Layout {
  const back = turned(ids, arcs);
  const forward = arcs.map(({ from, to }, i) => (back[i] ? { from: to, to: from } : { from, to }));
  const layer = layered(ids, forward);
  const columns: Place[][] = Array.from({ length: Math.max(0, ...layer.values()) + 1 }, () => []);
  const put = (id: string, at: number, node: boolean) => {
    const place: Place = { id, layer: at, before: [], after: [], node, y: columns[at]!.length };
    columns[at]!.push(place);
    return place;
  };
  const places = new Map(ids.map((id) => [id, put(id, layer.get(id)!, true)]));
  const chains = forward.map(({ from, to }) => {
    const chain = [places.get(from)!];
    for (let at = layer.get(from)! + 1; at < layer.get(to)!; at++) chain.push(put('', at, false));
    chain.push(places.get(to)!);
    for (let i = 1; i < chain.length; i++) {
      chain[i - 1]!.after.push(chain[i]!);
      chain[i]!.before.push(chain[i - 1]!);
    }
    return chain;
  });
  ordered(columns);
  const step = (above: Place, below: Place) => (above.node && below.node ? size.height + size.down : above.node || below.node ? size.height / 2 + size.down : size.down);
  for (const column of columns) column.forEach((place, i) => { place.y = i ? column[i - 1]!.y + step(column[i - 1]!, place) : 0; });
  const tallest = Math.max(...columns.map((column) => column.at(-1)?.y ?? 0));
  for (const column of columns) {
    const shift = (tallest - (column.at(-1)?.y ?? 0)) / 2;
    for (const place of column) place.y += shift;
  }
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const column of sweep % 2 ? [...columns].reverse() : columns) {
      settle(column, (place) => { const near = [...place.before, ...place.after]; return near.length ? mean(near, (one) => one.y) : place.y; }, step);
    }
  }
  const all = columns.flat();
  const top = Math.min(0, ...all.map((place) => place.y));
  const highest = all.length ? Math.min(...all.map((place) => place.y)) : 0;
  const offset = highest > 0 ? -highest : -top;
  const x = (place: Place) => place.layer * (size.width + size.across);
  const lines = chains.map((chain, i) => {
    const points = chain.flatMap((place, n) => {
      const y = place.y + offset + size.height / 2;
      if (!place.node) return [{ x: x(place), y }, { x: x(place) + size.width, y }];
      return [{ x: n ? x(place) : x(place) + size.width, y }];
    });
    return back[i] ? points.reverse() : points;
  });
  return {
    width: columns.length * (size.width + size.across) - size.across,
    height: all.length ? Math.max(...all.map((place) => place.y)) + offset + size.height : 0,
    at: new Map([...places].map(([id, place]) => [id, { x: x(place), y: place.y + offset }])),
    lines,
  };
}

/** Moves what stands alone out of the way: rows of it below the drawing, as wide as that is, or as columns says. */
export function below(layout: Layout, ids: readonly string[], size: Sizes, columns: number): Layout {
  if (!ids.length) return layout;
  const wide = Math.max(columns, Math.floor((layout.width + size.across) / (size.width + size.down)), 1);
  const top = layout.height ? layout.height + 3 * size.down : 0;
  const at = new Map(layout.at);
  ids.forEach((id, i) => at.set(id, { x: (i % wide) * (size.width + size.down), y: top + Math.floor(i / wide) * (size.height + size.down) }));
  const rows = Math.ceil(ids.length / wide);
  return { ...layout, at, width: Math.max(layout.width, Math.min(wide, ids.length) * (size.width + size.down) - size.down), height: top + rows * (size.height + size.down) - size.down };
}

/** A smooth line through points, as SVG says it. */
export function curve(points: readonly { x: number; y: number }[]): string {
  return points
    .map(({ x, y }, i) => {
      const last = points[i - 1];
      if (!last) return `M${x} ${y}`;
      if (last.y === y) return `L${x} ${y}`;
      const middle = (last.x + x) / 2;
      return `C${middle} ${last.y} ${middle} ${y} ${x} ${y}`;
    })
    .join(' ');
}
