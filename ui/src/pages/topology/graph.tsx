import { Maximize, Minus, Plus } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type PointerEvent } from 'react';
import type { Topology, TopologyNode } from '../../api/topology';
import { useT } from '../../i18n';
import { below, curve, layOut, type Layout } from '../../lib/layers';
import { IconButton } from '../../ui/button';
import { cx } from '../../ui/cx';
import { facts, levelOf, nameOf } from './words';

const size = { width: 184, height: 44, across: 96, down: 14 };
const margin = 24;
const legible = 0.8; // the scale below which the letters are too small
const letters = 21; // of a name that fits; a wide one counts twice

const tints = { ok: 'fill-ok', warn: 'fill-warn', bad: 'fill-bad', unknown: 'fill-fg-3', info: 'fill-accent', gray: 'fill-info' };

const ends = { plain: 'fill-line-strong', on: 'fill-accent', down: 'fill-bad' };

// The same shapes as everywhere: a state is a shape, the colour only helps.
function Shape({ node }: { node: TopologyNode }) {
  const level = levelOf(node);
  const tint = tints[level];
  if (level === 'warn') return <path d="M17 16 l6 11 h-12 z" className={tint} />;
  if (level === 'bad') return <rect x={11} y={17} width={11} height={11} className={tint} />;
  if (level === 'unknown') return <circle cx={17} cy={22} r={5} className="fill-none stroke-fg-3" strokeDasharray="3 2" />;
  return <circle cx={17} cy={22} r={5.5} className={tint} />;
}

function short(name: string): string {
  let room = letters;
  const all = [...name];
  const end = all.findIndex((letter) => (room -= letter > '\u1100' ? 2 : 1) < 0);
  return end < 0 ? name : `${all.slice(0, end - 1).join('')}…`;
}

function Box({ node, x, y, on, faint, onClick, onHover }: { node: TopologyNode; x: number; y: number; on: boolean; faint: boolean; onClick?: (() => void) | undefined; onHover: (id?: string) => void }) {
  const t = useT();
  const service = node.kind === 'service' || node.kind === 'group';
  return (
    <g
      data-node={node.id}
      transform={`translate(${x} ${y})`}
      onClick={onClick}
      onPointerEnter={() => onHover(node.id)}
      onPointerLeave={() => onHover(undefined)}
      className={cx('transition-opacity', onClick && 'cursor-pointer', faint && 'opacity-25')}
    >
      <title>{`${nameOf(t, node)}\n${facts(t, node)}`}</title>
      {node.members > 1 && <rect x={4} y={4} width={size.width} height={size.height} rx={service ? 8 : 22} className="fill-surface stroke-line" />}
      <rect width={size.width} height={size.height} rx={service ? 8 : 22} strokeWidth={on ? 2 : 1} className={cx(service ? 'fill-surface' : 'fill-sunken', on ? 'stroke-accent' : 'stroke-line-strong')} />
      <Shape node={node} />
      <text x={32} y={19} className="fill-fg text-[12px] font-medium">{short(nameOf(t, node))}</text>
      <text x={32} y={34} className="fill-fg-3 text-[10.5px]">{facts(t, node)}</text>
    </g>
  );
}

function layoutOf(data: Topology): Layout {
  const linked = new Set(data.edges.flatMap((edge) => [edge.from, edge.to]));
  const ids = data.nodes.map((node) => node.id);
  const layout = linked.size ? layOut(ids.filter((id) => linked.has(id)), data.edges, size) : { width: 0, height: 0, at: new Map(), lines: [] };
  return below(layout, ids.filter((id) => !linked.has(id)), size, 5);
}

interface View {
  x: number;
  y: number;
  k: number;
}

