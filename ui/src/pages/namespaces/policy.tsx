import { useState } from 'react';
import { colors, policiesKey, setPolicy, type Color } from '../../api/policy';
import type { Namespace } from '../../api/types';
import { EnvironmentBadge } from '../../app/environment';
import { useAct } from '../../app/mutate';
import { usePolicy } from '../../app/policy';
import { useT } from '../../i18n';
import { Checkbox } from '../../ui/choice';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { Badge } from '../../ui/status';

/** What the console asks for in a namespace, in a row of the table. */
export function PolicyBadges({ one }: { one: Namespace }) {
  const t = useT();
  const policy = usePolicy(one.namespace);
  return (
    <span className="flex flex-wrap gap-1.5">
      <EnvironmentBadge policy={{ ...policy, protected: false }} name={one.namespaceShowName} />
      {policy.protected && <Badge level="warn">{t.policy.protected}</Badge>}
      {policy.noteRequired && <Badge level="info">{t.policy.noteRequired}</Badge>}
    </span>
  );
}

/** Sets what the console asks for before it writes to a namespace. */
export function PolicyForm({ one, onClose }: { one: Namespace; onClose: () => void }) {
  const t = useT();
  const [policy, setNow] = useState(usePolicy(one.namespace));
  const act = useAct({ run: () => setPolicy(policy), done: t.common.saved, stale: [policiesKey], then: onClose });
  const edit = (part: Partial<typeof policy>) => setNow((old) => ({ ...old, ...part }));
  return (
    <FormDialog open onClose={onClose} title={t.policy.title(one.namespaceShowName)} description={t.policy.text} submit={t.common.save} busy={act.isPending} onSubmit={() => act.mutate()}>
      <div className="flex flex-col gap-1">
        <Checkbox checked={policy.protected} onChange={(on) => edit({ protected: on })} label={t.policy.protect} />
        <p className="pl-6 text-xs text-fg-3">{t.policy.protectText(policy.namespaceId)}</p>
      </div>
      <div className="flex flex-col gap-1">
        <Checkbox checked={policy.noteRequired} onChange={(on) => edit({ noteRequired: on })} label={t.policy.noteRequired} />
        <p className="pl-6 text-xs text-fg-3">{t.policy.noteText}</p>
      </div>
      <Field label={t.policy.color}>
        {(props) => (
          <Select {...props} value={policy.color} onChange={(event) => edit({ color: event.target.value as Color | '' })}>
            <option value="">{t.policy.noColor}</option>
            {colors.map((color) => (
              <option key={color} value={color}>
                {t.policy.colors[color]}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t.policy.label} hint={t.policy.labelText}>
        {(props) => <Input {...props} maxLength={24} value={policy.label} onChange={(event) => edit({ label: event.target.value })} />}
      </Field>
      <div className="flex h-5 items-center">
        <EnvironmentBadge policy={policy} name={one.namespaceShowName} />
      </div>
    </FormDialog>
  );
}
