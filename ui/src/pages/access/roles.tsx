import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Plus, Shield, Unlink } from 'lucide-react';
import { useState } from 'react';
import { accessKeys, bindRole, listRoles, unbindRole } from '../../api/access';
import type { RoleRow } from '../../api/types';
import { useAct } from '../../app/mutate';
import { useAddress, usePaging, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, SearchInput } from '../../ui/field';
import { linkLook } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { Card } from '../../ui/page';
import { Blank } from '../../ui/states';

function BindForm({ onClose }: { onClose: () => void }) {
  const t = useT();
  const [role, setRole] = useState('');
  const [username, setUsername] = useState('');
  const act = useAct({ run: () => bindRole(role, username), done: t.access.bound(username, role), stale: [accessKeys.all], then: onClose });
  const why = !role ? t.access.roleMissing : !username && t.access.nameMissing;
  return (
    <FormDialog open onClose={onClose} title={t.access.bind} submit={t.common.add} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      <Field label={t.access.role} hint={t.access.roleText}>
        {(props) => <Input {...props} autoFocus value={role} onChange={(event) => setRole(event.target.value)} />}
      </Field>
      <Field label={t.login.user}>{(props) => <Input {...props} value={username} onChange={(event) => setUsername(event.target.value)} />}</Field>
    </FormDialog>
  );
}

export function RolesTab() {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [user, setUser] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [role, setRole] = useTyped(search.role ?? '', (value) => change({ role: value || undefined, page: undefined }));
  const [binding, setBinding] = useState(false);
  const [leaving, setLeaving] = useState<RoleRow>();
  const query = useQuery({ queryKey: accessKeys.roles(search.q ?? '', search.role ?? '', page, size), queryFn: () => listRoles(search.q ?? '', search.role ?? '', page, size), placeholderData: keepPreviousData });
  const unbind = useAct({ run: (row: RoleRow) => unbindRole(row.role, row.username), done: t.common.saved, stale: [accessKeys.all], then: () => setLeaving(undefined) });
  const why = !mayGlobal(me, 'roles', 'w') && t.errors.forbidden;
  return (
    <Card flush>
      <div className="flex flex-wrap items-center gap-2 gutter border-b border-line py-3">
        <SearchInput data-filter label={t.access.findUser} value={user} onChange={setUser} className="w-full sm:w-56" />
        <SearchInput label={t.access.findRole} value={role} onChange={setRole} className="w-full sm:w-56" />
        <Button writes data-key="n" look="primary" icon={Plus} why={why} onClick={() => setBinding(true)} className="sm:ml-auto">
          {t.access.bind}
        </Button>
      </div>
      <Listing
        label={t.access.roles}
        query={query}
        rowKey={(row) => `${row.role} ${row.username}`}
        columns={[
          { key: 'role', title: t.access.role, cell: (row) => <span className="font-medium wrap-anywhere">{row.role}</span> },
          { key: 'user', title: t.login.user, width: '42%', narrow: '54%', cell: (row) => <span className="wrap-anywhere">{row.username}</span> },
          { key: 'rights', title: t.access.permissions, width: '10rem', wide: true, cell: (row) => <Link to="/access/$name" params={{ name: 'permissions' }} search={{ q: row.role }} className={linkLook}>{t.access.permissionsOf}</Link> },
          { key: 'acts', title: t.common.actions, quiet: true, width: '3.5rem', align: 'end', cell: (row) => !why && row.role !== 'ROLE_ADMIN' && <IconButton label={t.access.unbind(row.username, row.role)} icon={Unlink} onClick={() => setLeaving(row)} /> },
        ]}
        filtered={Boolean(search.q || search.role)}
        onClear={() => change({ q: undefined, role: undefined, page: undefined })}
        empty={<Blank icon={Shield} title={t.access.noRoles} text={t.access.noRolesText} />}
      />
      {binding && <BindForm onClose={() => setBinding(false)} />}
      {leaving && (
        <Confirm open onClose={() => setLeaving(undefined)} title={t.access.unbind(leaving.username, leaving.role)} submit={t.common.remove} busy={unbind.isPending} onConfirm={() => unbind.mutate(leaving)}>
          <p>{t.access.unbindText}</p>
        </Confirm>
      )}
    </Card>
  );
}