// Panning and zooming move one element, past React: a drawing of many nodes follows the hand.
function useView(layout: Layout, focus: string | undefined) {
  const svg = useRef<SVGSVGElement>(null);
  const group = useRef<SVGGElement>(null);
  const view = useRef<View>({ x: 0, y: 0, k: 1 });
  const drag = useRef<{ x: number; y: number; moved: boolean }>(undefined);
  const show = (next: View) => {
    view.current = next;
    group.current?.setAttribute('transform', `translate(${next.x} ${next.y}) scale(${next.k})`);
  };
  const fit = () => {
    const { clientWidth: width, clientHeight: height } = svg.current!;
    const k = Math.max(0.15, Math.min(1, (width - 2 * margin) / Math.max(layout.width, 1), (height - 2 * margin) / Math.max(layout.height, 1)));
    show({ k, x: (width - layout.width * k) / 2, y: (height - layout.height * k) / 2 });
  };
  const zoom = (factor: number, x = svg.current!.clientWidth / 2, y = svg.current!.clientHeight / 2) => {
    const { x: left, y: top, k } = view.current;
    const next = Math.max(0.1, Math.min(3, k * factor));
    show({ k: next, x: x - ((x - left) * next) / k, y: y - ((y - top) * next) / k });
  };
  const wheel = useRef(zoom);
  wheel.current = zoom;
  useEffect(() => {
    const element = svg.current!;
    const turn = (event: WheelEvent) => {
      event.preventDefault(); // the page stays where it is
      const box = element.getBoundingClientRect();
      wheel.current(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
    };
    element.addEventListener('wheel', turn, { passive: false });
    return () => element.removeEventListener('wheel', turn);
  }, []);
  // On a phone all of it would be too small to read: it begins where it can be read.
  const begin = () => {
    fit();
    const { clientWidth: room, clientHeight: tall } = svg.current!;
    if (view.current.k >= legible || room >= 600) return;
    const at = focus === undefined ? undefined : layout.at.get(focus);
    show({ k: legible, x: at ? room / 2 - (at.x + size.width / 2) * legible : margin, y: tall / 2 - (at ? at.y + size.height / 2 : layout.height / 2) * legible });
  };
  const { width, height } = layout;
  useEffect(begin, [width, height, focus]);
  return {
    svg,
    group,
    fit,
    zoom,
    dragged: () => Boolean(drag.current?.moved),
    down: (event: PointerEvent) => { drag.current = { x: event.clientX, y: event.clientY, moved: false }; },
    move: (event: PointerEvent) => {
      const from = drag.current;
      if (!from || !event.buttons) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      if (!from.moved && Math.hypot(dx, dy) < 4) return;
      drag.current = { x: event.clientX, y: event.clientY, moved: true };
      svg.current!.setPointerCapture(event.pointerId);
      show({ ...view.current, x: view.current.x + dx, y: view.current.y + dy });
    },
  };
}

/** Who uses what, as a drawing: whoever uses stands to the left. What it shows is in the list beside it, too. */
export function Graph({ data, focus, fits, onFocus }: { data: Topology; focus: string | undefined; fits: (node: TopologyNode) => boolean; onFocus: (id: string) => void }) {
  const t = useT();
  const shape = JSON.stringify([data.nodes.map((node) => node.id), data.edges.map((edge) => [edge.from, edge.to])]);
  const layout = useMemo(() => layoutOf(data), [shape]);
  const view = useView(layout, focus);
  const [hover, setHover] = useState<string>();
  const near = new Set(hover ? [hover, ...data.edges.filter((edge) => edge.from === hover || edge.to === hover).flatMap((edge) => [edge.from, edge.to])] : []);
  const state = new Map(data.nodes.map((node) => [node.id, node.health]));
  const label = t.topology.drawing(data.nodes.length, data.edges.length);
  return (
    <div className="relative">
      <svg
        ref={view.svg}
        role="img"
        aria-label={label}
        data-testid="topology"
        onPointerDown={view.down}
        onPointerMove={view.move}
        className={cx('block min-h-96 w-full cursor-grab touch-none select-none active:cursor-grabbing', focus ? 'h-[calc(100dvh-25rem)]' : 'h-[calc(100dvh-19rem)]')}
      >
        <defs>
          {Object.entries(ends).map(([name, tint]) => (
            <marker key={name} id={`end-${name}`} viewBox="0 0 8 8" refX={7} refY={4} markerWidth={7} markerHeight={7} markerUnits="userSpaceOnUse" orient="auto">
              <path d="M0 0 L8 4 L0 8 z" className={tint} />
            </marker>
          ))}
        </defs>
        <g ref={view.group}>
          {data.edges.map((edge, i) => {
            const on = hover === edge.from || hover === edge.to;
            const down = state.get(edge.to) === 'bad' || state.get(edge.to) === 'empty';
            return (
              <path
                key={`${edge.from} ${edge.to}`}
                data-edge={`${edge.from} ${edge.to}`}
                d={curve(layout.lines[i] ?? [])}
                strokeWidth={Math.min(1.25 + Math.log2(edge.subscribers), 6)}
                strokeDasharray={down ? '7 4' : edge.inferred ? '2 4' : undefined}
                markerEnd={`url(#end-${on ? 'on' : down ? 'down' : 'plain'})`}
                className={cx('fill-none transition-opacity', on ? 'stroke-accent' : down ? 'stroke-bad' : 'stroke-line-strong', hover && !on && 'opacity-20')}
              >
                <title>{t.topology.edge(edge.subscribers)}</title>
              </path>
            );
          })}
          {data.nodes.map((node) => {
            const { x, y } = layout.at.get(node.id) ?? { x: 0, y: 0 };
            return (
              <Box
                key={node.id}
                node={node}
                x={x}
                y={y}
                on={node.id === focus}
                faint={!fits(node) || (hover !== undefined && !near.has(node.id))}
                onHover={setHover}
                onClick={node.kind === 'rest' ? undefined : () => view.dragged() || onFocus(node.id)}
              />
            );
          })}
        </g>
      </svg>
      <div className="absolute right-3 bottom-3 flex flex-col rounded-lg border border-line bg-surface">
        <IconButton label={t.topology.closer} icon={Plus} onClick={() => view.zoom(1.3)} />
        <IconButton label={t.topology.further} icon={Minus} onClick={() => view.zoom(1 / 1.3)} />
        <IconButton label={t.topology.fit} icon={Maximize} onClick={view.fit} />
      </div>
    </div>
  );
}
