import { Table2, ChartLine } from 'lucide-react';
import { useEffect, useRef, useState, type RefObject } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useT } from '../i18n';
import { settings } from '../lib/settings';
import { useStore } from '../lib/store';
import { absolute, bytes, clock, number, short } from '../lib/time';
import { IconButton } from './button';
import { Card } from './page';

export interface Line {
  name: string;
  values: (number | null)[];
}

interface Props {
  title: string;
  t: number[];
  lines: Line[];
  unit: string;
  /** How much time is shown, in seconds, up to the last moment. */
  span: number;
  /** Shown in place of the last moments: unix milliseconds. */
  window?: { from: number; to: number } | undefined;
  /** Moments to be marked. Who does not see the lines needs them elsewhere too. */
  marks?: Mark[];
  /** Two moments that somebody has pointed at, or none to see the whole again. */
  onZoom?: (ends?: [number, number]) => void;
}

export interface Mark {
  at: number;
  kind: string;
}

const height = 140;
const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]]; // the second sign beside the colour

// Where lines of memory lie, so that their names are round: 16 MB, not 15.3.
const powers = Array.from({ length: 50 }, (_, i) => 2 ** i);

function say(unit: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  if (unit === 'bytes') return bytes(Math.round(value));
  if (unit === 'ratio') return `${number(value * 100, 1)} %`;
  return `${value >= 10_000 ? short(value) : number(value, value < 10 ? 2 : 0)}${unit === 'count' ? '' : unit.startsWith('/') ? unit : ` ${unit}`}`;
}

const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The span up to the last moment; of nothing yet, up to now. What uPlot offers is not
// taken: of a single moment it makes a day.
function shown(times: number[], span: number): [number, number] {
  const end = (times.at(-1) ?? Date.now()) / 1000;
  return [Math.min((times[0] ?? end * 1000) / 1000, end - span), end];
}

type Latest = RefObject<Props & { onCursor: (index: number | null) => void }>;

function options(width: number, latest: Latest, layer: HTMLElement): uPlot.Options {
  const props = latest.current;
  const axis = { stroke: token('--fg-3'), grid: { stroke: token('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  const range = (): [number, number] => {
    const { window: part, span, t } = latest.current;
    return part ? [part.from / 1000, part.to / 1000] : shown(t, span);
  };
  return {
    width,
    height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: 'overview' }, y: false, points: { size: 6 }, drag: { x: true, y: false, setScale: false, dist: 6 }, bind: { dblclick: () => () => (latest.current.onZoom?.(), null) } },
    scales: { x: { range }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max((high ?? 0) * 1.1, props.unit === 'ratio' ? 0.01 : 1)] } },
    axes: [{ ...axis, space: 64, size: 26, values: (_, ticks, _axis, _space, step) => ticks.map((tick) => clock(tick * 1000, step < 60)) }, { ...axis, size: 52, ...(props.unit === 'bytes' && { incrs: powers }), values: (_, ticks) => ticks.map((tick) => say(props.unit, tick)) }],
    series: [{}, ...props.lines.map((line, i) => ({ label: line.name, stroke: token(`--chart-${(i % 6) + 1}`), width: 1.75, dash: dashes[i % 4] ?? [], spanGaps: false, points: { show: false } }))],
    hooks: { draw: [(plot) => placeMarks(plot, layer, latest.current.marks ?? [])] },
  };
}

// Marks are elements above the lines, so that what hovers and what looks for them finds them.
function placeMarks(plot: uPlot, layer: HTMLElement, marks: Mark[]): void {
  const width = plot.over.clientWidth;
  const drawn = marks.map(({ at, kind }) => ({ at, kind, x: plot.valToPos(at / 1000, 'x') })).filter(({ x }) => x >= 0 && x <= width);
  layer.replaceChildren(
    ...drawn.map(({ at, kind, x }) => {
      const mark = document.createElement('i');
      mark.className = `absolute inset-y-0 w-0 border-l ${kind === 'leader' ? 'border-bad' : 'border-dashed border-info'}`;
      mark.style.left = `${x}px`;
      mark.dataset.mark = kind;
      mark.dataset.at = String(at);
      return mark;
    }),
  );
}

