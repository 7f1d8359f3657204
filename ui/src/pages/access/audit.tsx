import { useInfiniteQuery } from '@tanstack/react-query';
import { Download, ScrollText } from 'lucide-react';
import { useState } from 'react';
import { address } from '../../api/http';
import { getAudit, type AuditRow } from '../../api/session';
import { useAddress, useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { saveFile } from '../../lib/save';
import { absolute, millis } from '../../lib/time';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { SearchInput, Select } from '../../ui/field';
import { Card, Facts, PageHead } from '../../ui/page';
import { Blank, Loaded, NoMatch, RowSkeleton } from '../../ui/states';
import { State, type Level } from '../../ui/status';
import { Table } from '../../ui/table';
import { complain } from '../../ui/toast';

const levels: Record<string, Level> = { done: 'ok', failed: 'warn', denied: 'bad' };

// What a record is about, by the parameters that name things.
function named(row: AuditRow): string {
  const params = (row.params ?? {}) as Record<string, unknown>;
  return ['dataId', 'serviceName', 'username', 'role', 'namespaceId', 'customNamespaceId', 'name'].map((key) => params[key]).find((value): value is string => typeof value === 'string' && value !== '') ?? '';
}

const said = (value: unknown) => (value === null || value === undefined || value === '' ? '' : <pre className="max-h-60 overflow-auto font-mono text-xs whitespace-pre-wrap">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>);

function Entry({ row, onClose }: { row: AuditRow; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog open onClose={onClose} size="large" title={`${row.method} ${row.path}`} description={absolute(millis(row.time))}>
      <Facts
        items={[
          [t.audit.who, row.user],
          [t.config.from, row.address],
          [t.access.resource, row.resource],
          [t.audit.outcome, <State key="o" level={levels[row.outcome] ?? 'unknown'}>{t.audit.outcomes[row.outcome as 'done'] ?? row.outcome}</State>],
          row.error && [t.edit.error, row.error],
          [t.audit.params, said(row.params)],
          [t.audit.before, said(row.before)],
          [t.audit.after, said(row.after)],
        ]}
      />
    </Dialog>
  );
}

// A link cannot carry the header that says who asks, so the file is fetched.
async function saveCSV(search: Record<string, string | undefined>) {
  const answer = await fetch(address('v3/console/ext/audit', { user: search.user ?? '', outcome: search.outcome ?? '', contains: search.q ?? '', format: 'csv' }), { headers: { 'X-Console': '1' } });
  if (!answer.ok) throw new Error(String(answer.status));
  saveFile('audit.csv', await answer.text(), 'text/csv;charset=utf-8');
}

/** Every write, and every attempt that was refused. */
export function AuditPage() {
  const t = useT();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const [user, setUser] = useTyped(search.user ?? '', (value) => change({ user: value || undefined }));
  const [opened, setOpened] = useState<AuditRow>();
  const query = useInfiniteQuery({
    queryKey: ['audit', search.q ?? '', search.user ?? '', search.outcome ?? ''],
    queryFn: ({ pageParam }) => getAudit({ contains: search.q, user: search.user, outcome: search.outcome, cursor: pageParam || undefined }),
    initialPageParam: '',
    getNextPageParam: (last) => last.next || undefined,
  });
  return (
    <>
      <PageHead title={t.nav.audit} text={t.audit.text} actions={<Button icon={Download} onClick={() => void saveCSV(search).catch(complain)}>CSV</Button>} />
      <Card flush>
        <div className="flex flex-wrap gap-2 gutter border-b border-line py-3">
          <SearchInput data-filter label={t.audit.find} value={q} onChange={setQ} className="w-full sm:w-64" />
          <SearchInput label={t.login.user} value={user} onChange={setUser} className="w-full sm:w-48" />
          <Select aria-label={t.audit.outcome} value={search.outcome ?? ''} onChange={(event) => change({ outcome: event.target.value || undefined })} className="w-auto">
            <option value="">{t.audit.all}</option>
            {(['done', 'failed', 'denied'] as const).map((outcome) => (
              <option key={outcome} value={outcome}>
                {t.audit.outcomes[outcome]}
              </option>
            ))}
          </Select>
        </div>
        <Loaded query={query} shape={<RowSkeleton />}>
          {(data) => {
            const rows = data.pages.flatMap((page) => page.items ?? []).map((row, i) => ({ row, i }));
            if (!rows.length) return search.q || search.user || search.outcome ? <NoMatch onClear={() => change({ q: undefined, user: undefined, outcome: undefined })} /> : <Blank icon={ScrollText} title={t.audit.none} />;
            return (
              <>
                <Table
                  label={t.nav.audit}
                  rows={rows}
                  rowKey={({ i }) => String(i)}
                  onOpen={({ row }) => setOpened(row)}
                  columns={[
                    { key: 'time', title: t.audit.time, width: '13rem', narrow: '1%', cell: ({ row }) => <span className="block min-w-[6.5rem] tabular-nums md:whitespace-nowrap">{absolute(millis(row.time))}</span> },
                    { key: 'user', title: t.audit.who, width: '10%', wide: true, cell: ({ row }) => <span className="wrap-anywhere">{row.user || '–'}</span> },
                    { key: 'what', title: t.audit.what, cell: ({ row }) => <><button type="button" onClick={() => setOpened(row)} className="min-h-6 min-w-[9.25rem] text-left font-mono text-xs wrap-anywhere text-accent-text hover:underline">{row.method} {row.path}</button>{named(row) && <span className="block font-mono text-xs wrap-anywhere text-fg-3 md:hidden">{named(row)}</span>}</> },
                    { key: 'resource', title: t.access.resource, width: '30%', wide: true, cell: ({ row }) => <span className="font-mono text-xs wrap-anywhere">{row.resource}{named(row) && <span className="block text-fg-3">{named(row)}</span>}</span> },
                    { key: 'address', title: t.config.from, width: '9rem', wide: true, wider: true, cell: ({ row }) => <span className="font-mono text-xs wrap-anywhere">{row.address}</span> },
                    { key: 'outcome', title: t.audit.outcome, width: '7rem', narrow: '1%', cell: ({ row }) => <State level={levels[row.outcome] ?? 'unknown'}>{t.audit.outcomes[row.outcome as 'done'] ?? row.outcome}</State> },
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
      {opened && <Entry row={opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}
