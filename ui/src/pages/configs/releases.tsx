import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { History } from 'lucide-react';
import { extConfigKeys, listReleases, type Version } from '../../api/extconfig';
import { useAddress, usePath, useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { settings } from '../../lib/settings';
import { absolute } from '../../lib/time';
import { Button } from '../../ui/button';
import { SearchInput } from '../../ui/field';
import { linkLook } from '../../ui/link';
import { Card, PageHead } from '../../ui/page';
import { Blank, Loaded, NoMatch, RowSkeleton } from '../../ui/states';
import { KindBadge } from '../config/history';

const dayOf = (at: number) => new Intl.DateTimeFormat(settings.get().language === 'zh' ? 'zh-CN' : 'en-GB', { dateStyle: 'full', ...(settings.get().utc ? { timeZone: 'UTC' } : {}) }).format(at);

function byDay(versions: Version[]): [string, Version[]][] {
  const days = new Map<string, Version[]>();
  for (const version of versions) {
    const day = dayOf(version.at);
    days.set(day, [...(days.get(day) ?? []), version]);
  }
  return [...days];
}

function Row({ ns, version }: { ns: string; version: Version }) {
  const t = useT();
  const at = { ns: version.namespaceId || ns, group: version.groupName ?? '', name: version.dataId ?? '' };
  const title = <span className="font-medium wrap-anywhere">{version.dataId}</span>;
  return (
    <li className="grid grid-cols-[4.5rem_minmax(0,1fr)] items-center max-sm:items-start gap-x-3 gap-y-0.5 border-b border-line px-4 py-2 last:border-b-0 sm:grid-cols-[5rem_7.5rem_minmax(0,1fr)_minmax(0,10rem)_5rem]">
      <time title={absolute(version.at)} dateTime={new Date(version.at).toISOString()} className="text-fg-2 tabular-nums">
        {new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...(settings.get().utc ? { timeZone: 'UTC' } : {}) }).format(version.at)}
      </time>
      <span className="max-sm:order-3">
        <KindBadge version={version} />
      </span>
      <span className="min-w-0">
        {version.kind === 'remove' ? title : <Link to="/ns/$ns/configs/$group/$name" params={at} search={{ tab: 'history', v: version.nid }} className={linkLook}>{title}</Link>}{' '}
        <span className="text-xs text-fg-3 wrap-anywhere">{version.groupName}</span>
        {version.note && <span className="block text-sm text-fg-2 wrap-anywhere">{version.note}</span>}
      </span>
      <span className="truncate text-fg-2 max-sm:order-4">{version.user || version.address || t.common.unknown}</span>
      <span className="text-right text-fg-3 tabular-nums max-sm:hidden">{version.version}</span>
    </li>
  );
}

/** All that was published in the namespace, by day. */
export function ReleasesPage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const [by, setBy] = useTyped(search.by ?? '', (value) => change({ by: value || undefined }));
  const query = useInfiniteQuery({
    queryKey: extConfigKeys.releases(ns, search.q ?? '', search.by ?? ''),
    queryFn: ({ pageParam }) => listReleases(ns, search.q ?? '', search.by ?? '', pageParam),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <>
      <PageHead title={t.nav.releases} text={t.history.releasesText} />
      <Card flush>
        <div className="flex flex-wrap gap-2 gutter border-b border-line py-3">
          <SearchInput data-filter label={t.configs.find} value={q} onChange={setQ} className="w-full sm:w-80" />
          <SearchInput label={t.configs.filters.by} value={by} onChange={setBy} className="w-full sm:w-56" />
        </div>
        <Loaded query={query} shape={<RowSkeleton />}>
          {(data) => {
            const versions = data.pages.flatMap((page) => page.items ?? []);
            if (!versions.length) return search.q || search.by ? <NoMatch onClear={() => change({ q: undefined, by: undefined })} /> : <Blank icon={History} title={t.history.none} />;
            return (
              <>
                {byDay(versions).map(([day, list]) => (
                  <section key={day} aria-label={day}>
                    <h2 className="bg-sunken px-4 py-1 text-xs font-medium text-fg-2">{day}</h2>
                    <ol>
                      {list.map((version) => (
                        <Row key={version.nid} ns={ns} version={version} />
                      ))}
                    </ol>
                  </section>
                ))}
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
    </>
  );
}
