import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { RotateCcw, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { ApiError } from '../../api/errors';
import { extConfigKeys, getVersion, listRecycle, restore, type Current, type Published, type Version } from '../../api/extconfig';
import { useConsent } from '../../app/consent';
import { useAct } from '../../app/mutate';
import { useAddress, usePath, useTyped } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { CodeDiff, CodeView } from '../../ui/code/lazy';
import { Dialog } from '../../ui/dialog';
import { SearchInput } from '../../ui/field';
import { Card, PageHead } from '../../ui/page';
import { Blank, Loaded, NoMatch, RowSkeleton, Strip } from '../../ui/states';
import { Table } from '../../ui/table';
import { Time } from '../../ui/time';

function BringBack({ ns, version, onClose }: { ns: string; version: Version; onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const at = { ns, group: version.groupName ?? '', dataId: version.dataId ?? '' };
  const query = useQuery({ queryKey: extConfigKeys.version(at, version.nid), queryFn: () => getVersion(at, version.nid) });
  const consent = useConsent(ns);
  const [current, setCurrent] = useState<Current>(); // there is one of this name again
  const act = useAct<string, Published>({
    run: (expect) => restore(at, version.nid, expect, consent.said),
    done: t.recycle.done(at.dataId),
    stale: [['recycle', ns], ['configs', ns], ['releases', ns]],
    then: () => void navigate({ to: '/ns/$ns/configs/$group/$name', params: { ns, group: at.group, name: at.dataId } }),
    fail: (error) => {
      const now = error instanceof ApiError && error.conflict ? (error.data as { current?: Current } | null)?.current : undefined;
      setCurrent(now?.exists ? now : undefined);
      return Boolean(now);
    },
  });
  const why = (!may(me, ns, 'config', 'w') && t.configs.mayNot) || consent.why;
  return (
    <Dialog
      open
      onClose={onClose}
      size={current ? 'full' : 'large'}
      title={at.dataId}
      description={at.group}
      footer={
        <>
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button writes look={current ? 'danger' : 'primary'} icon={RotateCcw} busy={act.isPending} why={why} onClick={() => act.mutate(current ? current.md5 : 'absent')}>
            {current ? t.recycle.replace : t.recycle.restore}
          </Button>
        </>
      }
    >
      {consent.fields}
      <Loaded query={query}>
        {(full) => current ? (
          <>
            <Strip action={<Link to="/ns/$ns/configs/$group/$name" params={{ ns, group: at.group, name: at.dataId }} className="font-medium underline">{t.recycle.openNew}</Link>}>{t.recycle.collision}</Strip>
            <CodeDiff before={current.content} after={full.previous ?? full.content ?? ''} type={full.type || 'text'} beforeTitle={t.recycle.there} afterTitle={t.recycle.deleted} className="min-h-80 flex-1" />
          </>
        ) : (
          <div className="overflow-hidden rounded-lg border border-line">
            <CodeView text={full.previous ?? full.content ?? ''} type={full.type || 'text'} label={t.config.contentOf(at.dataId)} className="h-[50vh]" />
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

/** Removed configurations, until their history is cleaned away. */
export function RecyclePage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const [chosen, setChosen] = useState<Version>();
  const query = useInfiniteQuery({
    queryKey: extConfigKeys.recycle(ns, search.q ?? ''),
    queryFn: ({ pageParam }) => listRecycle(ns, search.q ?? '', pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <>
      <PageHead title={t.nav.recycle} text={t.recycle.text} />
      <Card flush>
        <div className="gutter border-b border-line py-3">
          <SearchInput data-filter label={t.configs.find} value={q} onChange={setQ} className="w-full sm:w-80" />
        </div>
        <Loaded query={query} shape={<RowSkeleton />}>
          {(data) => {
            const rows = data.pages.flatMap((page) => page.items ?? []);
            if (!rows.length) return search.q ? <NoMatch onClear={() => change({ q: undefined })} /> : <Blank icon={Trash2} title={t.recycle.none} text={t.recycle.noneText} />;
            return (
              <>
                <Table
                  label={t.nav.recycle}
                  rows={rows}
                  rowKey={(row) => row.nid}
                  columns={[
                    { key: 'dataId', title: t.configs.dataId, cell: (row) => <div className="min-w-28"><span className="block font-medium wrap-anywhere">{row.dataId}</span><span className="block text-xs wrap-anywhere text-fg-3 md:hidden">{row.groupName}</span></div> },
                    { key: 'group', title: t.common.group, width: '24%', wide: true, cell: (row) => <span className="wrap-anywhere">{row.groupName}</span> },
                    { key: 'at', title: t.recycle.removed, width: '9rem', narrow: '1%', cell: (row) => <Time at={row.at} /> },
                    { key: 'user', title: t.recycle.by, width: '16%', wide: true, cell: (row) => row.user || row.address || '–' },
                    { key: 'acts', title: t.common.actions, quiet: true, width: '8rem', align: 'end', cell: (row) => <Button className="h-7" onClick={() => setChosen(row)}>{t.common.open}</Button> },
                  ]}
                />
                {query.hasNextPage && (
                  <div className="flex justify-center border-t border-line p-3">
                    <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                      {t.history.older}
                    </Button>
                  </div>
                )}
              </>
            );
          }}
        </Loaded>
      </Card>
      {chosen && <BringBack ns={ns} version={chosen} onClose={() => setChosen(undefined)} />}
    </>
  );
}
