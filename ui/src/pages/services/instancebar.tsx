import { Power, PowerOff, RotateCcw, Scale, Unplug } from 'lucide-react';
import { useState } from 'react';
import { batch, type BatchAction, type InstanceRow } from '../../api/extnaming';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { inSteps } from '../../lib/steps';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field, Input } from '../../ui/field';
import { Progress } from '../../ui/progress';
import { Table } from '../../ui/table';
import { inform } from '../../ui/toast';

const perStep = 100; // instances in one request, so that progress can be told

function plan(t: ReturnType<typeof useT>, action: BatchAction, row: InstanceRow, value: string): string {
  switch (action) {
    case 'enable':
      return row.enabled ? t.instances.same : t.instances.getsTraffic;
    case 'disable':
      return row.enabled ? t.instances.losesTraffic : t.instances.same;
    case 'weight':
      return `${row.weight} → ${value || '?'}`;
    case 'reset':
      return t.instances.asClient;
    case 'deregister':
      return row.ephemeral ? t.instances.comesBack : t.instances.goes;
    default:
      return '';
  }
}

function Ask({ ns, rows, action, onClose, onDone }: { ns: string; rows: InstanceRow[]; action: BatchAction; onClose: () => void; onDone: () => void }) {
  const t = useT();
  const [value, setValue] = useState(action === 'weight' ? '1' : '');
  const [done, setDone] = useState(0);
  const act = useAct({
    run: async () => {
      const parts = await inSteps(rows, perStep, (part) => batch(ns, action, value, part), setDone);
      return { done: parts.reduce((sum, part) => sum + part.done, 0), failed: parts.flatMap((part) => part.failed ?? []) };
    },
    done: (result) => t.instances.done(result.done),
    stale: [['instances', ns], ['services', ns]],
    then: (result) => {
      if (result.failed?.length) inform(result.failed.map((one) => `${one.ip}:${one.port} ${one.error}`).join(' · '));
      onDone();
    },
  });
  const bad = action === 'weight' && !(Number(value) >= 0 && Number(value) <= 10_000 && value !== '');
  const danger = action === 'deregister' || action === 'disable';
  return (
    <Dialog
      open
      onClose={onClose}
      size="large"
      title={t.instances.actTitle(t.instances.acts[action], rows.length)}
      footer={
        <>
          <Button autoFocus onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button look={danger ? 'danger' : 'primary'} busy={act.isPending} why={bad && t.instances.badWeight} onClick={() => act.mutate()}>
            {t.instances.acts[action]}
          </Button>
        </>
      }
    >
      {act.isPending && rows.length > perStep && <Progress done={done} of={rows.length} />}
      {action === 'weight' && <Field label={t.instances.weight}>{(props) => <Input {...props} type="number" min={0} max={10_000} step="any" value={value} onChange={(event) => setValue(event.target.value)} className="max-w-40" />}</Field>}
      <div className="rounded-lg border border-line">
        <Table
          label={t.instances.actTitle(t.instances.acts[action], rows.length)}
          rows={rows}
          rowKey={(row) => `${row.serviceName} ${row.clusterName} ${row.ip}:${row.port}`}
          columns={[
            { key: 'address', title: t.instances.address, cell: (row) => <span className="font-mono text-xs">{row.ip}:{row.port}</span> },
            { key: 'service', title: t.services.name, width: '34%', cell: (row) => <span className="wrap-anywhere">{row.serviceName}</span> },
            { key: 'plan', title: t.transfer.effect, width: '34%', cell: (row) => plan(t, action, row, value) },
          ]}
        />
      </div>
    </Dialog>
  );
}

/** What can be done to the selected instances; each first shows its effect. */
export function InstanceBar({ ns, rows, onDone }: { ns: string; rows: InstanceRow[]; onDone: () => void }) {
  const t = useT();
  const [asking, setAsking] = useState<BatchAction>();
  const why = rows.some((row) => !row.may.includes('w')) && t.configs.mayNot;
  const acts = [
    ['enable', Power],
    ['disable', PowerOff],
    ['weight', Scale],
    ['reset', RotateCcw],
    ['deregister', Unplug],
  ] as const;
  return (
    <div role="toolbar" aria-label={t.table.selected(rows.length)} className="sticky bottom-3 z-20 mx-auto my-3 flex w-fit max-w-full flex-wrap items-center gap-2 rounded-xl border border-line bg-raised px-3 py-2 shadow-pop">
      <span className="px-1 text-sm font-medium">{t.table.selected(rows.length)}</span>
      {acts.map(([action, icon]) => (
        <Button key={action} icon={icon} why={why} onClick={() => setAsking(action)}>
          {t.instances.acts[action]}
        </Button>
      ))}
      {asking && (
        <Ask
          ns={ns}
          rows={rows}
          action={asking}
          onClose={() => setAsking(undefined)}
          onDone={() => {
            setAsking(undefined);
            onDone();
          }}
        />
      )}
    </div>
  );
}
