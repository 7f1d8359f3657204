import { useQuery } from '@tanstack/react-query';
import { BellRing, Radio } from 'lucide-react';
import { extConfigKeys, getConvergence, repush, type Answering, type ConfigFull, type Convergence, type Listener } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useAddress, usePath } from '../../app/query';
import { useT, type Dictionary } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { Checkbox } from '../../ui/choice';
import { cx } from '../../ui/cx';
import { Card } from '../../ui/page';
import { Blank, Loaded, Strip } from '../../ui/states';
import { State, type Level } from '../../ui/status';
import { Table, type Column } from '../../ui/table';
import { Time } from '../../ui/time';

export const listenerLevels: Record<Listener['state'], Level> = { current: 'ok', gray: 'gray', behind: 'warn' };

/** Over many configs there is a column more, and less room for the others. */
export function listenerColumns(t: Dictionary, over = false): Column<Listener>[] {
  return [
    { key: 'address', title: t.listeners.client, cell: (row) => <span className="block font-mono text-xs wrap-anywhere max-md:min-w-36">{row.address || row.ip}<span className="block text-fg-3" title={t.listeners.node}>{row.node}</span></span> },
    { key: 'state', title: t.common.state, width: '8rem', cell: (row) => <State level={listenerLevels[row.state] ?? 'unknown'}><span>{t.listeners.states[row.state] ?? row.state}<span className="block text-fg-2 md:hidden">{row.version}</span></span></State> },
    { key: 'version', title: t.listeners.has, wide: true, width: '8rem', cell: (row) => <span title={row.md5}>{row.version || <span className="font-mono text-xs text-fg-2">{row.md5.slice(0, 8) || t.common.none}</span>}</span> },
    { key: 'since', title: t.listeners.since, wide: over, width: '8rem', cell: (row) => <Time at={row.since} /> },
    { key: 'app', title: t.configs.app, wide: true, wider: over, width: '12%', cell: (row) => row.app || <span className="text-fg-3">–</span> },
    { key: 'agent', title: 'SDK', wide: true, width: '16%', cell: (row) => <span className="wrap-anywhere">{row.agent || '–'}</span> },
    { key: 'transport', title: t.listeners.transport, wide: true, wider: over, width: '6rem', cell: (row) => t.listeners.transports[row.transport as 'poll'] ?? row.transport },
  ];
}

/** Which nodes kept silent, if any. */
export function Partial({ nodes }: { nodes: Answering[] | null | undefined }) {
  const t = useT();
  const silent = nodes?.filter((node) => !node.ok) ?? [];
  if (!silent.length) return null;
  return <Strip>{t.states.partial(silent.map((node) => node.address).join(', '))}</Strip>;
}

function Bar({ counts }: { counts: Convergence['counts'] }) {
  const t = useT();
  const parts = [
    ['current', counts.current, 'bg-ok'],
    ['gray', counts.gray, 'bg-info'],
    ['behind', counts.behind, 'bg-warn'],
  ] as const;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-baseline gap-2">
        <span className="text-2xl font-semibold tabular-nums">{Math.floor(((counts.current + counts.gray) / counts.total) * 100)} %</span>
        <span className="text-sm text-fg-2">{t.listeners.summary(counts.current + counts.gray, counts.total)}</span>
      </div>
      <div aria-hidden className="flex h-2.5 gap-0.5 overflow-hidden rounded-full bg-sunken">
        {parts.map(([key, count, tint]) => count > 0 && <span key={key} className={cx(tint, 'min-w-1')} style={{ flexGrow: count }} />)}
      </div>
      <div className="flex flex-wrap gap-x-5 gap-y-1 text-sm">
        {parts.map(([key, count]) => (
          <State key={key} level={listenerLevels[key]}>
            {t.listeners.states[key]} <b className="font-semibold tabular-nums">{count}</b>
          </State>
        ))}
      </div>
    </div>
  );
}

/** Who listens to this configuration, and which version each one has. */
export function ListenersTab({ config }: { config: ConfigFull }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, dataId: name };
  const [search, change] = useAddress();
  const query = useQuery({ queryKey: extConfigKeys.convergence(at), queryFn: () => getConvergence(at), refetchInterval: 5000 });
  const tell = useAct({
    run: (addresses: string[]) => repush(at, addresses),
    done: (result, addresses) => t.listeners.pushed(result.told, addresses.length),
    stale: [extConfigKeys.convergence(at)],
  });
  const why = !config.may.includes('w') && t.configs.mayNot;
  const columns: Column<Listener>[] = [
    ...listenerColumns(t),
    { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (row) => !why && row.state === 'behind' && row.address && <IconButton label={t.listeners.pushTo(row.address)} icon={BellRing} disabled={tell.isPending} onClick={() => tell.mutate([row.address])} /> },
  ];
  return (
    <Loaded query={query}>
      {(data) => {
        const only = search.only === 'behind';
        const behind = (data.clients ?? []).filter((row) => row.state === 'behind' && row.address).map((row) => row.address);
        const rows = (data.clients ?? []).filter((row) => !only || row.state === 'behind');
        return (
          <div className="flex flex-col gap-4">
            <Partial nodes={data.nodes} />
            {data.counts.total > 0 && (
              <Card>
                <Bar counts={data.counts} />
              </Card>
            )}
            {data.counts.total === 0 ? (
              <Card>
                <Blank icon={Radio} title={t.listeners.none} text={t.listeners.noneText} />
              </Card>
            ) : (
              <Card
                flush
                title={t.listeners.clients}
                actions={
                  <span className="flex flex-wrap items-center gap-3">
                    {behind.length > 0 && (
                      <Button icon={BellRing} why={why} busy={tell.isPending} onClick={() => tell.mutate(behind)}>
                        {t.listeners.push(behind.length)}
                      </Button>
                    )}
                    <Checkbox checked={only} onChange={(on) => change({ only: on ? 'behind' : undefined })} label={t.listeners.onlyBehind} />
                  </span>
                }
              >
                {rows.length ? <Table label={t.listeners.clients} columns={columns} rows={rows} rowKey={(row) => `${row.node} ${row.address} ${row.state}`} /> : <Blank title={t.listeners.noneBehind} />}
                {data.truncated && <p className="border-t border-line px-4 py-2 text-xs text-fg-2">{t.listeners.truncated}</p>}
              </Card>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
