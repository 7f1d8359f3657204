import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useState } from 'react';
import { extConfigKeys, getFull, getVersion, listVersions, restore, type ConfigFull, type Version } from '../../api/extconfig';
import { client } from '../../app/client';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, usePath } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { CodeDiff } from '../../ui/code/lazy';
import { cx } from '../../ui/cx';
import { Dialog } from '../../ui/dialog';
import { Select } from '../../ui/field';
import { Pager } from '../../ui/pager';
import { Card } from '../../ui/page';
import { Blank, Failure, Loaded, Skeleton } from '../../ui/states';
import { Badge, type Level } from '../../ui/status';
import { Time } from '../../ui/time';

const levels: Record<Version['kind'], Level> = { create: 'ok', publish: 'info', remove: 'bad', gray: 'gray', gray_remove: 'unknown' };

export function KindBadge({ version }: { version: Pick<Version, 'kind'> }) {
  const t = useT();
  return <Badge level={levels[version.kind] ?? 'unknown'}>{t.history.kinds[version.kind] ?? version.kind}</Badge>;
}

function Entry({ version, on, onChoose }: { version: Version; on: boolean; onChoose: () => void }) {
  const t = useT();
  return (
    <button type="button" aria-pressed={on} onClick={onChoose} className={cx('flex w-full flex-col gap-0.5 border-b border-line px-3 py-2 text-left -outline-offset-2 last:border-b-0', on ? 'bg-selected' : 'hover:bg-hover')}>
      <span className="flex items-center gap-2">
        <span className="font-medium tabular-nums">{version.version}</span>
        <KindBadge version={version} />
        {version.current && <Badge level="ok">{t.history.current}</Badge>}
      </span>
      <span className="text-xs text-fg-2">
        <Time at={version.at} /> · {version.user || version.address || t.common.unknown}
        {version.grayName && ` · ${version.grayName}`}
      </span>
      {version.note && <span className="text-sm wrap-anywhere">{version.note}</span>}
    </button>
  );
}

// What a version is compared with: what it replaced, or what is current now.
function Compare({ config, nid, onRestore }: { config: ConfigFull; nid: string; onRestore: () => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const [search, change] = useAddress();
  const at = { ns, group, dataId: name };
  const query = useQuery({ queryKey: extConfigKeys.version(at, nid), queryFn: () => getVersion(at, nid), placeholderData: keepPreviousData });
  const against = search.to === 'current' ? 'current' : 'previous';
  if (query.error) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Skeleton rows={8} />;
  const version = query.data;
  const before = against === 'current' ? (version.content ?? '') : (version.previous ?? '');
  const after = against === 'current' ? config.content : (version.content ?? '');
  const restorable = version.content !== null && version.kind !== 'remove' && version.kind !== 'gray_remove';
  const why = !config.may.includes('w') ? t.configs.mayNot : version.current && t.history.isCurrent;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Select aria-label={t.history.compare} value={against} onChange={(event) => change({ to: event.target.value === 'current' ? 'current' : undefined })} className="w-auto">
          <option value="previous">{t.history.againstPrevious}</option>
          <option value="current">{t.history.againstCurrent}</option>
        </Select>
        {restorable && (
          <Button writes icon={RotateCcw} why={why} onClick={onRestore}>
            {t.history.restore}
          </Button>
        )}
      </div>
      <CodeDiff
        before={before}
        after={after}
        type={version.type || 'text'}
        beforeTitle={against === 'current' ? version.version : version.previous === null ? t.history.nothing : t.history.before(version.version)}
        afterTitle={against === 'current' ? t.history.now : version.content === null ? t.history.nothing : version.version}
        className="h-[calc(100dvh-16rem)] min-h-80"
      />
    </div>
  );
}

export function RestoreDialog({ config: known, nid, onClose }: { config: ConfigFull; nid: string; onClose: () => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  // What is current is asked for again: the page may be older than the last release.
  const now = useQuery({ queryKey: extConfigKeys.full(at), queryFn: () => getFull(at), refetchOnMount: 'always' });
  const config = now.data ?? known;
  const query = useQuery({ queryKey: extConfigKeys.version(at, nid), queryFn: () => getVersion(at, nid), staleTime: Infinity });
  const consent = useConsent(ns, { offer: true });
  const act = useAct({
    run: () => restore(at, nid, config.md5 ?? 'absent', consent.said),
    done: t.history.restored(query.data?.version ?? ''),
    stale: [extConfigKeys.one(at), ['configs', ns], ['releases', ns]],
    then: onClose,
    fail: () => {
      void client.invalidateQueries({ queryKey: extConfigKeys.one(at) });
      return false;
    },
  });
  return (
    <Dialog
      open
      onClose={onClose}
      size="full"
      title={t.history.restoreTitle(query.data?.version ?? '')}
      description={t.history.restoreText(config.listeners)}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="primary" icon={RotateCcw} busy={act.isPending || now.isFetching} why={consent.why} onClick={() => act.mutate()}>
            {t.history.restoreTo(config.listeners)}
          </Button>
        </>
      }
    >
      {consent.fields}
      <Loaded query={query}>{(version) => <CodeDiff before={config.content} after={version.content ?? ''} type={version.type} beforeTitle={t.history.now} afterTitle={version.version} className="min-h-80 flex-1" />}</Loaded>
    </Dialog>
  );
}

/** Every version that there was, and what changed with it. */
export function HistoryTab({ config }: { config: ConfigFull }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const [search, change] = useAddress();
  const { page, size, go } = usePaging(50);
  const [restoring, setRestoring] = useState('');
  const query = useQuery({ queryKey: [...extConfigKeys.versions(at, page), size], queryFn: () => listVersions(at, page, size), placeholderData: keepPreviousData });
  return (
    <Loaded query={query}>
      {(data) => {
        if (!data.pageItems.length) return <Card><Blank title={t.history.none} /></Card>;
        const chosen = search.v || data.pageItems[0]!.nid;
        return (
          <div className="grid items-start gap-4 lg:grid-cols-[18rem_minmax(0,1fr)]">
            <Card flush className="overflow-hidden">
              <div className="max-h-[40vh] overflow-y-auto lg:max-h-[calc(100dvh-16rem)]">
                {data.pageItems.map((version) => (
                  <Entry key={version.nid} version={version} on={version.nid === chosen} onChoose={() => change({ v: version.nid })} />
                ))}
              </div>
              {data.totalCount > size && <Pager page={page} size={size} total={data.totalCount} sizes={[50]} onChange={go} />}
            </Card>
            <Compare config={config} nid={chosen} onRestore={() => setRestoring(chosen)} />
            {restoring && <RestoreDialog config={config} nid={restoring} onClose={() => setRestoring('')} />}
          </div>
        );
      }}
    </Loaded>
  );
}
