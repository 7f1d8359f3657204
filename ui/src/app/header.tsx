import { Link } from '@tanstack/react-router';
import { CircleHelp, Globe, LogOut, MonitorSmartphone, Pause, Play, Search, Settings, SunMoon, UserRound } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { logOut } from '../api/session';
import { useT } from '../i18n';
import { change, settings, type Language, type Theme } from '../lib/settings';
import { useStore } from '../lib/store';
import { IconButton, Tip } from '../ui/button';
import { cx } from '../ui/cx';
import { Menu, MenuItem, MenuLabel, MenuLine, MenuRadio } from '../ui/menu';
import { complain } from '../ui/toast';
import { client } from './client';
import { Environment, EnvironmentBand } from './environment';
import { openHelp, openPalette } from './keys';
import { goLive, goSilent, link } from './live';
import { PasswordDialog } from './password';
import { router } from './router';
import { caller, leaving, useMe } from './server';
import { NamespaceSwitch } from './switcher';

export function Logo() {
  return (
    <svg viewBox="0 0 32 32" className="size-6 shrink-0" aria-hidden>
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path d="M13.2 12h5.600l1.700 13h-9z" className="fill-accent-fg" />
      <path d="M12.600 10.500V8.600L16 6l3.400 2.600v1.900z" className="fill-accent-fg" />
      <path d="M11 9.600 4.500 7.200v4.800zM21 9.600l6.500-2.400v4.800z" fill="#ffd166" />
    </svg>
  );
}

// Green, amber and grey, and each with a word: how fresh the page is.
function LiveDot() {
  const t = useT();
  const state = useStore(link);
  const paused = state === 'paused';
  const tint = { live: 'bg-ok', polling: 'bg-ok', connecting: 'bg-warn', ended: 'bg-warn', paused: 'bg-fg-3' }[state];
  return (
    <Tip text={paused ? t.nav.resume : t.nav.pause}>
      <button type="button" onClick={() => change({ live: paused })} className="group flex h-8 items-center gap-2 rounded-md px-2 text-xs text-fg-2 hover:bg-hover">
        <span aria-hidden className="relative flex size-4 items-center justify-center">
          <span className={cx('size-2 rounded-full group-hover:hidden group-focus-visible:hidden', tint)} />
          {paused ? <Play size={13} className="hidden group-hover:block group-focus-visible:block" /> : <Pause size={13} className="hidden group-hover:block group-focus-visible:block" />}
        </span>
        <span className="max-md:sr-only">{t.nav.link[state]}</span>
      </button>
    </Tip>
  );
}

const themes = (t: ReturnType<typeof useT>) => (['system', 'light', 'dark', 'contrast'] as const).map((key) => [key, t.nav.themes[key]] as const);
const languages = [
  ['zh', '中文'],
  ['en', 'English'],
] as const;

async function leave() {
  leaving.set(true);
  goSilent();
  try {
    await logOut();
  } catch (error) {
    leaving.set(false);
    goLive(client, caller.get()!.events);
    complain(error);
    return;
  }
  location.hash = '';
  location.reload();
}

function UserMenu({ onPassword }: { onPassword: () => void }) {
  const t = useT();
  const me = useMe();
  const go = (to: string) => void router.navigate({ to });
  return (
    <Menu trigger={<button type="button" aria-label={t.nav.account(me.username || t.nav.anonymous)} className="flex h-8 max-w-40 items-center gap-2 rounded-md px-2 text-sm text-fg-2 hover:bg-hover hover:text-fg"><UserRound size={16} aria-hidden className="shrink-0" /><span className="truncate max-md:hidden">{me.username || t.nav.anonymous}</span></button>}>
      <MenuLabel>{me.username ? [me.username, ...me.roles].join(' · ') : t.nav.anonymousText}</MenuLabel>
      <MenuLine />
      <MenuItem icon={Settings} onSelect={() => go('/settings')}>{t.nav.settings}</MenuItem>
      <MenuItem icon={CircleHelp} onSelect={openHelp}>{t.nav.keys}</MenuItem>
      {me.username && me.loginRequired && (
        <>
          <MenuItem icon={UserRound} onSelect={onPassword}>{t.nav.password}</MenuItem>
          <MenuItem icon={MonitorSmartphone} onSelect={() => go('/access/sessions')}>{t.access.sessions}</MenuItem>
          <MenuLine />
          <MenuItem icon={LogOut} onSelect={() => void leave()}>{t.nav.logOut}</MenuItem>
        </>
      )}
    </Menu>
  );
}

export function Header({ toggle }: { toggle: ReactNode }) {
  const t = useT();
  const { theme, language } = useStore(settings);
  const [password, setPassword] = useState(false);
  return (
    <header className="sticky top-0 z-30 flex h-12 items-center gap-1.5 border-b border-line bg-surface px-2 sm:gap-2 sm:px-3">
      {toggle}
      <Link to="/overview" aria-label={t.nav.home} className="mr-1 flex items-center gap-2 rounded-md px-1 text-base font-semibold">
        <Logo />
        <span className="max-md:hidden">Pharos</span>
      </Link>
      <NamespaceSwitch />
      <Environment />
      <button type="button" onClick={openPalette} className="ml-1 flex h-8 min-w-8 items-center gap-2 rounded-md border border-line bg-sunken px-2 text-sm text-fg-3 hover:border-line-strong hover:text-fg md:w-64">
        <Search size={15} aria-hidden className="shrink-0" />
        <span className="flex-1 truncate text-left max-md:sr-only">{t.nav.search}</span>
        <kbd className="rounded border border-line bg-surface px-1 font-sans text-xs max-md:hidden">Ctrl K</kbd>
      </button>
      <div className="ml-auto flex items-center">
        <LiveDot />
        <div className="flex items-center max-sm:hidden">
          <Menu trigger={<IconButton label={t.nav.language} icon={Globe} />}>
            <MenuRadio<Language> label={t.nav.language} value={language} options={languages} onChange={(next) => change({ language: next })} />
          </Menu>
          <Menu trigger={<IconButton label={t.nav.theme} icon={SunMoon} />}>
            <MenuRadio<Theme> label={t.nav.theme} value={theme} options={themes(t)} onChange={(next) => change({ theme: next })} />
          </Menu>
        </div>
        <UserMenu onPassword={() => setPassword(true)} />
      </div>
      <EnvironmentBand />
      <PasswordDialog open={password} onClose={() => setPassword(false)} />
    </header>
  );
}
