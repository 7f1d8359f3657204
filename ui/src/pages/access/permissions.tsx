import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { KeyRound, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { accessKeys, grant, listPermissions, revoke } from '../../api/access';
import type { PermissionRow } from '../../api/types';
import { useAct } from '../../app/mutate';
import { useNamespaces } from '../../app/namespace';
import { useAddress, usePaging, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, SearchInput, Select } from '../../ui/field';
import { Listing } from '../../ui/listing';
import { Card } from '../../ui/page';
import { Blank } from '../../ui/states';
import { Badge } from '../../ui/status';

const star = '*';

function GrantForm({ onClose }: { onClose: () => void }) {
  const t = useT();
  const { data: namespaces = [] } = useNamespaces();
  const [role, setRole] = useState('');
  const [ns, setNs] = useState('public');
  const [group, setGroup] = useState(star);
  const [kind, setKind] = useState(star);
  const [name, setName] = useState(star);
  const [action, setAction] = useState('r');
  const what = kind === star ? star : `${kind}/${name || star}`;
  const resource = `${ns}:${group || star}:${what}`;
  const act = useAct({ run: () => grant({ role, resource, action }), done: t.access.granted(role, resource), stale: [accessKeys.all], then: onClose });
  return (
    <FormDialog open onClose={onClose} size="medium" title={t.access.grant} submit={t.common.add} why={!role && t.access.roleMissing} busy={act.isPending} onSubmit={() => act.mutate()}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t.access.role}>{(props) => <Input {...props} autoFocus value={role} onChange={(event) => setRole(event.target.value)} />}</Field>
        <Field label={t.access.action}>
          {(props) => (
            <Select {...props} value={action} onChange={(event) => setAction(event.target.value)}>
              {(['r', 'w', 'rw'] as const).map((key) => (
                <option key={key} value={key}>
                  {t.access.actions[key]}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t.common.namespace}>
          {(props) => (
            <Select {...props} value={ns} onChange={(event) => setNs(event.target.value)}>
              {namespaces.map((one) => (
                <option key={one.namespace} value={one.namespace}>
                  {one.namespaceShowName}
                </option>
              ))}
            </Select>
          )}
        </Field>
        <Field label={t.common.group} hint={t.access.starText}>
          {(props) => <Input {...props} value={group} onChange={(event) => setGroup(event.target.value)} />}
        </Field>
        <Field label={t.access.kind}>
          {(props) => (
            <Select {...props} value={kind} onChange={(event) => setKind(event.target.value)}>
              <option value={star}>{t.common.all}</option>
              <option value="config">{t.samples.config}</option>
              <option value="naming">{t.samples.service}</option>
              <option value="reveal">{t.secrets.kind}</option>
            </Select>
          )}
        </Field>
        <Field label={t.common.name} hint={t.access.starText}>
          {(props) => <Input {...props} disabled={kind === star} value={name} onChange={(event) => setName(event.target.value)} />}
        </Field>
      </div>
      <p className="rounded-md bg-sunken px-3 py-2 font-mono text-xs wrap-anywhere">{resource}</p>
    </FormDialog>
  );
}

export function PermissionsTab() {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [granting, setGranting] = useState(false);
  const [taking, setTaking] = useState<PermissionRow>();
  const query = useQuery({ queryKey: accessKeys.permissions(search.q ?? '', page, size), queryFn: () => listPermissions(search.q ?? '', page, size), placeholderData: keepPreviousData });
  const take = useAct({ run: (row: PermissionRow) => revoke(row), done: t.common.saved, stale: [accessKeys.all], then: () => setTaking(undefined) });
  const why = !mayGlobal(me, 'permissions', 'w') && t.errors.forbidden;
  return (
    <Card flush>
      <div className="flex flex-wrap items-center justify-between gap-2 gutter border-b border-line py-3">
        <SearchInput data-filter label={t.access.findRole} value={q} onChange={setQ} className="w-full sm:w-72" />
        <Button writes data-key="n" look="primary" icon={Plus} why={why} onClick={() => setGranting(true)}>
          {t.access.grant}
        </Button>
      </div>
      <Listing
        label={t.access.permissions}
        query={query}
        rowKey={(row) => `${row.role} ${row.resource} ${row.action}`}
        columns={[
          { key: 'role', title: t.access.role, width: '26%', cell: (row) => <span className="block min-w-16 font-medium wrap-anywhere">{row.role}</span> },
          { key: 'resource', title: t.access.resource, cell: (row) => <span className="block min-w-28 font-mono text-xs wrap-anywhere">{row.resource}</span> },
          { key: 'action', title: t.access.action, width: '10rem', cell: (row) => <Badge level={row.action.includes('w') ? 'info' : 'unknown'}>{t.access.actions[row.action as 'r'] ?? row.action}</Badge> },
          { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (row) => !why && <IconButton label={t.access.revoke(row.role, row.resource)} icon={Trash2} onClick={() => setTaking(row)} /> },
        ]}
        filtered={Boolean(search.q)}
        onClear={() => change({ q: undefined, page: undefined })}
        empty={<Blank icon={KeyRound} title={t.access.noPermissions} text={t.access.noPermissionsText} />}
      />
      {granting && <GrantForm onClose={() => setGranting(false)} />}
      {taking && (
        <Confirm open onClose={() => setTaking(undefined)} title={t.access.revoke(taking.role, taking.resource)} submit={t.common.remove} busy={take.isPending} onConfirm={() => take.mutate(taking)}>
          <p>{t.access.revokeText}</p>
        </Confirm>
      )}
    </Card>
  );
}
