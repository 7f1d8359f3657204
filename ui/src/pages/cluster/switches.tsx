import { useQuery } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { getSwitches, putSwitch, type NamedValue } from '../../api/session';
import { useAct } from '../../app/mutate';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { IconButton } from '../../ui/button';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Select } from '../../ui/field';
import { Card, PageHead } from '../../ui/page';
import { Loaded, RowSkeleton } from '../../ui/states';
import { Table } from '../../ui/table';

interface Scalar {
  name: string;
  value: string;
}

// What each switch is set by, which is not always what it is listed as. What is
// not here cannot be set, or nothing depends on it.
const setters: Record<string, string> = {
  defaultPushCacheMillis: 'pushCacheMillis',
  clientBeatInterval: 'clientBeatInterval',
  healthCheckEnabled: 'check',
  distroEnabled: 'distro',
  pushEnabled: 'pushEnabled',
  checkTimes: 'healthCheckTimes',
  httpHealthParams: 'httpHealthParams',
  tcpHealthParams: 'tcpHealthParams',
  mysqlHealthParams: 'mysqlHealthParams',
  lightBeatEnabled: 'lightBeatEnabled',
  overriddenServerStatus: 'overriddenServerStatus',
  defaultInstanceEphemeral: 'defaultInstanceEphemeral',
};

const scalar = (value: unknown) => typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string';
const shown = (value: unknown) => (scalar(value) ? String(value) : value === null ? '' : JSON.stringify(value));

function Change({ one, onClose }: { one: Scalar; onClose: () => void }) {
  const t = useT();
  const [value, setValue] = useState(one.value);
  const act = useAct({ run: () => putSwitch(setters[one.name]!, value), done: t.common.saved, stale: [['switches']], then: onClose });
  const flag = one.value === 'true' || one.value === 'false';
  return (
    <FormDialog open onClose={onClose} title={one.name} description={t.switches.about(t.switches.docs[one.name])} submit={t.common.save} busy={act.isPending} why={value === one.value && t.edit.unchanged} onSubmit={() => act.mutate()}>
      <Field label={t.common.value}>
        {(props) =>
          flag ? (
            <Select {...props} value={value} onChange={(event) => setValue(event.target.value)}>
              <option value="true">{t.common.on}</option>
              <option value="false">{t.common.off}</option>
            </Select>
          ) : (
            <Input {...props} value={value} onChange={(event) => setValue(event.target.value)} />
          )
        }
      </Field>
    </FormDialog>
  );
}

/** What can be changed in the naming module while it runs. */
export function SwitchesPage() {
  const t = useT();
  const me = useMe();
  const [editing, setEditing] = useState<Scalar>();
  const query = useQuery<NamedValue[]>({ queryKey: ['switches'], queryFn: getSwitches });
  const writes = mayGlobal(me, 'switches', 'w');
  return (
    <>
      <PageHead title={t.nav.switches} text={t.switches.text} />
      <Card flush>
        <Loaded query={query} shape={<RowSkeleton />}>
          {(list) => (
            <Table
              label={t.nav.switches}
              rows={list}
              rowKey={(one) => one.name}
              columns={[
                { key: 'name', title: t.common.name, cell: (one) => <span className="block min-w-40 py-0.5"><span className="font-mono text-xs wrap-anywhere">{one.name}</span><span className="block text-xs text-fg-3">{t.switches.docs[one.name] ?? t.switches.idle}</span></span> },
                { key: 'value', title: t.common.value, width: '45%', narrow: '30%', cell: (one) => <span className="font-mono text-xs wrap-anywhere">{shown(one.value) || '–'}</span> },
                { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (one) => writes && setters[one.name] && <IconButton label={`${t.common.edit} ${one.name}`} icon={Pencil} onClick={() => setEditing({ name: one.name, value: shown(one.value) })} /> },
              ]}
            />
          )}
        </Loaded>
      </Card>
      {editing && <Change one={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}
