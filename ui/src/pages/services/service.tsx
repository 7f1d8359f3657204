import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Pencil, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { extNamingKeys, queryServices } from '../../api/extnaming';
import { deleteService, getService, listSubscribers, namingKeys } from '../../api/naming';
import type { ServiceDetail } from '../../api/types';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, usePath } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { number } from '../../lib/time';
import { Button } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { CopyButton } from '../../ui/copybutton';
import { linkLook } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { MetadataChips } from '../../ui/metadata';
import { Card, Facts, PageHead, Tabs } from '../../ui/page';
import { Blank, Loaded } from '../../ui/states';
import { Badge, State } from '../../ui/status';
import { Samples } from '../samples/samples';
import { ActivityTab } from './activity';
import { ClustersTab } from './clusters';
import { InstanceTable } from './instancetable';
import { ServiceForm } from './serviceform';

function Crumbs({ ns, group }: { ns: string; group: string }) {
  const t = useT();
  return (
    <>
      <Link to="/ns/$ns/services" params={{ ns }} className={linkLook}>
        {t.services.title}
      </Link>
      <span aria-hidden>/</span>
      <Link to="/ns/$ns/services" params={{ ns }} search={{ q: group }} className={linkLook}>
        {group}
      </Link>
    </>
  );
}

function Subscribers() {
  const t = useT();
  const { ns, group, name } = usePath();
  const { page, size } = usePaging();
  const at = { ns, group, service: name };
  const query = useQuery({ queryKey: namingKeys.subscribers(at, page, size), queryFn: () => listSubscribers(at, page, size), placeholderData: keepPreviousData });
  return (
    <Card flush>
      <Listing
        label={t.services.subscribers}
        query={query}
        rowKey={(row) => `${row.ip}:${row.port} ${row.agent} ${row.appName}`}
        columns={[
          { key: 'ip', title: t.instances.address, cell: (row) => <span className="font-mono text-xs">{row.port ? `${row.ip}:${row.port}` : row.ip}</span> },
          { key: 'app', title: t.configs.app, width: '30%', cell: (row) => row.appName || '–' },
          { key: 'agent', title: 'SDK', width: '34%', cell: (row) => <span className="wrap-anywhere">{row.agent || '–'}</span> },
        ]}
        empty={<Blank icon={Users} title={t.services.noSubscribers} text={t.services.noSubscribersText} />}
      />
    </Card>
  );
}

function Details({ service }: { service: ServiceDetail }) {
  const t = useT();
  return (
    <Card>
      <Facts
        items={[
          [t.services.name, service.serviceName],
          [t.common.group, service.groupName],
          [t.services.kind, service.ephemeral ? t.services.kinds.ephemeral : t.services.kinds.persistent],
          [t.services.threshold, `${number(service.protectThreshold * 100)} %`],
          [t.services.selector, service.selector?.type && service.selector.type !== 'none' ? `${service.selector.type}: ${service.selector.expression ?? ''}` : t.common.none],
          [t.services.metadata, <MetadataChips key="m" map={service.metadata} limit={50} />],
        ]}
      />
    </Card>
  );
}

// How the service is at the moment, in one badge and one sentence.
function useHealth() {
  const { ns, group, name } = usePath();
  const asked = { namespaceId: ns, groupName: group, q: name, pageNo: 1, pageSize: 100 };
  const { data } = useQuery({ queryKey: extNamingKeys.services(asked), queryFn: ({ signal }) => queryServices(asked, signal), placeholderData: keepPreviousData });
  return data?.pageItems.find((row) => row.serviceName === name && row.groupName === group);
}

function Body({ service }: { service: ServiceDetail }) {
  const t = useT();
  const me = useMe();
  const { ns, group, name } = usePath();
  const [search, change] = useAddress();
  const navigate = useNavigate();
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const row = useHealth();
  const at = { ns, group, service: name };
  const remove = useAct({ run: () => deleteService(at), done: t.services.deleted(name), stale: [['services', ns]], then: () => void navigate({ to: '/ns/$ns/services', params: { ns } }) });
  const refused = !may(me, ns, 'naming', 'w') && t.configs.mayNot;
  const clusters = Object.keys(service.clusterMap ?? {});
  const tabs = [
    { key: 'instances', title: t.nav.instances, content: () => <Card flush><InstanceTable ns={ns} of={{ group, service: name }} clusters={clusters} /></Card> },
    { key: 'subscribers', title: <>{t.services.subscribers} {row && <span className="text-fg-3 tabular-nums">{row.subscribers}</span>}</>, content: () => <Subscribers /> },
    { key: 'clusters', title: t.services.clustersAndChecks, content: () => <ClustersTab service={service} why={refused} /> },
    { key: 'activity', title: t.activity.title, content: () => <ActivityTab /> },
    { key: 'details', title: t.services.details, content: () => <Details service={service} /> },
    { key: 'code', title: t.config.code, content: () => <Samples query={{ namespaceId: ns, groupName: group, serviceName: name }} /> },
  ];
  const tab = tabs.some((one) => one.key === search.tab) ? search.tab! : 'instances';
  const level = !row?.instances ? 'unknown' : row.healthy === row.instances ? 'ok' : row.healthy ? 'warn' : 'bad';
  return (
    <>
      <PageHead
        title={name}
        crumbs={<Crumbs ns={ns} group={group} />}
        badges={
          row && (
            <>
              <State level={level} className="text-sm">{row.instances ? t.services.sentence(row.healthy, row.instances) : t.services.empty}</State>
              {row.protected && <Badge level="warn">{t.services.protected}</Badge>}
            </>
          )
        }
        actions={
          <>
            <CopyButton data-key="c" text={() => location.href} label={t.common.copyLink} />
            <Button writes icon={Trash2} why={refused || (row && row.instances > 0 && t.services.notEmpty(row.instances))} onClick={() => setDeleting(true)}>
              {t.common.delete}
            </Button>
            <Button writes data-key="e" look="primary" icon={Pencil} why={refused} onClick={() => setEditing(true)}>
              {t.common.edit}
            </Button>
          </>
        }
      />
      <Tabs label={name} value={tab} onChange={(next) => change({ tab: next === 'instances' ? undefined : next, q: undefined, meta: undefined, page: undefined }, true)} tabs={tabs} />
      {editing && <ServiceForm ns={ns} service={service} onClose={() => setEditing(false)} />}
      <Confirm open={deleting} onClose={() => setDeleting(false)} title={t.services.deleteTitle(name)} submit={t.common.delete} busy={remove.isPending} onConfirm={() => remove.mutate()}>
        <p>{t.services.deleteText(row?.subscribers ?? 0)}</p>
      </Confirm>
    </>
  );
}

/** Everything about one service. */
export function ServicePage() {
  const { ns, group, name } = usePath();
  const at = { ns, group, service: name };
  const query = useQuery({ queryKey: namingKeys.service(at), queryFn: () => getService(at) });
  return <Loaded query={query} title={name} crumbs={<Crumbs ns={ns} group={group} />}>{(service) => <Body key={`${group}/${name}`} service={service} />}</Loaded>;
}
