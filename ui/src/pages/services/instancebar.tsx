import { Power, PowerOff, RotateCcw, Scale, ServerOff, Unplug } from 'lucide-react';
import { useState } from 'react';
import type { InstanceRow } from '../../api/extnaming';
import { useTyped } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { Field, Input } from '../../ui/field';
import { PlanDialog } from '../bulk/plan';

export type InstanceAct = 'enable' | 'disable' | 'weight' | 'reset' | 'deregister';

/** What is to be done: something to these instances, or everything on a host offline. */
export type InstanceAsk = { act: InstanceAct; rows: InstanceRow[] } | { host: string };

interface AskProps {
  ns: string;
  ask: InstanceAsk;
  onClose: () => void;
  onDone: () => void;
}

const chosen = ({ groupName, serviceName, clusterName, ip, port, ephemeral }: Partial<InstanceRow>) => ({ groupName, serviceName, clusterName, ip, port, ephemeral });

/** Shows what an act does to each instance, and does it. */
export function InstanceActs({ ns, ask, onClose, onDone }: AskProps) {
  const t = useT();
  const [value, setValue] = useState('1');
  const [typed, setTyped] = useTyped(value, setValue);
  const common = { stale: [['instances', ns], ['services', ns]], done: t.instances.done, again: (items: { target: Partial<InstanceRow> }[]) => items.map(({ target }) => chosen(target)), onClose, onDone };
  if ('host' in ask) {
    return <PlanDialog {...common} title={t.bulk.hostTitle(ask.host)} ask={{ action: 'instance.disable', namespaceId: ns, more: { host: ask.host } }} submit={t.instances.acts.disable} danger />;
  }
  const { act, rows } = ask;
  const weighs = act === 'weight';
  const bad = weighs && !(Number(typed) >= 0 && Number(typed) <= 10_000 && typed !== '');
  return (
    <PlanDialog
      {...common}
      title={t.instances.actTitle(t.instances.acts[act], rows.length)}
      ask={bad ? undefined : { action: `instance.${act}`, namespaceId: ns, selection: rows.map(chosen), ...(weighs ? { more: { value } } : {}) }}
      why={bad ? t.instances.badWeight : typed !== value && t.bulk.planning}
      submit={t.instances.acts[act]}
      danger={act === 'deregister' || act === 'disable'}
    >
      {weighs && <Field label={t.instances.weight}>{(props) => <Input {...props} type="number" min={0} max={10_000} step="any" value={typed} onChange={(event) => setTyped(event.target.value)} className="max-w-40" />}</Field>}
    </PlanDialog>
  );
}

/** What can be done to the selected instances; each first shows its effect. */
export function InstanceBar({ rows, onAsk }: { rows: InstanceRow[]; onAsk: (ask: InstanceAsk) => void }) {
  const t = useT();
  const why = rows.some((row) => !row.may.includes('w')) && t.configs.mayNot;
  const hosts = new Set(rows.map((row) => row.ip));
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
      {acts.map(([act, icon]) => (
        <Button key={act} icon={icon} why={why} onClick={() => onAsk({ act, rows })}>
          {t.instances.acts[act]}
        </Button>
      ))}
      {hosts.size === 1 && (
        <Button icon={ServerOff} why={why} onClick={() => onAsk({ host: rows[0]!.ip })}>
          {t.bulk.host(rows[0]!.ip)}
        </Button>
      )}
    </div>
  );
}
