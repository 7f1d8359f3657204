import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Eye, Pencil, Workflow } from 'lucide-react';
import { useState } from 'react';
import { batch, extNamingKeys, queryInstances, type InstanceRow } from '../../api/extnaming';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, useTyped } from '../../app/query';
import { useT, type Dictionary } from '../../i18n';
import { number } from '../../lib/time';
import { IconButton, Tip } from '../../ui/button';
import { Switch } from '../../ui/choice';
import { SearchInput, Select } from '../../ui/field';
import { linkLook, ServiceLink } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { MetadataChips } from '../../ui/metadata';
import { Blank } from '../../ui/states';
import { State } from '../../ui/status';
import type { Column } from '../../ui/table';
import { Time } from '../../ui/time';
import { InstanceActs, InstanceBar, type InstanceAsk } from './instancebar';
import { InstanceForm } from './instanceform';

export const instanceKey = (row: InstanceRow) => `${row.groupName}/${row.serviceName}/${row.clusterName}/${row.ip}:${row.port}/${row.ephemeral}`;

const address = (row: InstanceRow) => (row.ip.includes(':') ? `[${row.ip}]:${row.port}` : `${row.ip}:${row.port}`);

function OnOff({ row }: { row: InstanceRow }) {
  const t = useT();
  const act = useAct({
    run: (on: boolean) => batch(row.namespaceId, on ? 'enable' : 'disable', '', [row]),
    done: (_, on) => (on ? t.instances.enabled(address(row)) : t.instances.disabled(address(row))),
    stale: [['instances', row.namespaceId], ['services', row.namespaceId]],
  });
  return <Switch checked={row.enabled} disabled={act.isPending || !row.may.includes('w')} onChange={(on) => act.mutate(on)} label={t.instances.onOff(address(row))} />;
}

function columns(t: Dictionary, over: boolean, onEdit: (row: InstanceRow) => void): Column<InstanceRow>[] {
  const service: Column<InstanceRow> = { key: 'serviceName', title: t.services.name, sortable: true, wide: true, width: '24%', cell: (row) => <><ServiceLink ns={row.namespaceId} group={row.groupName} service={row.serviceName} /><div className="text-xs text-fg-3">{row.groupName}</div></> };
  return [
    {
      key: 'ip',
      title: t.instances.address,
      sortable: true,
      cell: (row) => (
        <div className="max-md:min-w-28">
          <span className="font-mono text-xs font-medium wrap-anywhere">{address(row)}</span>
          {over && <div className="md:hidden"><ServiceLink ns={row.namespaceId} group={row.groupName} service={row.serviceName} /></div>}
          <div className="text-xs text-fg-3">{row.clusterName}{!row.ephemeral && ` · ${t.services.kinds.persistent}`}</div>
        </div>
      ),
    },
    ...(over ? [service] : []),
    { key: 'healthy', title: t.instances.health, sortable: true, width: '7rem', cell: (row) => <State level={row.healthy ? 'ok' : 'bad'}>{row.healthy ? t.instances.healthy : t.instances.unhealthy}</State> },
    { key: 'enabled', title: t.instances.traffic, width: '4.5rem', cell: (row) => <OnOff row={row} /> },
    {
      key: 'weight',
      title: t.instances.weight,
      sortable: true,
      wide: true,
      width: '6.5rem',
      align: 'end',
      cell: (row) => (row.operator?.weight ? <Tip text={t.instances.byOperator(number(row.client?.weight ?? 1, 2))}><b tabIndex={0} className="font-semibold text-accent-text underline decoration-dotted underline-offset-4">{number(row.weight, 2)}</b></Tip> : number(row.weight, 2)),
    },
    { key: 'metadata', title: t.services.metadata, wide: true, wider: over, width: over ? '24%' : '28%', cell: (row) => <MetadataChips map={row.metadata} marked={row.operator?.metadata ?? []} limit={over ? 2 : 3} /> },
    {
      key: 'lastBeat',
      title: t.instances.lastBeat,
      wide: true,
      width: '7rem',
      cell: (row) => <span className="flex flex-col leading-tight"><Time at={row.lastBeat} />{row.clientId && row.ephemeral && <Link to="/ns/$ns/clients/$name" params={{ ns: row.namespaceId, name: row.clientId }} className={`${linkLook} truncate text-xs`}>{t.instances.client}</Link>}</span>,
    },
    { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (row) => <IconButton label={row.may.includes('w') ? t.instances.edit(address(row)) : t.instances.look(address(row))} icon={row.may.includes('w') ? Pencil : Eye} onClick={() => onEdit(row)} /> },
  ];
}

