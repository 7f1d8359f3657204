import { useMutation } from '@tanstack/react-query';
import { GitCompareArrows } from 'lucide-react';
import { compareNodes, type Compared } from '../../api/cluster';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { ConfigLink, ServiceLink } from '../../ui/link';
import { Card } from '../../ui/page';
import { Failure, Strip } from '../../ui/states';
import { Table } from '../../ui/table';
import { Time } from '../../ui/time';

function Found({ data }: { data: Compared }) {
  const t = useT();
  const answered = data.nodes.filter((node) => node.ok).length;
  const silent = data.nodes.filter((node) => !node.ok).map((node) => node.address).join(', ');
  return (
    <div className="flex flex-col gap-2">
      <div role="status" className="flex flex-col gap-2 px-4 pb-3">
        {silent && <Strip>{t.nodes.notCompared(silent)}</Strip>}
        {answered > 1 && !data.items.length && (
          <Strip tone="info" icon={GitCompareArrows}>
            {t.nodes.same(answered)} <Time at={data.at} />
          </Strip>
        )}
        {data.items.length > 0 && (
          <Strip icon={GitCompareArrows}>
            {t.nodes.unlike(data.items.length, data.more)} <Time at={data.at} />
          </Strip>
        )}
      </div>
      {data.items.length > 0 && (
        <Table
          label={t.nodes.compared}
          rows={data.items}
          rowKey={(row) => `${row.kind} ${row.namespaceId}/${row.groupName}/${row.name}`}
          columns={[
            {
              key: 'name',
              title: t.common.name,
              cell: ({ kind, namespaceId, groupName, name }) => (
                <span className="block min-w-36 py-0.5">
                  {kind === 'service' ? <ServiceLink ns={namespaceId || 'public'} group={groupName ?? ''} service={name} /> : <ConfigLink ns={namespaceId || 'public'} group={groupName ?? ''} dataId={name} />}
                  <span className="block text-xs text-fg-3">
                    {t.nodes.kinds[kind]} · {namespaceId || 'public'} › {groupName}
                  </span>
                </span>
              ),
            },
            {
              key: 'states',
              title: t.nodes.digests,
              width: '55%',
              cell: ({ states }) => (
                <ul className="py-0.5 font-mono text-xs">
                  {states.map(({ address, digest }) => (
                    <li key={address}>
                      {address} {digest ? digest.slice(0, 8) : <span className="font-sans text-bad">{t.nodes.nothingThere}</span>}
                    </li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      )}
    </div>
  );
}

/** Compares what the nodes hold when somebody asks for it, and names what differs. */
export function CompareNow() {
  const t = useT();
  const act = useMutation({ mutationFn: compareNodes });
  return (
    <Card
      flush
      title={t.nodes.compared}
      actions={
        <Button icon={GitCompareArrows} busy={act.isPending} onClick={() => act.mutate()}>
          {t.nodes.compareNow}
        </Button>
      }
    >
      {act.isError && <Failure error={act.error} onRetry={() => act.mutate()} />}
      {act.data && <Found data={act.data} />}
      {act.isIdle && <p className="px-4 pb-3 text-sm text-fg-2">{t.nodes.compareText}</p>}
    </Card>
  );
}
