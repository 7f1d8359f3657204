import { Link, Outlet, useLocation, useRouterState } from '@tanstack/react-router';
import { Menu as Bars, PanelLeftClose, PanelLeftOpen, X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useT } from '../i18n';
import { recall, remember } from '../lib/persist';
import { IconButton } from '../ui/button';
import { cx } from '../ui/cx';
import { Header } from './header';
import { Keys } from './keys';
import { navigation, type NavGroup } from './nav';
import { useNamespace } from './namespace';
import { useMe, useServer } from './server';
import { Strips } from './strips';

function Entries({ groups, narrow, onGo }: { groups: NavGroup[]; narrow: boolean; onGo?: () => void }) {
  return groups.map((group) => (
    <div key={group.title} className="mb-3">
      {group.title && <p className={cx('px-2.5 pt-1 pb-1 text-xs font-medium text-fg-3', narrow && 'sr-only')}>{group.title}</p>}
      <ul>
        {group.items.map(({ to, text, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              title={narrow ? text : undefined}
              onClick={onGo}
              className="flex h-8 items-center gap-2.5 rounded-md px-2.5 text-sm text-fg-2 hover:bg-hover hover:text-fg"
              activeProps={{ className: 'bg-accent-soft font-medium text-accent-text! hover:bg-accent-soft' }}
            >
              <Icon size={16} aria-hidden className="shrink-0" />
              <span className={narrow ? 'sr-only' : 'truncate'}>{text}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  ));
}

function Drawer({ groups, onClose }: { groups: NavGroup[]; onClose: () => void }) {
  const t = useT();
  useEffect(() => {
    // Before a dialog above it hears the key, which closes that alone.
    const close = (event: KeyboardEvent) => event.key === 'Escape' && !document.querySelector('[role=dialog]') && onClose();
    addEventListener('keydown', close, true);
    return () => removeEventListener('keydown', close, true);
  }, [onClose]);
  return (
    <div className="fixed inset-0 z-40 lg:hidden">
      <div aria-hidden className="absolute inset-0 bg-(--backdrop)" onClick={onClose} />
      <nav aria-label={t.nav.label} className="absolute inset-y-0 left-0 flex w-72 max-w-[85vw] flex-col overflow-y-auto border-r border-line bg-surface p-2">
        <IconButton autoFocus label={t.common.close} icon={X} onClick={onClose} className="mb-1 self-end" />
        <Entries groups={groups} narrow={false} onGo={onClose} />
      </nav>
    </div>
  );
}

/** The frame around every page. */
export function Shell() {
  const t = useT();
  const me = useMe();
  const has = useServer();
  const ns = useNamespace();
  const [narrow, setNarrow] = useState(() => recall('nav.narrow', false));
  const [drawer, setDrawer] = useState(false);
  const { pathname } = useLocation();
  const { at, busy } = useRouterState({ select: (state) => ({ at: state.resolvedLocation?.href, busy: state.isLoading }), structuralSharing: true });
  const groups = navigation(t, me, has, ns);
  useEffect(() => setDrawer(false), [pathname]);
  const fold = () => {
    remember('nav.narrow', !narrow);
    setNarrow(!narrow);
  };
  return (
    <div className="flex min-h-dvh flex-col">
      <button type="button" onClick={() => document.getElementById('main')?.focus()} className="fixed top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-3 py-1.5 text-sm text-accent-fg focus:translate-y-0">
        {t.nav.skip}
      </button>
      <Header toggle={<IconButton label={t.nav.open} icon={Bars} onClick={() => setDrawer(true)} aria-expanded={drawer} className="lg:hidden" />} />
      <div className="flex flex-1">
        <nav aria-label={t.nav.label} className={cx('sticky top-12 hidden h-[calc(100dvh-3rem)] shrink-0 flex-col overflow-y-auto border-r border-line bg-surface p-2 lg:flex', narrow ? 'w-13' : 'w-52')}>
          <div className="flex-1">
            <Entries groups={groups} narrow={narrow} />
          </div>
          <IconButton data-key="b" label={narrow ? t.nav.unfold : t.nav.fold} icon={narrow ? PanelLeftOpen : PanelLeftClose} onClick={fold} />
        </nav>
        {drawer && <Drawer groups={groups} onClose={() => setDrawer(false)} />}
        {/* data-at is the address of what is shown, which comes a little after that of the window. */}
        <main id="main" tabIndex={-1} aria-busy={busy || undefined} data-at={at} className="min-w-0 flex-1 px-4 py-4 outline-none sm:px-6 sm:py-5">
          <Strips />
          <Outlet />
        </main>
      </div>
      <Keys groups={groups} />
    </div>
  );
}
