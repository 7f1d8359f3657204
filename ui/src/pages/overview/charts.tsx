import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, ZoomIn, ZoomOut } from 'lucide-react';
import { useEffect, useMemo } from 'react';
import { getMarks, getMetrics, overviewKeys, type Marks, type Metrics, type Range } from '../../api/overview';
import { client } from '../../app/client';
import { lastTick } from '../../app/live';
import { useServer } from '../../app/server';
import { useT } from '../../i18n';
import { absolute, clock } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import { Chart, type Mark } from '../../ui/chart';
import { Loaded } from '../../ui/states';
import { MarkList } from './marks';
import { append } from './ticks';
import { between, covering, moved, scaled, type Window } from './zoom';

const group = [
  ['requests', ['http.rate', 'http.errors'], '/s'],
  ['latency', ['http.millis', 'push.millis'], 'ms'],
  ['pushes', ['push.rate', 'push.failures'], '/s'],
  ['instances', ['instances', 'instances.unhealthy'], 'count'],
  ['clients', ['clients', 'subscribers', 'listeners', 'connections'], 'count'],
  ['load', ['cpu'], 'ratio'],
  ['memory', ['memory'], 'bytes'],
  ['goroutines', ['goroutines'], 'count'],
] as const;

const spans: Record<Range, number> = { '15m': 900, '1h': 3600, '6h': 21_600, '24h': 86_400 }; // seconds
const rangeOf = (span: number) => (Object.keys(spans) as Range[]).find((range) => spans[range] === span) ?? '24h';

const shown = ['15m', '1h']; // ranges in the fine step: those move with each tick

function useTicks(range: Range) {
  useEffect(() => {
    if (!shown.includes(range)) return undefined;
    return lastTick.subscribe(() => {
      const tick = lastTick.get();
      if (tick) client.setQueryData<Metrics>(overviewKeys.metrics(range), (old) => append(old, tick.t, tick.values, spans[range]));
    });
  }, [range]);
}

// What of the series lies in a window.
function part(data: Metrics, zoom: Window | undefined): Pick<Metrics, 't' | 'series'> {
  if (!zoom) return data;
  const from = data.t.findIndex((at) => at >= zoom.from);
  const to = data.t.findLastIndex((at) => at <= zoom.to);
  if (from < 0 || to < from) return { t: [], series: {} };
  return { t: data.t.slice(from, to + 1), series: Object.fromEntries(Object.entries(data.series).map(([name, values]) => [name, values.slice(from, to + 1)])) };
}

function marksOf(data: Marks | undefined): Mark[] {
  if (!data) return [];
  return [...data.releases.map(({ at }) => ({ at, kind: 'release' })), ...data.leaders.map(({ at }) => ({ at, kind: 'leader' }))];
}

/** Moves and sizes the window without a pointer; says what it is. */
function Zoom({ zoom, span, onZoom }: { zoom: Window | undefined; span: number; onZoom: (window: Window | undefined) => void }) {
  const t = useT();
  const { zoom: texts } = t.overview;
  const now = Date.now();
  const seen = zoom ?? { from: now - span * 1000, to: now };
  const none = zoom ? false : texts.notZoomed;
  const act = (run: (window: Window, now: number) => Window) => onZoom(run(seen, Date.now()));
  return (
    <div role="group" aria-label={texts.label} className="flex flex-wrap items-center gap-1 text-xs text-fg-2">
      <IconButton label={texts.closer} icon={ZoomIn} onClick={() => act((window, at) => scaled(window, 0.5, at))} />
      <IconButton label={none || texts.wider} icon={ZoomOut} aria-disabled={!zoom || undefined} className={zoom ? '' : 'opacity-50'} onClick={() => zoom && act((window, at) => scaled(window, 2, at))} />
      <IconButton label={texts.earlier} icon={ChevronLeft} onClick={() => act((window, at) => moved(window, -0.5, at))} />
      <IconButton label={none || texts.later} icon={ChevronRight} aria-disabled={!zoom || undefined} className={zoom ? '' : 'opacity-50'} onClick={() => zoom && act((window, at) => moved(window, 0.5, at))} />
      <span role="status" className="px-1 tabular-nums">
        {zoom ? texts.window(absolute(zoom.from), clock(zoom.to)) : texts.hint}
      </span>
      {zoom && <Button onClick={() => onZoom(undefined)}>{texts.reset}</Button>}
    </div>
  );
}

/** The server's last minutes as lines, or a window of what it still knows. */
export default function Charts({ range, zoom, onZoom }: { range: Range; zoom: Window | undefined; onZoom: (window: Window | undefined) => void }) {
  const t = useT();
  // Of a window the finest values there are, whatever range was looked at before.
  const asked = zoom ? rangeOf(covering(zoom, Object.values(spans), Date.now())) : range;
  useTicks(asked);
  const query = useQuery({ queryKey: overviewKeys.metrics(asked), queryFn: () => getMetrics(asked), refetchInterval: shown.includes(asked) ? 60_000 : 30_000, placeholderData: keepPreviousData });
  const marked = useQuery({
    queryKey: overviewKeys.marks(zoom?.from ?? range, zoom?.to),
    queryFn: () => (zoom ? getMarks(zoom.from, zoom.to) : getMarks(Date.now() - spans[range] * 1000)),
    refetchInterval: 30_000,
    placeholderData: keepPreviousData,
  });
  const marks = useMemo(() => marksOf(marked.data), [marked.data]);
  const { modules } = useServer();
  const absent: string[] = modules.naming ? [] : ['pushes', 'instances'];
  const names = t.overview.series as Record<string, string>;
  const pointed = (ends?: [number, number]) => onZoom(ends && between(...ends, Date.now()));
  return (
    <Loaded query={query}>
      {(all) => {
        const data = part(all, zoom);
        return (
          <>
            <Zoom zoom={zoom} span={spans[range]} onZoom={onZoom} />
            <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-4">
              {group.map(([key, series, unit]) => {
                const lines = series.map((name) => ({ name: names[name] ?? name, values: data.series[name] ?? data.t.map(() => null) }));
                return !absent.includes(key) && <Chart key={key} title={t.overview.charts[key]} t={data.t} lines={lines} unit={unit} span={spans[range]} window={zoom} marks={marks} onZoom={pointed} />;
              })}
            </div>
            {marked.data && <MarkList marks={marked.data} />}
          </>
        );
      }}
    </Loaded>
  );
}
