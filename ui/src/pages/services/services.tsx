import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Boxes, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { extNamingKeys, queryServices, type ServicePage, type ServiceRow } from '../../api/extnaming';
import { deleteService } from '../../api/naming';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, usePath, useTyped } from '../../app/query';
import { may, useMe } from '../../app/server';
import { useT, type Dictionary } from '../../i18n';
import { number } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { cx } from '../../ui/cx';
import { SearchInput, Select } from '../../ui/field';
import { ServiceLink } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { Card, PageHead } from '../../ui/page';
import { Blank } from '../../ui/states';
import { Badge, Share } from '../../ui/status';
import type { Column } from '../../ui/table';
import { PlanDialog } from '../bulk/plan';
import { ServiceForm } from './serviceform';

function columns(t: Dictionary, ns: string, onDelete: (row: ServiceRow) => void): Column<ServiceRow>[] {
  return [
    {
      key: 'serviceName',
      title: t.services.name,
      sortable: true,
      cell: (row) => (
        <div className="min-w-36 py-0.5">
          <ServiceLink ns={ns} group={row.groupName} service={row.serviceName} className="font-medium" />
          <div className="text-xs wrap-anywhere text-fg-3 md:hidden">{row.groupName}</div>
        </div>
      ),
    },
    { key: 'groupName', title: t.common.group, sortable: true, wide: true, width: '18%', cell: (row) => <span className="wrap-anywhere">{row.groupName}</span> },
    {
      key: 'healthy',
      title: t.services.healthy,
      sortable: true,
      width: '11.5rem',
      narrow: '1%',
      cell: (row) => (row.instances ? <Share part={row.healthy} whole={row.instances} level={row.healthy === row.instances ? 'ok' : row.healthy ? 'warn' : 'bad'} /> : <span className="text-fg-3">{t.services.empty}</span>),
    },
    {
      key: 'state',
      title: t.common.state,
      width: '12rem',
      wide: true,
      cell: (row) => (
        <span className="flex flex-wrap gap-1">
          <Badge>{t.services.kinds[row.kind] ?? row.kind}</Badge>
          {row.protected && <Badge level="warn">{t.services.protected}</Badge>}
          {row.disabled > 0 && <Badge level="info">{t.services.disabled(row.disabled)}</Badge>}
        </span>
      ),
    },
    { key: 'subscribers', title: t.services.subscribers, sortable: true, wide: true, width: '9rem', align: 'end', cell: (row) => number(row.subscribers) },
    { key: 'clusters', title: t.services.clusters, wide: true, wider: true, width: '6rem', align: 'end', cell: (row) => number(row.clusters) },
    { key: 'threshold', title: t.services.thresholdShort, wide: true, wider: true, width: '6.5rem', align: 'end', cell: (row) => (row.protectThreshold ? `${number(row.protectThreshold * 100)} %` : <span className="text-fg-3">–</span>) },
    {
      key: 'acts',
      title: t.common.actions,
      quiet: true,
      width: '3.5rem',
      align: 'end',
      cell: (row) => row.may.includes('w') && row.instances === 0 && <IconButton label={t.services.deleteOf(row.serviceName)} icon={Trash2} onClick={() => onDelete(row)} />,
    },
  ];
}

function Summary({ page }: { page: ServicePage | undefined }) {
  const t = useT();
  const [search, change] = useAddress();
  const seen = may(useMe(), usePath().ns, 'naming', 'r');
  const { summary } = page ?? {};
  const tiles = [
    ['', t.services.title, summary?.services, ''],
    ['unhealthy', t.services.unhealthyInstances, summary?.unhealthy, summary?.unhealthy ? 'text-bad' : ''],
    ['empty', t.services.states.empty, summary?.empty, ''],
    ['protected', t.services.states.protected, summary?.protected, summary?.protected ? 'text-warn' : ''],
  ] as const;
  return (
    <div className="mb-4 grid grid-cols-2 gap-3 lg:grid-cols-4">
      {tiles.map(([state, label, count, tint]) => (
        <button key={state} type="button" aria-pressed={(search.state ?? '') === state} onClick={() => change({ state: state || undefined, page: undefined })} className={cx('rounded-xl border bg-surface px-4 py-2.5 text-left hover:border-line-strong', (search.state ?? '') === state ? 'border-accent' : 'border-line')}>
          <span className="block text-xs text-fg-2">{label}</span>
          <span className={cx('text-xl font-semibold tabular-nums', tint)}>{count === undefined || !seen ? '–' : number(count)}</span>
        </button>
      ))}
    </div>
  );
}

