import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { FilePlus, Code, Boxes } from 'lucide-react';
import { lazy, Suspense, type ReactNode } from 'react';
import { getOverview, overviewKeys, ranges, type Overview, type Range, type Tiles } from '../../api/overview';
import { useNamespace } from '../../app/namespace';
import { useAddress } from '../../app/query';
import { useT } from '../../i18n';
import { useMe } from '../../app/server';
import { number, short } from '../../lib/time';
import { cx } from '../../ui/cx';
import { PageHead } from '../../ui/page';
import { CardSkeleton, Loaded, Skeleton } from '../../ui/states';
import { State } from '../../ui/status';
import { Time } from '../../ui/time';
import { Partial } from '../config/listenerstab';
import { Attention, Changes } from './lists';
import { addressOf, windowOf } from './zoom';

const Charts = lazy(() => import('./charts'));

function Verdict({ data }: { data: Overview }) {
  const t = useT();
  const me = useMe();
  const { level, reasons } = data.verdict;
  const texts = t.overview.reasons as Record<string, (params: Record<string, string>) => string>;
  const tint = { ok: 'border-ok/40 bg-ok-soft', warn: 'border-warn/40 bg-warn-soft', bad: 'border-bad/40 bg-bad-soft' }[level];
  return (
    <div role="status" className={cx('flex flex-wrap items-center gap-x-4 gap-y-1 rounded-xl border px-4 py-3', tint)}>
      <State level={level} className="text-lg font-semibold">
        {t.overview.levels[level]}
      </State>
      <span className="min-w-0 flex-[1_1_16rem] text-sm">{reasons?.length ? reasons.map((reason) => texts[reason.key]?.(reason.params ?? {}) ?? reason.key).join(' · ') : me.admin ? t.overview.allWell : t.overview.allWellSeen}</span>
      <span className="text-xs text-fg-2">
        {t.overview.asOf} <Time at={data.at} />
      </span>
    </div>
  );
}

function Tile({ label, to, search, value, sub, tone }: { label: string; to: string; search?: Record<string, string>; value: ReactNode; sub?: ReactNode; tone?: 'bad' | 'warn' | undefined }) {
  return (
    <Link to={to} search={search ?? {}} className="flex flex-col rounded-xl border border-line bg-surface px-4 py-3 hover:border-line-strong">
      <span className="text-xs text-fg-2">{label}</span>
      <span className="text-2xl font-semibold tabular-nums">{value}</span>
      <span className={cx('min-h-4 text-xs', tone === 'bad' ? 'text-bad' : tone === 'warn' ? 'text-warn' : 'text-fg-3')}>{sub}</span>
    </Link>
  );
}

function TileRow({ tiles, ns }: { tiles: Tiles; ns: string }) {
  const t = useT();
  const at = `/ns/${encodeURIComponent(ns)}`;
  const { nodes, services, instances, configs, listeners, pushes } = tiles;
  const sick = instances ? instances.total - instances.healthy : 0;
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-6">
      {nodes && <Tile label={t.nav.nodes} to="/cluster/nodes" value={`${nodes.up}/${nodes.total}`} sub={nodes.up < nodes.total ? t.overview.down(nodes.total - nodes.up) : t.overview.allUp} tone={nodes.up < nodes.total ? 'bad' : undefined} />}
      {services && <Tile label={t.nav.services} to={`${at}/services`} value={short(services.total)} sub={services.unhealthy ? t.overview.unhealthy(services.unhealthy) : services.empty ? t.overview.empty(services.empty) : ''} tone={services.unhealthy ? 'bad' : undefined} />}
      {instances && <Tile label={t.nav.instances} to={`${at}/instances`} search={sick ? { health: 'unhealthy' } : {}} value={short(instances.total)} sub={sick ? t.overview.unhealthy(sick) : instances.total ? t.overview.allHealthy : ''} tone={sick ? 'bad' : undefined} />}
      {configs && <Tile label={t.nav.configs} to={`${at}/configs`} value={short(configs.total)} sub={configs.gray ? t.overview.gray(configs.gray) : ''} />}
      {tiles.clients !== null && <Tile label={t.nav.clients} to={`${at}/clients`} value={short(tiles.clients)} sub={listeners ? (listeners.behind ? t.config.behind(listeners.behind) : t.overview.listening(listeners.clients)) : ''} tone={listeners?.behind ? 'warn' : undefined} />}
      {pushes && <Tile label={t.overview.pushes} to={`${at}/services`} value={short(pushes.total)} sub={pushes.failed ? t.overview.failed(pushes.failed) : pushes.avgMillis >= 0 ? t.overview.takes(number(pushes.avgMillis, 1)) : ''} tone={pushes.failed ? 'warn' : undefined} />}
    </div>
  );
}

