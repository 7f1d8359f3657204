import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { LogOut, MonitorSmartphone, UserX } from 'lucide-react';
import { useState } from 'react';
import { endSession, endSessions, listSessions, sessionsKeys, type SessionRow } from '../../api/sessions';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { agentName } from '../../lib/agent';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { SearchInput } from '../../ui/field';
import { Listing } from '../../ui/listing';
import { Card } from '../../ui/page';
import { Blank } from '../../ui/states';
import { Badge } from '../../ui/status';
import { Time } from '../../ui/time';
import { Partial } from '../config/listenerstab';

/** What is about to be ended: one session, or all of a user but this one. */
type Ending = { one: SessionRow } | { all: string };

function EndDialog({ ending, onClose }: { ending: Ending; onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const act = useAct({
    run: () => ('one' in ending ? endSession(ending.one) : endSessions(ending.all)),
    done: ({ ended }) => t.access.sessionsEnded(ended),
    stale: [sessionsKeys.all],
    then: onClose,
  });
  const title = 'one' in ending ? t.access.endSession(ending.one.username) : ending.all === me.username ? t.access.endOthers : t.access.endAll(ending.all);
  return (
    <Confirm open onClose={onClose} title={title} submit={t.access.end} busy={act.isPending} onConfirm={() => act.mutate()}>
      {'one' in ending && <p className="font-medium">{[agentName(ending.one.agent), ending.one.address].filter(Boolean).join(' · ')}</p>}
      <p>{'one' in ending ? t.access.endText : ending.all === me.username ? t.access.endOthersText : t.access.endAllText}</p>
      <p className="text-fg-2">{t.access.tokensStay}</p>
    </Confirm>
  );
}

/** Who is logged in at the console. */
export function SessionsTab() {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [ending, setEnding] = useState<Ending>();
  const query = useQuery({ queryKey: sessionsKeys.list(search.q ?? '', page, size), queryFn: () => listSessions(search.q ?? '', page, size), placeholderData: keepPreviousData, refetchInterval: 30_000 });
  const others = mayGlobal(me, 'users', 'r');
  const may = (row: SessionRow) => row.username === me.username || mayGlobal(me, 'users', 'w');
  return (
    <Card flush>
      <div className="flex flex-wrap items-center justify-between gap-2 gutter border-b border-line py-3">
        {others ? <SearchInput data-filter label={t.access.findSession} value={q} onChange={setQ} className="w-full sm:w-72" /> : <p className="text-sm text-fg-2">{t.access.sessionsText}</p>}
        <Button icon={LogOut} onClick={() => setEnding({ all: me.username })}>
          {t.access.endOthers}
        </Button>
      </div>
      <Partial nodes={query.data?.nodes} />
      <Listing
        label={t.access.sessions}
        query={query}
        rowKey={(row) => row.id}
        columns={[
          {
            key: 'user',
            title: t.login.user,
            cell: (row) => (
              <span className="flex flex-wrap items-center gap-2 py-1">
                <span className="font-medium wrap-anywhere">{row.username}</span>
                {row.current && <Badge level="info">{t.access.thisSession}</Badge>}
              </span>
            ),
          },
          { key: 'from', title: t.access.from, width: '30%', cell: (row) => <span className="block min-w-28 wrap-anywhere" title={row.agent}><span className="font-mono text-xs">{row.address || '–'}</span><span className="block text-xs text-fg-2">{agentName(row.agent)}</span></span> },
          { key: 'since', title: t.access.since, wide: true, width: '9rem', cell: (row) => <Time at={row.since} /> },
          { key: 'seen', title: t.access.lastSeen, width: '9rem', cell: (row) => <Time at={row.lastSeen} /> },
          { key: 'expires', title: t.access.expires, wide: true, width: '9rem', cell: (row) => <Time at={row.expires} /> },
          {
            key: 'acts',
            title: t.common.actions,
            quiet: true,
            width: '6rem',
            align: 'end',
            cell: (row) =>
              !row.current && may(row) && (
                <span className="inline-flex">
                  {row.username !== me.username && <IconButton label={t.access.endAll(row.username)} icon={UserX} onClick={() => setEnding({ all: row.username })} />}
                  <IconButton label={t.access.endSession(row.username)} icon={LogOut} onClick={() => setEnding({ one: row })} />
                </span>
              ),
          },
        ]}
        filtered={Boolean(search.q)}
        onClear={() => change({ q: undefined, page: undefined })}
        empty={<Blank icon={MonitorSmartphone} title={t.access.noSessions} />}
      />
      {ending && <EndDialog ending={ending} onClose={() => setEnding(undefined)} />}
    </Card>
  );
}
