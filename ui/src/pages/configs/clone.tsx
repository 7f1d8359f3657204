import { useState } from 'react';
import { cloneConfigs, type CloneItem, type Policy } from '../../api/config';
import type { ConfigRow } from '../../api/extconfig';
import { useAct } from '../../app/mutate';
import { useNamespaces } from '../../app/namespace';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { inSteps } from '../../lib/steps';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { Progress } from '../../ui/progress';

export function PolicySelect({ value, onChange }: { value: Policy; onChange: (policy: Policy) => void }) {
  const t = useT();
  return (
    <Field label={t.transfer.policy} hint={t.transfer.policyText[value]}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => onChange(event.target.value as Policy)}>
          {(['ABORT', 'SKIP', 'OVERWRITE'] as const).map((key) => (
            <option key={key} value={key}>
              {t.transfer.policies[key]}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

const perStep = 20; // configs in one request, so that progress can be told

// Where the first that exists stops the rest, so does it over several requests.
async function cloneAll(target: string, policy: Policy, items: CloneItem[], tell: (done: number) => void) {
  const sum = { succeeded: 0, skipped: 0, failed: 0 };
  await inSteps(items, perStep, async (part) => {
    if (sum.failed) {
      sum.skipped += part.length;
      return;
    }
    const one = await cloneConfigs(target, policy, part);
    sum.succeeded += one.succCount;
    sum.skipped += one.skipCount ?? 0;
    sum.failed += one.failData?.length ?? 0;
  }, tell);
  return sum;
}

/** Copies configurations into another namespace, or under other names. */
export function CloneDialog({ ns, rows, onClose }: { ns: string; rows: Pick<ConfigRow, 'id' | 'groupName' | 'dataId'>[]; onClose: () => void }) {
  const t = useT();
  const me = useMe();
  const { data: namespaces = [] } = useNamespaces();
  const [target, setTarget] = useState('');
  const [policy, setPolicy] = useState<Policy>('ABORT');
  const [items, setItems] = useState(() => rows.map((row) => ({ cfgId: row.id, dataId: row.dataId, group: row.groupName })));
  const [done, setDone] = useState(0);
  const act = useAct({
    run: () => cloneAll(target, policy, items, setDone),
    done: (sum) => t.transfer.result(sum.succeeded, sum.skipped, sum.failed),
    stale: [['configs', target]],
    then: onClose,
  });
  const edit = (index: number, part: Partial<(typeof items)[0]>) => setItems(items.map((item, i) => (i === index ? { ...item, ...part } : item)));
  const same = target === ns && items.some((item, i) => item.dataId === rows[i]!.dataId && item.group === rows[i]!.groupName);
  const why = !target ? t.transfer.targetMissing : same ? t.transfer.sameName : items.some((item) => !item.dataId || !item.group) && t.transfer.nameMissing;
  return (
    <FormDialog open onClose={onClose} size="large" title={t.transfer.cloneTitle(rows.length)} submit={t.configs.clone} busy={act.isPending} why={why} onSubmit={() => act.mutate()}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.transfer.target}>
          {(props) => (
            <Select {...props} autoFocus value={target} onChange={(event) => setTarget(event.target.value)}>
              <option value="">{t.transfer.choose}</option>
              {namespaces.filter((one) => may(me, one.namespace || 'public', 'config', 'w')).map((one) => (
                <option key={one.namespace} value={one.namespace}>
                  {one.namespaceShowName}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <PolicySelect value={policy} onChange={setPolicy} />
      </div>
      {act.isPending && items.length > perStep && <Progress done={done} of={items.length} />}
      <div className="grid grid-cols-2 gap-x-3 gap-y-2">
        <span className="text-xs font-medium text-fg-2">{t.configs.dataId}</span>
        <span className="text-xs font-medium text-fg-2">{t.common.group}</span>
        {items.map((item, i) => (
          <div key={item.cfgId} className="contents">
            <Input aria-label={`${t.configs.dataId} ${i + 1}`} value={item.dataId} onChange={(event) => edit(i, { dataId: event.target.value })} />
            <Input aria-label={`${t.common.group} ${i + 1}`} value={item.group} onChange={(event) => edit(i, { group: event.target.value })} />
          </div>
        ))}
      </div>
    </FormDialog>
  );
}