function FirstSteps({ ns }: { ns: string }) {
  const t = useT();
  const at: string = `/ns/${encodeURIComponent(ns)}`;
  const steps = [
    [at + '/configs/new', FilePlus, t.overview.firstConfig, t.overview.firstConfigText, undefined],
    [at + '/samples', Boxes, t.overview.firstInstance, t.overview.firstInstanceText, { kind: 'service' }],
    [at + '/samples', Code, t.overview.firstSDK, t.overview.firstSDKText, undefined],
  ] as const;
  return (
    <div className="grid gap-3 md:grid-cols-3">
      {steps.map(([to, Icon, title, text, search]) => (
        <Link key={title} to={to} search={search ?? {}} className="flex gap-3 rounded-xl border border-line bg-surface p-4 hover:border-line-strong">
          <span className="flex size-9 shrink-0 items-center justify-center rounded-lg bg-accent-soft text-accent-text">
            <Icon size={18} aria-hidden />
          </span>
          <span>
            <span className="block text-base font-medium">{title}</span>
            <span className="text-sm text-fg-2">{text}</span>
          </span>
        </Link>
      ))}
    </div>
  );
}

/** How the whole server is: a verdict, the numbers, the last minutes, and what needs somebody. */
export function OverviewPage() {
  const t = useT();
  const ns = useNamespace();
  const [search, change] = useAddress();
  const range: Range = ranges.find((one) => one === search.range) ?? '15m';
  const query = useQuery({ queryKey: overviewKeys.overview(''), queryFn: () => getOverview(''), refetchInterval: 10_000, placeholderData: keepPreviousData });
  return (
    <>
      <PageHead
        title={t.nav.overview}
        actions={
          <div role="radiogroup" aria-label={t.overview.range} className="flex rounded-md border border-line bg-surface p-0.5">
            {ranges.map((one) => (
              <button key={one} type="button" role="radio" aria-checked={one === range} onClick={() => change({ range: one === '15m' ? undefined : one, ...addressOf(undefined) })} className={cx('h-7 rounded px-2.5 text-xs', one === range ? 'bg-accent-soft font-medium text-accent-text' : 'text-fg-2 hover:bg-hover')}>
                {t.overview.ranges[one]}
              </button>
            ))}
          </div>
        }
      />
      <Loaded query={query} shape={<CardSkeleton />}>
        {(data) => (
          <div className="flex flex-col gap-4">
            <Verdict data={data} />
            <Partial nodes={data.nodes} />
            <TileRow tiles={data.tiles} ns={ns} />
            {!data.tiles.configs?.total && !data.tiles.services?.total && <FirstSteps ns={ns} />}
            <Suspense fallback={<Skeleton rows={6} />}>
              <Charts range={range} zoom={windowOf(search)} onZoom={(window) => change(addressOf(window), true)} />
            </Suspense>
            <div className="grid gap-4 lg:grid-cols-2">
              <Attention problems={data.problems ?? []} />
              <Changes changes={data.changes ?? []} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
