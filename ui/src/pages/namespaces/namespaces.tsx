import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Ellipsis, Plus } from 'lucide-react';
import { useState } from 'react';
import { createNamespace, deleteNamespace, namespacesKey, namespaceTaken, updateNamespace } from '../../api/core';
import { getOverview, overviewKeys } from '../../api/overview';
import type { Namespace } from '../../api/types';
import { useAct } from '../../app/mutate';
import { useNamespaces } from '../../app/namespace';
import { useAddress, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { number } from '../../lib/time';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, SearchInput } from '../../ui/field';
import { linkLook } from '../../ui/link';
import { Menu, MenuItem, MenuLine } from '../../ui/menu';
import { Card, PageHead } from '../../ui/page';
import { Loaded, NoMatch, RowSkeleton } from '../../ui/states';
import { Table } from '../../ui/table';
import { PolicyBadges, PolicyForm } from './policy';

const pattern = /^[\w-]{0,128}$/;

function NamespaceForm({ one, onClose }: { one?: Namespace | undefined; onClose: () => void }) {
  const t = useT();
  const [id, setId] = useState(one?.namespace ?? '');
  const [name, setName] = useState(one?.namespaceShowName ?? '');
  const [desc, setDesc] = useState(one?.namespaceDesc ?? '');
  const [asked, setAsked] = useTyped('', () => undefined);
  const taken = useQuery({ queryKey: ['namespaces', 'taken', id], queryFn: () => namespaceTaken(id), enabled: !one && id !== '' && pattern.test(id) && asked === id });
  const act = useAct({
    run: () => (one ? updateNamespace(one.namespace, name, desc) : createNamespace(id, name, desc)),
    done: one ? t.common.saved : t.namespaces.created(name),
    stale: [namespacesKey],
    then: onClose,
  });
  const badId = !pattern.test(id) ? t.namespaces.badId : !one && taken.data ? t.namespaces.taken : '';
  const why = badId || (!name.trim() && t.namespaces.nameMissing);
  return (
    <FormDialog open onClose={onClose} title={one ? one.namespaceShowName : t.namespaces.create} submit={one ? t.common.save : t.common.create} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      <Field label={t.namespaces.id} hint={one ? undefined : t.namespaces.idText} error={badId}>
        {(props) => <Input {...props} autoFocus={!one} readOnly={Boolean(one)} value={id} onChange={(event) => { setId(event.target.value); setAsked(event.target.value); }} />}
      </Field>
      <Field label={t.common.name}>{(props) => <Input {...props} autoFocus={Boolean(one)} required value={name} onChange={(event) => setName(event.target.value)} />}</Field>
      <Field label={t.common.description}>{(props) => <Input {...props} value={desc} onChange={(event) => setDesc(event.target.value)} />}</Field>
    </FormDialog>
  );
}

function Remove({ one, onClose }: { one: Namespace; onClose: () => void }) {
  const t = useT();
  const { data } = useQuery({ queryKey: overviewKeys.overview(one.namespace), queryFn: () => getOverview(one.namespace) });
  const act = useAct({ run: () => deleteNamespace(one.namespace), done: t.namespaces.deleted(one.namespaceShowName), stale: [namespacesKey], then: onClose });
  const configs = data?.tiles.configs?.total ?? one.configCount;
  const services = data?.tiles.services?.total ?? 0;
  return (
    <Confirm open onClose={onClose} title={t.namespaces.deleteTitle(one.namespaceShowName)} submit={t.common.delete} busy={act.isPending} type={one.namespace} onConfirm={() => act.mutate()}>
      <p className={configs || services ? 'font-medium text-bad' : ''}>{t.namespaces.holds(configs, services)}</p>
      {(configs > 0 || services > 0) && <p className="text-fg-2">{t.namespaces.deleteText}</p>}
    </Confirm>
  );
}

/** The spaces that keep environments or teams apart. */
export function NamespacesPage() {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined }));
  const [editing, setEditing] = useState<Namespace | 'new'>();
  const [ruled, setRuled] = useState<Namespace>();
  const [removing, setRemoving] = useState<Namespace>();
  const query = useNamespaces();
  const writes = mayGlobal(me, 'namespaces', 'w');
  const wanted = (search.q ?? '').toLowerCase();
  return (
    <>
      <PageHead
        title={t.nav.namespaces}
        text={t.namespaces.text}
        actions={
          <Button writes data-key="n" look="primary" icon={Plus} why={!writes && t.errors.forbidden} onClick={() => setEditing('new')}>
            {t.namespaces.create}
          </Button>
        }
      />
      <Card flush>
        <div className="gutter border-b border-line py-3">
          <SearchInput data-filter label={t.nav.findNamespace} value={q} onChange={setQ} className="w-full sm:w-72" />
        </div>
        <Loaded query={query} shape={<RowSkeleton />}>
          {(all) => {
            const rows = all.filter((one) => !wanted || `${one.namespace} ${one.namespaceShowName} ${one.namespaceDesc ?? ''}`.toLowerCase().includes(wanted));
            if (!rows.length) return <NoMatch onClear={() => change({ q: undefined })} />;
            return (
              <Table
                label={t.nav.namespaces}
                rows={rows}
                rowKey={(one) => one.namespace}
                columns={[
                  { key: 'name', title: t.common.name, cell: (one) => <Link to="/ns/$ns/configs" params={{ ns: one.namespace || 'public' }} className={`${linkLook} block min-w-24 font-medium wrap-anywhere`}>{one.namespaceShowName}</Link> },
                  { key: 'id', title: t.namespaces.id, width: '22%', narrow: '26%', cell: (one) => <span className="font-mono text-xs wrap-anywhere">{one.namespace}</span> },
                  { key: 'desc', title: t.common.description, width: '22%', wide: true, cell: (one) => <span className="line-clamp-2 wrap-anywhere">{one.namespaceDesc}</span> },
                  { key: 'policy', title: t.policy.policy, width: '17%', narrow: '1%', cell: (one) => <PolicyBadges one={one} /> },
                  { key: 'configs', title: t.nav.configs, width: '6rem', narrow: '1%', align: 'end', cell: (one) => number(one.configCount) },
                  {
                    key: 'acts',
                    title: t.common.actions,
                    quiet: true,
                    width: '3.5rem',
                    align: 'end',
                    cell: (one) =>
                      writes && (
                        <Menu trigger={<IconButton label={t.configs.actionsOf(one.namespaceShowName)} icon={Ellipsis} />}>
                          <MenuItem onSelect={() => setRuled(one)}>{t.policy.set}</MenuItem>
                          {one.type !== 0 && (
                            <>
                              <MenuItem onSelect={() => setEditing(one)}>{t.common.edit}</MenuItem>
                              <MenuLine />
                              <MenuItem danger onSelect={() => setRemoving(one)}>
                                {t.common.delete}
                              </MenuItem>
                            </>
                          )}
                        </Menu>
                      ),
                  },
                ]}
              />
            );
          }}
        </Loaded>
      </Card>
      {editing && <NamespaceForm one={editing === 'new' ? undefined : editing} onClose={() => setEditing(undefined)} />}
      {ruled && <PolicyForm one={ruled} onClose={() => setRuled(undefined)} />}
      {removing && <Remove one={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}
