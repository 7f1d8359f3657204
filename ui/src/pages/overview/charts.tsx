import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { getMetrics, overviewKeys, type Change, type Metrics, type Range } from '../../api/overview';
import { client } from '../../app/client';
import { lastTick } from '../../app/live';
import { useServer } from '../../app/server';
import { useT } from '../../i18n';
import { Chart } from '../../ui/chart';
import { Loaded } from '../../ui/states';
import { append } from './ticks';

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

/** The server's last minutes as lines. */
export default function Charts({ range, changes }: { range: Range; changes: Change[] }) {
  const t = useT();
  useTicks(range);
  const query = useQuery({ queryKey: overviewKeys.metrics(range), queryFn: () => getMetrics(range), refetchInterval: shown.includes(range) ? 60_000 : 30_000, placeholderData: keepPreviousData });
  const { modules } = useServer();
  const absent: string[] = modules.naming ? [] : ['pushes', 'instances'];
  const names = t.overview.series as Record<string, string>;
  return (
    <Loaded query={query}>
      {(data) => (
        <div className="grid gap-3 md:grid-cols-2 xl:grid-cols-4">
          {group.map(([key, series, unit]) => {
            const lines = series.map((name) => ({ name: names[name] ?? name, values: data.series[name] ?? data.t.map(() => null) }));
            return !absent.includes(key) && <Chart key={key} title={t.overview.charts[key]} t={data.t} lines={lines} unit={unit} span={spans[range]} marks={key === 'requests' || key === 'pushes' ? changes.map((change) => change.at) : []} />;
          })}
        </div>
      )}
    </Loaded>
  );
}
