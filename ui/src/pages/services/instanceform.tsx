import { RotateCcw } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { batch, type InstanceRow } from '../../api/extnaming';
import { put } from '../../api/http';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { number } from '../../lib/time';
import { Button } from '../../ui/button';
import { Switch } from '../../ui/choice';
import { FormDialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { fromPairs, MetadataEditor, toPairs, type Pair } from '../../ui/metadata';
import { Badge } from '../../ui/status';

function Source({ set, client }: { set: boolean; client: ReactNode }) {
  const t = useT();
  return (
    <span className="flex flex-wrap items-center gap-2 text-xs text-fg-3">
      <Badge level={set ? 'info' : 'unknown'}>{set ? t.instances.fromOperator : t.instances.fromClient}</Badge>
      {set && client}
    </span>
  );
}

// Who said a value: the client's is shown beside an operator's, what is typed now is nobody's yet.
function MetadataSource({ row, pair }: { row: InstanceRow; pair: Pair }) {
  const t = useT();
  const client = row.client?.metadata?.[pair.key];
  if (row.metadata?.[pair.key] !== pair.value) return <Badge level="warn">{t.instances.unsaved}</Badge>;
  return <Source set={row.operator?.metadata?.includes(pair.key) ?? false} client={client === undefined ? t.instances.clientSilent : t.instances.clientSays(client)} />;
}

/** Weight, traffic and metadata of one instance, and who said each of them. */
export function InstanceForm({ row, onClose }: { row: InstanceRow; onClose: () => void }) {
  const t = useT();
  const [weight, setWeight] = useState(String(row.weight));
  const [enabled, setEnabled] = useState(row.enabled);
  const [pairs, setPairs] = useState(toPairs(row.metadata));
  const stale = [['instances', row.namespaceId], ['services', row.namespaceId]];
  const save = useAct({
    run: () =>
      put<string>('v3/console/ns/instance', {
        namespaceId: row.namespaceId,
        groupName: row.groupName,
        serviceName: row.serviceName,
        clusterName: row.clusterName,
        ip: row.ip,
        port: row.port,
        ephemeral: row.ephemeral,
        weight,
        enabled,
        metadata: JSON.stringify(fromPairs(pairs)),
      }),
    done: t.common.saved,
    stale,
    then: onClose,
  });
  const reset = useAct({ run: () => batch(row.namespaceId, 'reset', '', [row]), done: t.common.saved, stale, then: onClose });
  const value = Number(weight);
  const why = !row.may.includes('w') ? t.configs.mayNot : !(weight !== '' && value >= 0 && value <= 10_000) && t.instances.badWeight;
  const said = row.operator ?? { weight: false, enabled: false, metadata: [] };
  const any = said.weight || said.enabled || Boolean(said.metadata?.length);
  return (
    <FormDialog open onClose={onClose} size="medium" title={`${row.ip}:${row.port}`} description={`${row.groupName} › ${row.serviceName} › ${row.clusterName}`} submit={t.common.save} why={why} busy={save.isPending} onSubmit={() => save.mutate()}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.instances.weight} hint={<Source set={said.weight} client={t.instances.clientSays(number(row.client?.weight ?? 1, 2))} />}>
          {(props) => <Input {...props} type="number" min={0} max={10_000} step="any" value={weight} onChange={(event) => setWeight(event.target.value)} />}
        </Field>
        <div className="flex flex-col gap-1">
          <span className="text-xs font-medium text-fg-2">{t.instances.traffic}</span>
          <span className="flex h-8 items-center gap-2">
            <Switch checked={enabled} onChange={setEnabled} label={t.instances.traffic} />
            {enabled ? t.instances.getsTraffic : t.instances.noTraffic}
          </span>
          <Source set={said.enabled} client={t.instances.clientSays(row.client?.enabled === false ? t.common.off : t.common.on)} />
        </div>
      </div>
      <MetadataEditor label={t.services.metadata} pairs={pairs} onChange={setPairs} source={(pair) => <MetadataSource row={row} pair={pair} />} />
      {any && row.may.includes('w') && (
        <Button icon={RotateCcw} busy={reset.isPending} className="self-start" onClick={() => reset.mutate()}>
          {t.instances.reset}
        </Button>
      )}
    </FormDialog>
  );
}
