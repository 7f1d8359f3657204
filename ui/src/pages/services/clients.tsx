import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Cable, Shuffle } from 'lucide-react';
import { useState } from 'react';
import { extNamingKeys, getClient, listClients, type ClientFull, type ClientRow } from '../../api/extnaming';
import { useAddress, usePaging, usePath, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { number } from '../../lib/time';
import { Button } from '../../ui/button';
import { SearchInput } from '../../ui/field';
import { ConfigLink, linkLook, ServiceLink } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { Card, Facts, PageHead } from '../../ui/page';
import { Blank, Loaded } from '../../ui/states';
import { Badge, State } from '../../ui/status';
import { Table } from '../../ui/table';
import { Time } from '../../ui/time';
import { listenerLevels, Partial } from '../config/listenerstab';
import { MoveDialog } from './moveclient';

/** Who is connected to the namespace. */
export function ClientsPage() {
  const t = useT();
  const { ns } = usePath();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const query = useQuery({ queryKey: extNamingKeys.clients(ns, search.q ?? '', page, size), queryFn: () => listClients(ns, search.q ?? '', page, size), placeholderData: keepPreviousData });
  const many = (query.data?.nodes?.length ?? 0) > 1;
  return (
    <>
      <PageHead title={t.nav.clients} text={t.clients.text} />
      <div className="mb-4 empty:hidden"><Partial nodes={query.data?.nodes} /></div>
      <Card flush>
        <div className="gutter border-b border-line py-3">
          <SearchInput data-filter label={t.clients.find} value={q} onChange={setQ} className="w-full sm:w-72" />
        </div>
        <Listing
          label={t.nav.clients}
          query={query}
          needs="naming"
          rowKey={(row) => `${row.clientId} ${row.node}`}
          columns={[
            { key: 'id', title: t.clients.id, cell: (row) => <Link to="/ns/$ns/clients/$name" params={{ ns, name: row.clientId }} className={`${linkLook} block min-w-40 font-mono text-xs wrap-anywhere`}>{row.clientId}</Link> },
            ...(many ? [{ key: 'node', title: t.clients.node, wide: true, wider: true, width: '13%', cell: (row: ClientRow) => <span className="font-mono text-xs wrap-anywhere">{row.node}</span> }] : []),
            { key: 'kind', title: t.services.kind, width: '8rem', narrow: '1%', cell: (row) => <Badge>{t.clients.kinds[row.kind] ?? row.kind}</Badge> },
            { key: 'publishes', title: t.clients.publishes, wide: true, width: '7rem', align: 'end', cell: (row) => number(row.publishes) },
            { key: 'subscribes', title: t.clients.subscribes, wide: true, width: '7rem', align: 'end', cell: (row) => number(row.subscribes) },
            { key: 'app', title: t.configs.app, wide: true, width: '14%', cell: (row) => row.app || '–' },
            { key: 'agent', title: 'SDK', wide: true, width: '18%', cell: (row) => <span className="wrap-anywhere">{row.agent || '–'}</span> },
            { key: 'seen', title: t.clients.seen, width: '8rem', narrow: '1%', cell: (row) => <Time at={row.lastSeen} /> },
          ]}
          filtered={Boolean(search.q)}
          onClear={() => change({ q: undefined, page: undefined })}
          empty={<Blank icon={Cable} title={t.clients.none} text={t.clients.noneText} />}
        />
      </Card>
    </>
  );
}

function Body({ client }: { client: ClientFull }) {
  const t = useT();
  const { ns } = usePath();
  const published = client.published ?? [];
  const subscribed = client.subscribed ?? [];
  const listens = client.listens ?? [];
  const me = useMe();
  const [moving, setMoving] = useState(false);
  const others = (client.nodes ?? []).filter((node) => node.ok && node.address !== client.node).map((node) => node.address);
  const why = !mayGlobal(me, 'cluster', 'w') ? t.clients.mayNotMove : !others.length && t.clients.alone;
  return (
    <>
      <PageHead
        title={client.clientId}
        crumbs={<Link to="/ns/$ns/clients" params={{ ns }} className={linkLook}>{t.nav.clients}</Link>}
        badges={<Badge>{t.clients.kinds[client.kind] ?? client.kind}</Badge>}
        actions={
          client.kind === 'connection' && (
            <Button icon={Shuffle} why={why} onClick={() => setMoving(true)}>
              {t.clients.move}
            </Button>
          )
        }
      />
      {moving && <MoveDialog client={client} others={others} onClose={() => setMoving(false)} />}
      <div className="flex flex-col gap-4">
        <Partial nodes={client.nodes} />
        <Card>
          <Facts items={[[t.instances.address, client.port ? `${client.ip}:${client.port}` : client.ip], (client.nodes?.length ?? 0) > 1 && [t.clients.node, client.node], [t.configs.app, client.app], ['SDK', client.agent], [t.clients.seen, <Time key="t" at={client.lastSeen} />]]} />
        </Card>
        <Card flush={published.length > 0} title={t.clients.published(published.length)}>
          {published.length === 0 ? (
            <p className="text-sm text-fg-3">{t.clients.publishedNone}</p>
          ) : (
            <Table
              label={t.clients.published(published.length)}
              rows={published}
              rowKey={(row) => `${row.namespaceId}/${row.groupName}/${row.serviceName}/${row.clusterName}/${row.ip}:${row.port}`}
              columns={[
                { key: 's', title: t.services.name, cell: (row) => <ServiceLink ns={row.namespaceId || 'public'} group={row.groupName} service={row.serviceName} /> },
                { key: 'g', title: t.common.group, width: '24%', wide: true, cell: (row) => row.groupName },
                { key: 'a', title: t.instances.address, width: '28%', cell: (row) => <span className="font-mono text-xs">{row.ip}:{row.port}</span> },
                { key: 'n', title: t.common.namespace, width: '16%', wide: true, cell: (row) => row.namespaceId || 'public' },
              ]}
            />
          )}
        </Card>
        <Card flush={subscribed.length > 0} title={t.clients.subscribed(subscribed.length)}>
          {subscribed.length === 0 ? (
            <p className="text-sm text-fg-3">{t.clients.subscribedNone}</p>
          ) : (
            <Table
              label={t.clients.subscribed(subscribed.length)}
              rows={subscribed}
              rowKey={(row) => `${row.namespaceId}/${row.groupName}/${row.serviceName}`}
              columns={[
                { key: 's', title: t.services.name, cell: (row) => <ServiceLink ns={row.namespaceId || 'public'} group={row.groupName} service={row.serviceName} tab="subscribers" /> },
                { key: 'g', title: t.common.group, width: '24%', wide: true, cell: (row) => row.groupName },
                { key: 'n', title: t.common.namespace, width: '16%', wide: true, cell: (row) => row.namespaceId || 'public' },
              ]}
            />
          )}
        </Card>
        {listens.length > 0 && (
          <Card flush title={t.clients.listens(listens.length)}>
            <Table
              label={t.clients.listens(listens.length)}
              rows={listens}
              rowKey={(row) => `${row.namespaceId}/${row.groupName}/${row.dataId}`}
              columns={[
                { key: 'd', title: t.configs.dataId, cell: (row) => <ConfigLink ns={row.namespaceId || 'public'} group={row.groupName} dataId={row.dataId} tab="listeners" /> },
                { key: 'g', title: t.common.group, width: '24%', wide: true, cell: (row) => row.groupName },
                { key: 's', title: t.common.state, width: '8rem', cell: (row) => <State level={listenerLevels[row.state as 'behind'] ?? 'unknown'}>{t.listeners.states[row.state as 'behind'] ?? row.state}</State> },
              ]}
            />
          </Card>
        )}
      </div>
    </>
  );
}

/** What one client registered, subscribed and listens to. */
export function ClientPage() {
  const { name } = usePath();
  const query = useQuery({ queryKey: extNamingKeys.client(name), queryFn: () => getClient(name), refetchInterval: 10_000 });
  return <Loaded query={query} title={name}>{(client) => <Body client={client} />}</Loaded>;
}
