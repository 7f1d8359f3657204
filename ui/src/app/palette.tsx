import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Boxes, FileCog, FilePlus, FileText, Globe, Layers, Pause, Play, SunMoon, Upload, Users, Workflow, type LucideIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { search, type Found } from '../api/session';
import { useT } from '../i18n';
import { change, settings } from '../lib/settings';
import { cx } from '../ui/cx';
import { Dialog } from '../ui/dialog';
import { SearchInput } from '../ui/field';
import type { NavGroup } from './nav';
import { useNamespace } from './namespace';
import { may, useMe, useServer } from './server';

interface Entry {
  key: string;
  section: string;
  title: string;
  sub?: string;
  icon: LucideIcon;
  run: () => void;
}

const icons: Record<Found['kind'], LucideIcon> = { config: FileCog, content: FileText, service: Boxes, instance: Workflow, namespace: Layers, user: Users };

function place(found: Found): string {
  const ns = `/ns/${encodeURIComponent(found.namespaceId)}`;
  const [group, name] = [encodeURIComponent(found.groupName), encodeURIComponent(found.name)];
  switch (found.kind) {
    case 'config':
    case 'content':
      return `${ns}/configs/${group}/${name}`;
    case 'service':
    case 'instance':
      return `${ns}/services/${group}/${name}`;
    case 'namespace':
      return `${ns}/configs`;
    case 'user':
      return `/access/users`;
  }
}

/** One field that finds pages, things in all namespaces, and contents. */
export function Palette({ groups, onClose }: { groups: NavGroup[]; onClose: () => void }) {
  const t = useT();
  const has = useServer();
  const me = useMe();
  const ns = useNamespace();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [asked, setAsked] = useState('');
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed.trim()), 120);
    return () => clearTimeout(timer);
  }, [typed]);
  const names = useQuery({ queryKey: ['search', asked, 'names'], queryFn: ({ signal }) => search(asked, '', signal), enabled: asked !== '', placeholderData: keepPreviousData });
  const contents = useQuery({ queryKey: ['search', asked, 'content'], queryFn: ({ signal }) => search(asked, 'content', signal), enabled: asked.length > 2 && Boolean(has.features.contentSearch) });

  const wanted = typed.trim().toLowerCase();
  const go = (to: string) => () => void navigate({ to });
  const pages: Entry[] = groups
    .flatMap((group) => group.items)
    .filter((item) => !wanted || item.text.toLowerCase().includes(wanted))
    .map((item) => ({ key: item.to, section: t.palette.pages, title: item.text, icon: item.icon, run: go(item.to) }));
  const things = (section: string, items: Found[] = []): Entry[] =>
    items.map((found, i) => ({
      key: `${section}${i}`,
      section,
      title: found.kind === 'instance' ? found.detail : found.name || found.namespaceId,
      sub: [found.namespaceId, found.groupName, found.kind === 'instance' ? found.name : found.snippet || found.detail].filter(Boolean).join(' › '),
      icon: icons[found.kind],
      run: go(place(found)),
    }));
  const here = `/ns/${encodeURIComponent(ns)}`;
  const { live } = settings.get();
  const act = (key: string, title: string, icon: LucideIcon, run: () => void): Entry => ({ key, section: t.palette.actions, title, icon, run });
  const acts: Entry[] = [
    ...(may(me, ns, 'config', 'w') ? [act('new', `${t.configs.create} (${ns})`, FilePlus, go(`${here}/configs/new`)), act('import', `${t.configs.import} (${ns})`, Upload, go(`${here}/import`))] : []),
    act('live', live ? t.nav.pause : t.nav.resume, live ? Pause : Play, () => change({ live: !live })),
    ...(['light', 'dark', 'contrast'] as const).map((theme) => act(theme, `${t.nav.theme}: ${t.nav.themes[theme]}`, SunMoon, () => change({ theme }))),
    act('zh', `${t.nav.language}: 中文`, Globe, () => change({ language: 'zh' })),
    act('en', `${t.nav.language}: English`, Globe, () => change({ language: 'en' })),
  ].filter((entry) => wanted && entry.title.toLowerCase().includes(wanted));
  const entries = [...(asked ? things(t.palette.things, names.data?.items) : []), ...pages, ...acts, ...(asked ? things(t.palette.contents, contents.data?.items) : [])];
  const active = Math.min(at, entries.length - 1);

  const choose = (entry?: Entry) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      const next = (active + (event.key === 'ArrowDown' ? 1 : -1) + entries.length) % Math.max(1, entries.length);
      setAt(next);
      list.current?.querySelectorAll('[role=option]')[next]?.scrollIntoView({ block: 'nearest' });
      event.preventDefault();
    } else if (event.key === 'Enter') {
      choose(entries[active]);
      event.preventDefault();
    }
  };

  return (
    <Dialog open onClose={onClose} title={t.nav.search} size="medium">
      <SearchInput
        label={t.palette.placeholder}
        value={typed}
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={entries[active] ? `palette-${active}` : undefined}
        onKeyDown={onKeyDown}
        onChange={(text) => {
          setTyped(text);
          setAt(0);
        }}
      />
      <div ref={list} id="palette-list" role="listbox" aria-label={t.palette.results} className="-mx-2 max-h-[55vh] min-h-24 overflow-y-auto">
        {entries.map(({ key, section, title, sub, icon: Icon }, i) => (
          <div key={key} role="presentation">
            {section !== entries[i - 1]?.section && <p role="presentation" className="px-2 pt-2 pb-1 text-xs font-medium text-fg-3">{section}</p>}
            <div id={`palette-${i}`} role="option" aria-selected={i === active} onClick={() => choose(entries[i])} onMouseMove={() => i !== at && setAt(i)} className={cx('flex min-h-9 cursor-pointer items-center gap-2.5 rounded-md px-2 py-1', i === active && 'bg-selected')}>
              <Icon size={16} aria-hidden className="shrink-0 text-fg-3" />
              <span className="min-w-0 flex-1">
                <span className="block truncate text-sm">{title}</span>
                {sub && <span className="block truncate text-xs text-fg-3">{sub}</span>}
              </span>
            </div>
          </div>
        ))}
        {!entries.length && <p className="px-2 py-6 text-center text-sm text-fg-3">{names.isFetching ? t.common.loading : t.states.noMatch}</p>}
      </div>
    </Dialog>
  );
}
