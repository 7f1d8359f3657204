import { useState } from 'react';
import type { Policy } from '../../api/config';
import type { ConfigRow } from '../../api/extconfig';
import { useNamespaces } from '../../app/namespace';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { PlanDialog } from '../bulk/plan';
import type { Chosen } from './selection';

const allPolicies = ['ABORT', 'SKIP', 'OVERWRITE'] as const;

export function PolicySelect({ value, policies = allPolicies, onChange }: { value: Policy; policies?: readonly Policy[]; onChange: (policy: Policy) => void }) {
  const t = useT();
  return (
    <Field label={t.transfer.policy} hint={t.transfer.policyText[value]}>
      {(props) => (
        <Select {...props} value={value} onChange={(event) => onChange(event.target.value as Policy)}>
          {policies.map((key) => (
            <option key={key} value={key}>
              {t.transfer.policies[key]}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

interface Props {
  ns: string;
  chosen: { rows: Pick<ConfigRow, 'id' | 'groupName' | 'dataId'>[] } | Extract<Chosen, { all: number }>;
  onClose: () => void;
}

type Row = Pick<ConfigRow, 'id' | 'groupName' | 'dataId'>;
const noRows: Row[] = [];

/** Copies configurations into another namespace, or under other names: first where to, then what that does to each. */
export function CloneDialog({ ns, chosen, onClose }: Props) {
  const rows = 'rows' in chosen ? chosen.rows : noRows;
  const count = 'rows' in chosen ? rows.length : chosen.all;
  const t = useT();
  const me = useMe();
  const { data: namespaces = [] } = useNamespaces();
  const [target, setTarget] = useState('');
  const [policy, setPolicy] = useState<Policy>('SKIP');
  const [items, setItems] = useState(() => rows.map(({ id, groupName, dataId }) => ({ id, groupName, dataId, asGroup: groupName, asDataId: dataId })));
  const [planned, setPlanned] = useState(false);
  const edit = (index: number, part: { asGroup?: string; asDataId?: string }) => setItems(items.map((item, i) => (i === index ? { ...item, ...part } : item)));
  const same = target === ns && ('all' in chosen || items.some((item) => item.dataId === item.asDataId && item.groupName === item.asGroup));
  const why = !target ? t.transfer.targetMissing : same ? t.transfer.sameName : items.some((item) => !item.asDataId || !item.asGroup) && t.transfer.nameMissing;
  const selection = items.map(({ groupName, dataId, asGroup, asDataId }) => ({ groupName, dataId, asGroup, asDataId }));
  if (planned) {
    const to = { targetNamespaceId: target, policy };
    return (
      <PlanDialog
        title={t.transfer.cloneTitle(count)}
        ask={{ action: 'config.clone', namespaceId: ns, ...('rows' in chosen ? { selection, more: to } : { more: { ...chosen.filter, ...to } }) }}
        submit={t.configs.clone}
        stale={[['configs', target], ['compare']]}
        done={(count) => t.transfer.result(count, 0, 0)}
        again={(rest) => ('all' in chosen ? rest.map(({ target: { groupName, dataId } }) => ({ groupName, dataId })) : selection.filter((one) => rest.some((item) => item.target.groupName === one.asGroup && item.target.dataId === one.asDataId)))}
        onClose={onClose}
        onDone={onClose}
      />
    );
  }
  return (
    <FormDialog local open onClose={onClose} size="large" title={t.transfer.cloneTitle(count)} submit={t.bulk.plan} why={why} onSubmit={() => setPlanned(true)}>
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
        <PolicySelect value={policy} policies={allPolicies.slice(1)} onChange={setPolicy} />
      </div>
      {items.length > 0 && <div className="grid grid-cols-2 gap-x-3 gap-y-2">
        <span className="text-xs font-medium text-fg-2">{t.configs.dataId}</span>
        <span className="text-xs font-medium text-fg-2">{t.common.group}</span>
        {items.map((item, i) => (
          <div key={item.id} className="contents">
            <Input aria-label={`${t.configs.dataId} ${i + 1}`} value={item.asDataId} onChange={(event) => edit(i, { asDataId: event.target.value })} />
            <Input aria-label={`${t.common.group} ${i + 1}`} value={item.asGroup} onChange={(event) => edit(i, { asGroup: event.target.value })} />
          </div>
        ))}
      </div>}
    </FormDialog>
  );
}
