import { HeartPulse, Pencil } from 'lucide-react';
import { useState } from 'react';
import { updateCluster } from '../../api/naming';
import type { ClusterInfo, HealthChecker, ServiceDetail } from '../../api/types';
import { useAct } from '../../app/mutate';
import { usePath } from '../../app/query';
import { useT, type Dictionary } from '../../i18n';
import { Button } from '../../ui/button';
import { Checkbox } from '../../ui/choice';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Password, Select } from '../../ui/field';
import { fromPairs, MetadataChips, MetadataEditor, toPairs } from '../../ui/metadata';
import { Card, Facts } from '../../ui/page';
import { Blank, Strip } from '../../ui/states';

const kinds = ['TCP', 'HTTP', 'MYSQL', 'NONE'];

function CheckFields({ checker, onChange }: { checker: HealthChecker; onChange: (checker: HealthChecker) => void }) {
  const t = useT();
  const set = (part: Partial<HealthChecker>) => onChange({ ...checker, ...part });
  if (checker.type === 'HTTP') {
    return (
      <>
        <Field label={t.checks.path}>{(props) => <Input {...props} value={checker.path ?? ''} onChange={(event) => set({ path: event.target.value })} placeholder="/health" />}</Field>
        <Field label={t.checks.headers} hint={t.checks.headersText}>{(props) => <Input {...props} value={checker.headers ?? ''} onChange={(event) => set({ headers: event.target.value })} />}</Field>
      </>
    );
  }
  if (checker.type !== 'MYSQL') return null;
  return (
    <>
      <Field label={t.login.user}>{(props) => <Input {...props} value={checker.user ?? ''} onChange={(event) => set({ user: event.target.value })} />}</Field>
      <Field label={t.login.password}>{(props) => <Password {...props} autoComplete="new-password" value={checker.pwd ?? ''} onChange={(event) => set({ pwd: event.target.value })} />}</Field>
      <Field label={t.checks.command} className="sm:col-span-2">
        {(props) => <Input {...props} value={checker.cmd ?? ''} onChange={(event) => set({ cmd: event.target.value })} placeholder="SHOW GLOBAL VARIABLES WHERE variable_name = 'read_only'" />}
      </Field>
    </>
  );
}

function ClusterForm({ cluster, onClose }: { cluster: ClusterInfo; onClose: () => void }) {
  const t = useT();
  const { ns, group, name } = usePath();
  const [checker, setChecker] = useState<HealthChecker>({ ...(cluster.healthChecker ?? { type: 'TCP' }) });
  const [port, setPort] = useState(String(cluster.healthyCheckPort || 80));
  const [own, setOwn] = useState(cluster.useInstancePortForCheck ?? true);
  const [pairs, setPairs] = useState(toPairs(cluster.metadata));
  const act = useAct({
    run: () => updateCluster({ ns, group, service: name }, { cluster: cluster.clusterName, port: Number(port), ownPort: own, checker, metadata: fromPairs(pairs) }),
    done: t.common.saved,
    stale: [['service', ns, group, name]],
    then: onClose,
  });
  const types = kinds.includes(checker.type) ? kinds : [...kinds, checker.type];
  const why = !own && !(Number(port) > 0 && Number(port) < 65_536) && t.checks.badPort;
  return (
    <FormDialog open onClose={onClose} size="medium" title={t.checks.title(cluster.clusterName)} submit={t.common.save} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.checks.type}>
          {(props) => (
            <Select {...props} value={checker.type} onChange={(event) => setChecker({ ...checker, type: event.target.value })}>
              {types.map((type) => (
                <option key={type} value={type}>{type === 'NONE' ? t.common.none : type}</option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t.checks.port}>{(props) => <Input {...props} type="number" min={1} max={65535} disabled={own} value={port} onChange={(event) => setPort(event.target.value)} />}</Field>
        <Checkbox checked={own} onChange={setOwn} label={t.checks.own} className="sm:col-span-2" />
        <CheckFields checker={checker} onChange={setChecker} />
      </div>
      <MetadataEditor label={t.services.metadata} pairs={pairs} onChange={setPairs} />
    </FormDialog>
  );
}

const described = (t: Dictionary, c: ClusterInfo) => c.healthChecker?.type === 'NONE' ? t.common.none : [c.healthChecker?.type ?? 'TCP', c.healthChecker?.path, c.useInstancePortForCheck === false ? t.checks.onPort(c.healthyCheckPort) : t.checks.own].filter(Boolean).join(' · ');

/** The clusters of a service and how each is checked. */
export function ClustersTab({ service, why }: { service: ServiceDetail; why: string | false }) {
  const t = useT();
  const [editing, setEditing] = useState<ClusterInfo>();
  const clusters = Object.values(service.clusterMap ?? {});
  if (!clusters.length) return <Card><Blank icon={HeartPulse} title={t.checks.none} text={t.checks.noneText} /></Card>;
  return (
    <div className="flex flex-col gap-4">
      {service.ephemeral && <Strip tone="info" icon={HeartPulse}>{t.checks.ephemeral}</Strip>}
      <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">
        {clusters.map((cluster) => (
          <Card
            key={cluster.clusterName}
            title={cluster.clusterName}
            actions={
              <Button writes icon={Pencil} why={why} onClick={() => setEditing(cluster)}>
                {t.common.edit}
              </Button>
            }
          >
            <Facts items={[[t.checks.check, described(t, cluster)], [t.services.metadata, <MetadataChips key="m" map={cluster.metadata} limit={20} />]]} />
          </Card>
        ))}
      </div>
      {editing && <ClusterForm cluster={editing} onClose={() => setEditing(undefined)} />}
    </div>
  );
}
