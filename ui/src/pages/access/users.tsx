import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { KeyRound, Plus, Trash2, Users } from 'lucide-react';
import { useState } from 'react';
import { accessKeys, createUser, deleteUser, listUsers, resetPassword } from '../../api/access';
import { useAct } from '../../app/mutate';
import { usePasswordProblem } from '../../app/password';
import { useAddress, usePaging, useTyped } from '../../app/query';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { Button, IconButton } from '../../ui/button';
import { Confirm } from '../../ui/confirm';
import { FormDialog } from '../../ui/dialog';
import { Field, Input, Password, SearchInput } from '../../ui/field';
import { linkLook } from '../../ui/link';
import { Listing } from '../../ui/listing';
import { Card } from '../../ui/page';
import { Blank } from '../../ui/states';

function UserForm({ name, onClose }: { name?: string; onClose: () => void }) {
  const t = useT();
  const weak = usePasswordProblem();
  const [username, setUsername] = useState(name ?? '');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const act = useAct({
    run: () => (name ? resetPassword(name, password) : createUser(username, password)),
    done: name ? t.access.passwordReset(name) : t.access.userCreated(username),
    stale: [accessKeys.all],
    then: onClose,
  });
  const why = !username ? t.access.nameMissing : weak(password) || (password !== again && t.login.differ);
  return (
    <FormDialog open onClose={onClose} title={name ? t.access.resetTitle(name) : t.access.createUser} description={name && t.access.resetText} submit={name ? t.common.save : t.common.create} why={why} busy={act.isPending} onSubmit={() => act.mutate()}>
      {!name && <Field label={t.login.user}>{(props) => <Input {...props} autoFocus required value={username} onChange={(event) => setUsername(event.target.value)} />}</Field>}
      <Field label={t.login.next} hint={t.login.rules(8)}>
        {(props) => <Password {...props} autoComplete="new-password" value={password} onChange={(event) => setPassword(event.target.value)} />}
      </Field>
      <Field label={t.login.again} error={again !== '' && password !== again && t.login.differ}>
        {(props) => <Password {...props} autoComplete="new-password" value={again} onChange={(event) => setAgain(event.target.value)} />}
      </Field>
    </FormDialog>
  );
}

export function UsersTab() {
  const t = useT();
  const me = useMe();
  const [search, change] = useAddress();
  const { page, size } = usePaging();
  const [q, setQ] = useTyped(search.q ?? '', (value) => change({ q: value || undefined, page: undefined }));
  const [dialog, setDialog] = useState<{ kind: 'create' } | { kind: 'reset' | 'delete'; name: string }>();
  const query = useQuery({ queryKey: accessKeys.users(search.q ?? '', page, size), queryFn: () => listUsers(search.q ?? '', page, size), placeholderData: keepPreviousData });
  const close = () => setDialog(undefined);
  const remove = useAct({ run: (name: string) => deleteUser(name), done: (_, name) => t.access.userDeleted(name), stale: [accessKeys.all], then: close });
  const why = !mayGlobal(me, 'users', 'w') && t.errors.forbidden;
  return (
    <Card flush>
      <div className="flex flex-wrap items-center justify-between gap-2 gutter border-b border-line py-3">
        <SearchInput data-filter label={t.access.findUser} value={q} onChange={setQ} className="w-full sm:w-72" />
        <Button writes data-key="n" look="primary" icon={Plus} why={why} onClick={() => setDialog({ kind: 'create' })}>
          {t.access.createUser}
        </Button>
      </div>
      <Listing
        label={t.access.users}
        query={query}
        rowKey={(row) => row.username}
        columns={[
          { key: 'name', title: t.login.user, cell: (row) => <span className="block min-w-32 font-medium wrap-anywhere">{row.username}</span> },
          { key: 'roles', title: t.access.roles, width: '10rem', narrow: '1%', cell: (row) => <Link to="/access/$name" params={{ name: 'roles' }} search={{ q: row.username }} className={`${linkLook} whitespace-nowrap`}>{t.access.rolesOf}</Link> },
          { key: 'explain', title: t.access.explain, width: '12rem', wide: true, cell: (row) => <Link to="/access/$name" params={{ name: 'explain' }} search={{ user: row.username }} className={linkLook}>{t.access.explainOf}</Link> },
          {
            key: 'acts',
            title: t.common.actions,
            quiet: true,
            width: '6rem',
            align: 'end',
            cell: (row) =>
              !why && (
                <span className="inline-flex">
                  <IconButton label={t.access.resetTitle(row.username)} icon={KeyRound} onClick={() => setDialog({ kind: 'reset', name: row.username })} />
                  <IconButton label={t.access.deleteUser(row.username)} icon={Trash2} disabled={row.username === me.username} onClick={() => setDialog({ kind: 'delete', name: row.username })} />
                </span>
              ),
          },
        ]}
        filtered={Boolean(search.q)}
        onClear={() => change({ q: undefined, page: undefined })}
        empty={<Blank icon={Users} title={t.access.noUsers} />}
      />
      {dialog?.kind === 'create' && <UserForm onClose={close} />}
      {dialog?.kind === 'reset' && <UserForm name={dialog.name} onClose={close} />}
      {dialog?.kind === 'delete' && (
        <Confirm open onClose={close} title={t.access.deleteUser(dialog.name)} submit={t.common.delete} busy={remove.isPending} onConfirm={() => remove.mutate(dialog.name)}>
          <p>{t.access.deleteUserText}</p>
        </Confirm>
      )}
    </Card>
  );
}
