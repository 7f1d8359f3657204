import { useNavigate, useParams } from '@tanstack/react-router';
import { mayGlobal, useMe } from '../../app/server';
import { useT } from '../../i18n';
import { PageHead, Tabs } from '../../ui/page';
import { ExplainTab } from './explain';
import { PermissionsTab } from './permissions';
import { RolesTab } from './roles';
import { SessionsTab } from './sessions';
import { UsersTab } from './users';

/** Who may do what. */
export function AccessPage() {
  const t = useT();
  const me = useMe();
  const navigate = useNavigate();
  const { name } = useParams({ strict: false }) as { name?: string };
  const all = [
    { key: 'users', title: t.access.users, content: () => <UsersTab />, shown: mayGlobal(me, 'users', 'r') },
    { key: 'roles', title: t.access.roles, content: () => <RolesTab />, shown: mayGlobal(me, 'roles', 'r') },
    { key: 'permissions', title: t.access.permissions, content: () => <PermissionsTab />, shown: mayGlobal(me, 'permissions', 'r') },
    { key: 'explain', title: t.access.explain, content: () => <ExplainTab />, shown: mayGlobal(me, 'permissions', 'r') },
    { key: 'sessions', title: t.access.sessions, content: () => <SessionsTab />, shown: me.loginRequired && Boolean(me.username) },
  ];
  const tabs = all.filter((tab) => tab.shown);
  const tab = tabs.find((one) => one.key === name)?.key ?? tabs[0]?.key ?? 'users';
  const mine = tabs.length === 1 && tab === 'sessions';
  return (
    <>
      <PageHead title={mine ? t.access.sessions : t.nav.access} text={mine ? undefined : t.access.text} />
      <Tabs label={t.nav.access} value={tab} tabs={tabs} onChange={(next) => void navigate({ to: '/access/$name', params: { name: next } })} />
    </>
  );
}
