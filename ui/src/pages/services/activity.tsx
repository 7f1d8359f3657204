import { useQuery } from '@tanstack/react-query';
import { Activity as Pulse, Waves } from 'lucide-react';
import { extNamingKeys, getActivity, type Happening } from '../../api/extnaming';
import { usePath } from '../../app/query';
import { useT, type Dictionary } from '../../i18n';
import { absolute, duration } from '../../lib/time';
import { Card } from '../../ui/page';
import { Blank, Loaded, Strip } from '../../ui/states';
import { State, type Level } from '../../ui/status';
import { Table, type Column } from '../../ui/table';
import { Time } from '../../ui/time';
import { Partial } from '../config/listenerstab';

const levels: Record<Happening['kind'], Level> = {
  registered: 'ok',
  healthy: 'ok',
  deregistered: 'unknown',
  disconnected: 'warn',
  unhealthy: 'warn',
  expired: 'bad',
  altered: 'info',
  operated: 'info',
};

// What an operator has made of it, in words.
function set(t: Dictionary, { set: did }: Happening): string {
  if (!did) return '';
  return [
    did.enabled !== null && (did.enabled ? t.activity.on : t.activity.off),
    did.weight !== null && t.activity.weight(did.weight),
    did.metadata && t.activity.metadata,
  ].filter(Boolean).join(t.activity.and);
}

function columns(t: Dictionary): Column<Happening>[] {
  return [
    { key: 'at', title: t.activity.when, width: '9rem', narrow: '1%', cell: (row) => <Time at={row.at} /> },
    { key: 'instance', title: t.activity.instance, width: '26%', narrow: '1%', cell: (row) => <span className="block min-w-28 font-mono text-xs wrap-anywhere">{row.ip}:{row.port}{row.clusterName !== 'DEFAULT' && <span className="block text-fg-3">{row.clusterName}</span>}</span> },
    { key: 'kind', title: t.activity.what, cell: (row) => <State level={levels[row.kind] ?? 'unknown'} className="whitespace-normal!">{[t.activity.kinds[row.kind] ?? row.kind, set(t, row)].filter(Boolean).join(t.activity.how)}</State> },
    { key: 'by', title: t.activity.by, width: '16%', wide: true, cell: (row) => row.by || <span className="text-fg-3">–</span> },
    { key: 'node', title: t.activity.node, width: '12rem', wide: true, wider: true, cell: (row) => <span className="font-mono text-xs">{row.node}</span> },
  ];
}

/** What befell the instances of a service: who came, went, fell silent, or was changed by whom. */
export function ActivityTab() {
  const t = useT();
  const { ns, group, name } = usePath();
  const at = { ns, group, service: name };
  const query = useQuery({ queryKey: extNamingKeys.activity(at), queryFn: ({ signal }) => getActivity(at, signal) });
  return (
    <Loaded query={query}>
      {(data) => (
        <div className="flex flex-col gap-4">
          <Partial nodes={data.nodes} />
          {data.flapping.length > 0 && (
            <Strip icon={Waves}>
              <b className="font-semibold">{t.activity.flapping(data.flapping.length)}</b>
              <ul aria-label={t.activity.flapping(data.flapping.length)} className="mt-1">
                {data.flapping.slice(0, 10).map((one) => (
                  <li key={`${one.clusterName}/${one.ip}:${one.port}`}>
                    <span className="font-mono text-xs">{one.ip}:{one.port}</span>{' '}
                    {t.activity.changes(one.changes, duration(data.window / 1000))}
                  </li>
                ))}
              </ul>
            </Strip>
          )}
          <Card flush>
            {data.items.length ? (
              <Table label={t.activity.title} rows={data.items.map((row, i) => ({ ...row, i: data.total - i }))} rowKey={(row) => `${row.at} ${row.i}`} columns={columns(t)} />
            ) : (
              <Blank icon={Pulse} title={t.activity.none} text={t.activity.noneText} />
            )}
          </Card>
          <p className="text-xs text-fg-3">{t.activity.since(absolute(data.since))}</p>
        </div>
      )}
    </Loaded>
  );
}
