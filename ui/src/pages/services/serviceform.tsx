import { useState } from 'react';
import { createService, updateService, type ServiceName } from '../../api/naming';
import type { ServiceDetail } from '../../api/types';
import { useAct } from '../../app/mutate';
import { useT } from '../../i18n';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { fromPairs, MetadataEditor, toPairs } from '../../ui/metadata';

interface Props {
  ns: string;
  service?: ServiceDetail;
  onClose: () => void;
  onDone?: (name: ServiceName) => void;
}

/** Makes a service, or says something of one that is there. */
export function ServiceForm({ ns, service, onClose, onDone }: Props) {
  const t = useT();
  const [name, setName] = useState(service?.serviceName ?? '');
  const [group, setGroup] = useState(service?.groupName ?? 'DEFAULT_GROUP');
  const [threshold, setThreshold] = useState(String(service?.protectThreshold ?? 0));
  const [pairs, setPairs] = useState(toPairs(service?.metadata));
  const [kind, setKind] = useState(service?.selector?.type ?? 'none');
  const [expression, setExpression] = useState(service?.selector?.expression ?? '');
  const [ephemeral, setEphemeral] = useState(false);
  const at = { ns, group, service: name };
  const act = useAct({
    run: () => {
      const selector = kind === 'none' ? { type: 'none' } : { type: kind, expression };
      const form = { protectThreshold: Number(threshold), metadata: fromPairs(pairs), selector, ephemeral: service ? service.ephemeral : ephemeral };
      return service ? updateService(at, form) : createService(at, form);
    },
    done: service ? t.common.saved : t.services.created(name),
    stale: [['services', ns], ['service', ns, group, name]],
    then: () => {
      onClose();
      onDone?.(at);
    },
  });
  const value = Number(threshold);
  const why = !name ? t.services.nameMissing : !group ? t.edit.groupMissing : !(value >= 0 && value <= 1) && t.services.badThreshold;
  return (
    <FormDialog open onClose={onClose} size="medium" title={service ? service.serviceName : t.services.create} submit={service ? t.common.save : t.common.create} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      {!service && (
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label={t.services.name}>{(props) => <Input {...props} autoFocus required value={name} onChange={(event) => setName(event.target.value)} />}</Field>
          <Field label={t.common.group}>{(props) => <Input {...props} required value={group} onChange={(event) => setGroup(event.target.value)} />}</Field>
        </div>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.services.threshold} hint={t.services.thresholdText}>
          {(props) => <Input {...props} type="number" min={0} max={1} step={0.05} value={threshold} onChange={(event) => setThreshold(event.target.value)} />}
        </Field>
        {!service && (
          <Field label={t.services.kind}>
            {(props) => (
              <Select {...props} value={String(ephemeral)} onChange={(event) => setEphemeral(event.target.value === 'true')}>
                <option value="false">{t.services.kinds.persistent}</option>
                <option value="true">{t.services.kinds.ephemeral}</option>
              </Select>
            )}
          </Field>
        )}
        <Field label={t.services.selector}>
          {(props) => (
            <Select {...props} value={kind} onChange={(event) => setKind(event.target.value)}>
              <option value="none">{t.common.none}</option>
              <option value="label">{t.services.label}</option>
            </Select>
          )}
        </Field>
        {kind !== 'none' && (
          <Field label={t.services.expression} className="sm:col-span-2">
            {(props) => <Input {...props} value={expression} onChange={(event) => setExpression(event.target.value)} placeholder="CONSUMER.label.zone = PROVIDER.label.zone" />}
          </Field>
        )}
      </div>
      <MetadataEditor label={t.services.metadata} pairs={pairs} onChange={setPairs} />
    </FormDialog>
  );
}