interface Props {
  ns: string;
  /** One service; without it all of the namespace. */
  of?: { group: string; service: string };
  clusters?: string[];
}

/** Instances of one service or of all, with what an operator can do to them. */
export function InstanceTable({ ns, of, clusters = [] }: Props) {
  const t = useT();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [meta, setMeta] = useTyped(search.meta ?? '', (value) => change({ meta: value || undefined, page: undefined }));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [editing, setEditing] = useState<InstanceRow>();
  const [asking, setAsking] = useState<InstanceAsk>();
  const asked = {
    namespaceId: ns,
    ...(of ? { serviceName: of.service, groupName: of.group } : {}),
    q: search.q,
    clusterName: search.cluster,
    health: search.health,
    enabled: search.enabled,
    metadata: search.meta,
    sort: search.sort,
    order: search.order,
    pageNo: page,
    pageSize: size,
  };
  const query = useQuery({ queryKey: extNamingKeys.instances(asked), queryFn: ({ signal }) => queryInstances(asked, signal), placeholderData: keepPreviousData });
  const rows = query.data?.pageItems.filter((row) => selected.has(instanceKey(row))) ?? [];
  const set = (name: string) => (event: { target: { value: string } }) => change({ [name]: event.target.value || undefined, page: undefined });
  const names = ['q', 'meta', 'cluster', 'health', 'enabled'];
  return (
    <>
      <div className="flex flex-wrap items-center gap-2 gutter border-b border-line py-3">
        <SearchInput data-filter label={of ? t.instances.findAddress : t.instances.find} value={q} onChange={setQ} className="w-full sm:w-64" />
        <SearchInput label={t.services.findMeta} value={meta} onChange={setMeta} className="w-full sm:w-52" />
        {clusters.length > 1 && (
          <Select aria-label={t.services.cluster} value={search.cluster ?? ''} onChange={set('cluster')} className="w-auto">
            <option value="">{t.instances.allClusters}</option>
            {clusters.map((cluster) => (
              <option key={cluster}>{cluster}</option>
            ))}
          </Select>
        )}
        <Select aria-label={t.instances.health} value={search.health ?? ''} onChange={set('health')} className="w-auto">
          <option value="">{t.instances.anyHealth}</option>
          <option value="healthy">{t.instances.healthy}</option>
          <option value="unhealthy">{t.instances.unhealthy}</option>
        </Select>
        <Select aria-label={t.instances.traffic} value={search.enabled ?? ''} onChange={set('enabled')} className="w-auto">
          <option value="">{t.instances.anyTraffic}</option>
          <option value="true">{t.common.on}</option>
          <option value="false">{t.common.off}</option>
        </Select>
      </div>
      <Listing
        label={t.nav.instances}
        query={query}
        needs="naming"
        columns={columns(t, !of, setEditing)}
        rowKey={instanceKey}
        nameOf={address}
        filtered={names.some((name) => search[name])}
        onClear={() => change({ ...Object.fromEntries(names.map((name) => [name, undefined])), page: undefined })}
        sort={search.sort ? { by: search.sort, down: search.order === 'desc' } : undefined}
        onSort={({ by, down }) => change({ sort: by, order: down ? 'desc' : undefined, page: undefined })}
        selected={selected}
        onSelect={setSelected}
        empty={<Blank icon={Workflow} title={t.instances.none} text={t.instances.noneText} />}
      />
      {rows.length > 0 && <InstanceBar rows={rows} onAsk={setAsking} />}
      {asking && (
        <InstanceActs
          ns={ns}
          ask={asking}
          onClose={() => setAsking(undefined)}
          onDone={() => {
            setAsking(undefined);
            setSelected(new Set());
          }}
        />
      )}
      {editing && <InstanceForm row={editing} onClose={() => setEditing(undefined)} />}
    </>
  );
}
