import { useMutation } from '@tanstack/react-query';
import { ShieldCheck, ShieldX } from 'lucide-react';
import { useState } from 'react';
import { explain, type Explanation, type Question } from '../../api/session';
import { useNamespaces } from '../../app/namespace';
import { useAddress } from '../../app/query';
import { useT } from '../../i18n';
import { Button } from '../../ui/button';
import { cx } from '../../ui/cx';
import { Field, Input, Select } from '../../ui/field';
import { Card, Facts } from '../../ui/page';
import { Failure } from '../../ui/states';

function Answer({ said }: { said: Explanation }) {
  const t = useT();
  const Icon = said.allowed ? ShieldCheck : ShieldX;
  return (
    <div className="flex flex-col gap-4" role="status">
      <p className={cx('flex items-center gap-3 text-lg font-semibold', said.allowed ? 'text-ok' : 'text-bad')}>
        <Icon size={24} aria-hidden />
        {said.allowed ? t.access.allowed : t.access.denied}
      </p>
      <Facts
        items={[
          [t.access.because, (t.access.reasons as Record<string, string>)[said.reason] ?? said.reason],
          [t.access.role, said.role],
          [t.access.pattern, said.pattern && <code key="p" className="font-mono text-xs">{said.pattern}</code>],
          [t.access.action, said.action],
          [t.access.resource, <code key="r" className="font-mono text-xs">{said.resource}</code>],
        ]}
      />
    </div>
  );
}

/** Why somebody may do something, or why not. */
export function ExplainTab() {
  const t = useT();
  const [search] = useAddress();
  const { data: namespaces = [] } = useNamespaces();
  const [question, setQuestion] = useState<Question>({ username: search.user ?? '', action: 'r', namespaceId: 'public', groupName: 'DEFAULT_GROUP', type: 'config', name: '' });
  const act = useMutation({ mutationFn: explain });
  const set = (part: Partial<Question>) => setQuestion({ ...question, ...part });
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title={t.access.ask}>
        <form
          className="grid gap-4 sm:grid-cols-2"
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate(question);
          }}
        >
          <Field label={t.login.user}>{(props) => <Input {...props} required value={question.username} onChange={(event) => set({ username: event.target.value })} />}</Field>
          <Field label={t.access.action}>
            {(props) => (
              <Select {...props} value={question.action} onChange={(event) => set({ action: event.target.value })}>
                <option value="r">{t.access.actions.r}</option>
                <option value="w">{t.access.actions.w}</option>
              </Select>
            )}
          </Field>
          <Field label={t.common.namespace}>
            {(props) => (
              <Select {...props} value={question.namespaceId} onChange={(event) => set({ namespaceId: event.target.value })}>
                {namespaces.map((one) => (
                  <option key={one.namespace} value={one.namespace}>
                    {one.namespaceShowName}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label={t.access.kind}>
            {(props) => (
              <Select {...props} value={question.type} onChange={(event) => set({ type: event.target.value })}>
                <option value="config">{t.samples.config}</option>
                <option value="naming">{t.samples.service}</option>
              </Select>
            )}
          </Field>
          <Field label={t.common.group}>{(props) => <Input {...props} value={question.groupName} onChange={(event) => set({ groupName: event.target.value })} />}</Field>
          <Field label={t.common.name}>{(props) => <Input {...props} required value={question.name} onChange={(event) => set({ name: event.target.value })} />}</Field>
          <Button look="primary" type="submit" busy={act.isPending} onClick={() => undefined} className="sm:col-span-2 sm:justify-self-start">
            {t.access.askButton}
          </Button>
        </form>
      </Card>
      {(act.data || act.error) && <Card>{act.data ? <Answer said={act.data} /> : <Failure error={act.error} />}</Card>}
    </div>
  );
}