export function ServicesPage() {
  const t = useT();
  const me = useMe();
  const { ns } = usePath();
  const navigate = useNavigate();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [meta, setMeta] = useTyped(search.meta ?? '', (value) => change({ meta: value || undefined, page: undefined }));
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<ServiceRow>();
  const [emptying, setEmptying] = useState(false);
  const asked = { namespaceId: ns, q: search.q, state: search.state, kind: search.kind, metadata: search.meta, sort: search.sort, order: search.order, pageNo: page, pageSize: size };
  const query = useQuery({ queryKey: extNamingKeys.services(asked), queryFn: ({ signal }) => queryServices(asked, signal), placeholderData: keepPreviousData });
  const remove = useAct({
    run: (row: ServiceRow) => deleteService({ ns, group: row.groupName, service: row.serviceName }),
    done: (_, row) => t.services.deleted(row.serviceName),
    stale: [['services', ns]],
    then: () => setDeleting(undefined),
  });
  const create = (
    <Button writes data-key="n" look="primary" icon={Plus} why={!may(me, ns, 'naming', 'w') && t.configs.mayNot} onClick={() => setCreating(true)}>
      {t.services.create}
    </Button>
  );
  return (
    <>
      <PageHead
        title={t.services.title}
        actions={
          <>
            {search.state === 'empty' && (query.data?.summary.empty ?? 0) > 0 && (
              <Button writes icon={Trash2} why={!may(me, ns, 'naming', 'w') && t.configs.mayNot} onClick={() => setEmptying(true)}>
                {t.bulk.emptyServices}
              </Button>
            )}
            {create}
          </>
        }
      />
      <Summary page={query.data} />
      <Card flush>
        <div className="flex flex-wrap items-center gap-2 gutter border-b border-line py-3">
          <SearchInput data-filter label={t.services.find} value={q} onChange={setQ} className="w-full sm:w-72" />
          <SearchInput label={t.services.findMeta} value={meta} onChange={setMeta} className="w-full sm:w-52" />
          <Select aria-label={t.common.state} value={search.state ?? ''} onChange={(event) => change({ state: event.target.value || undefined, page: undefined })} className="w-auto">
            <option value="">{t.listeners.allStates}</option>
            {(['healthy', 'unhealthy', 'down', 'empty', 'protected'] as const).map((state) => (
              <option key={state} value={state}>
                {t.services.states[state]}
              </option>
            ))}
          </Select>
          <Select aria-label={t.services.kind} value={search.kind ?? ''} onChange={(event) => change({ kind: event.target.value || undefined, page: undefined })} className="w-auto">
            <option value="">{t.services.allKinds}</option>
            {(['ephemeral', 'persistent'] as const).map((kind) => (
              <option key={kind} value={kind}>
                {t.services.kinds[kind]}
              </option>
            ))}
          </Select>
        </div>
        <Listing
          label={t.services.title}
          query={query}
          needs="naming"
          columns={columns(t, ns, setDeleting)}
          rowKey={(row) => `${row.groupName}/${row.serviceName}`}
          filtered={Boolean(search.q || search.state || search.kind || search.meta)}
          onClear={() => change({ q: undefined, state: undefined, kind: undefined, meta: undefined, page: undefined })}
          sort={{ by: search.sort ?? 'serviceName', down: search.order === 'desc' }}
          onSort={({ by, down }) => change({ sort: by, order: down ? 'desc' : undefined, page: undefined })}
          onOpen={(row) => void navigate({ to: '/ns/$ns/services/$group/$name', params: { ns, group: row.groupName, name: row.serviceName } })}
          empty={<Blank icon={Boxes} title={t.services.none} text={t.services.noneText}>{create}</Blank>}
        />
      </Card>
      {creating && <ServiceForm ns={ns} onClose={() => setCreating(false)} onDone={(at) => void navigate({ to: '/ns/$ns/services/$group/$name', params: { ns, group: at.group, name: at.service } })} />}
      {emptying && (
        <PlanDialog
          title={t.bulk.emptyTitle}
          ask={{ action: 'service.delete', namespaceId: ns, more: { q: search.q, kind: search.kind, metadata: search.meta, state: 'empty' } }}
          submit={t.common.delete}
          danger
          typeAbove={8}
          stale={[['services', ns]]}
          done={t.bulk.servicesDeleted}
          again={(items) => items.map(({ target: { groupName, serviceName } }) => ({ groupName, serviceName }))}
          onClose={() => setEmptying(false)}
          onDone={() => setEmptying(false)}
        />
      )}
      <Confirm open={Boolean(deleting)} onClose={() => setDeleting(undefined)} title={t.services.deleteTitle(deleting?.serviceName ?? '')} submit={t.common.delete} busy={remove.isPending} onConfirm={() => deleting && remove.mutate(deleting)}>
        <p>{t.services.deleteText(deleting?.subscribers ?? 0)}</p>
      </Confirm>
    </>
  );
}