// A selection is that of the chart in which it was begun: the others only show it too.
function onSelect(drawn: uPlot, latest: Latest): void {
  let own = false;
  drawn.over.addEventListener('mousedown', () => (own = true));
  drawn.hooks.setSelect = [
    (plot) => {
      const { left, width } = plot.select;
      if (width <= 0) return;
      const ends: [number, number] = [plot.posToVal(left, 'x') * 1000, plot.posToVal(left + width, 'x') * 1000];
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      if (own) latest.current.onZoom?.(ends);
      own = false;
    },
  ];
}

function Plot(props: Props & { onCursor: (index: number | null) => void }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const { theme, language } = useStore(settings);
  const shape = props.lines.map((line) => line.name).join('|');
  useEffect(() => {
    const element = host.current!;
    const layer = document.createElement('div');
    layer.className = 'pointer-events-none absolute inset-0';
    const data = () => [latest.current.t.map((at) => at / 1000), ...latest.current.lines.map((line) => line.values)] as uPlot.AlignedData;
    const drawn = new uPlot(options(element.clientWidth, latest, layer), data(), element);
    drawn.over.append(layer);
    drawn.over.addEventListener('mouseleave', () => latest.current.onCursor(null));
    drawn.over.addEventListener('mousemove', () => latest.current.onCursor(drawn.cursor.idx ?? null));
    onSelect(drawn, latest);
    plot.current = drawn;
    const watch = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      drawn.destroy();
    };
  }, [shape, props.unit, theme, language]);
  useEffect(() => {
    plot.current?.setData([props.t.map((at) => at / 1000), ...props.lines.map((line) => line.values)] as uPlot.AlignedData);
  }, [props.t, props.lines, props.marks, props.window, props.span]);
  return <div ref={host} aria-hidden className="w-full" />;
}

const swatch = ['bg-(--chart-1)', 'bg-(--chart-2)', 'bg-(--chart-3)', 'bg-(--chart-4)', 'bg-(--chart-5)', 'bg-(--chart-6)'];

function Numbers({ title, t: times, lines, unit }: Props) {
  const rows = times.map((at, i) => ({ at, i })).slice(-60).reverse();
  return (
    <div className="h-[140px] overflow-auto px-2" tabIndex={0} role="region" aria-label={title}>
      <table className="w-full text-xs">
        <thead>
          <tr>
            <td />
            {lines.map((line) => (
              <th key={line.name} scope="col" className="sticky top-0 bg-surface py-0.5 pl-3 text-right font-normal text-fg-3">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, i }) => (
            <tr key={at}>
              <th scope="row" className="pr-3 text-left font-normal whitespace-nowrap text-fg-3">
                <span title={absolute(at)}>{clock(at)}</span>
              </th>
              {lines.map((line) => (
                <td key={line.name} className="py-0.5 pl-3 text-right">
                  {say(unit, line.values[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Lines over time, with the same numbers as a table for who does not see the lines. */
export function Chart(props: Props) {
  const t = useT();
  const [table, setTable] = useState(false);
  const [at, setAt] = useState<number | null>(null);
  const index = at ?? props.t.length - 1;
  const last = lastKnown(props);
  return (
    <Card flush className="overflow-hidden" title={props.title} actions={<IconButton label={table ? t.overview.asChart(props.title) : t.overview.asTable(props.title)} icon={table ? ChartLine : Table2} onClick={() => setTable(!table)} className="-mr-2" />}>
      <div className="gutter flex min-h-6 flex-wrap gap-x-3 text-xs">
        {props.lines.map((line, i) => (
          <span key={line.name} className="inline-flex items-center gap-1.5">
            <span aria-hidden className={`h-0.5 w-3 ${swatch[i % 6]}`} />
            <span className="text-fg-2">{line.name}</span>
            <b className="font-semibold tabular-nums">{say(props.unit, at === null ? last[i] : line.values[index])}</b>
          </span>
        ))}
      </div>
      <div className="px-2 pb-2">{table ? <Numbers {...props} /> : <Plot {...props} onCursor={setAt} />}</div>
    </Card>
  );
}

const lastKnown = (props: Props) => props.lines.map((line) => line.values.findLast((value) => value !== null));
