import { useLocation, useNavigate } from '@tanstack/react-router';
import { Check, ChevronsUpDown, Layers, Star } from 'lucide-react';
import { Popover } from 'radix-ui';
import { useState, type KeyboardEvent } from 'react';
import type { Namespace } from '../api/types';
import { useT } from '../i18n';
import { recall, remember } from '../lib/persist';
import { number } from '../lib/time';
import { cx } from '../ui/cx';
import { SearchInput } from '../ui/field';
import { chooseNamespace, useNamespace, useNamespaceName, useNamespaces } from './namespace';

const shown = 200; // namespaces in the list at once; more are found by typing

function arrange(all: Namespace[], starred: string[], typed: string): Namespace[] {
  const recent = recall<string[]>('ns.recent', []);
  const rank = (id: string) => (starred.includes(id) ? 0 : recent.includes(id) ? 1 + recent.indexOf(id) : id === 'public' ? 10 : 11);
  const wanted = typed.trim().toLowerCase();
  return all
    .filter((one) => !wanted || `${one.namespace} ${one.namespaceShowName}`.toLowerCase().includes(wanted))
    .sort((a, b) => rank(a.namespace) - rank(b.namespace) || a.namespaceShowName.localeCompare(b.namespaceShowName))
    .slice(0, shown);
}

// Arrow keys walk through the list; the field keeps what is typed.
function walk(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>('input, [data-option]')];
  const next = stops.indexOf(document.activeElement as HTMLElement) + (event.key === 'ArrowDown' ? 1 : -1);
  stops[(next + stops.length) % stops.length]?.focus();
  event.preventDefault();
}

/** The switch between namespaces: a page of one namespace becomes that page of another. */
export function NamespaceSwitch() {
  const t = useT();
  const current = useNamespace();
  const name = useNamespaceName(current);
  const { data = [] } = useNamespaces();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState('');
  const [starred, setStarred] = useState(() => recall<string[]>('ns.starred', []));

  const choose = (id: string) => {
    setOpen(false);
    setTyped('');
    chooseNamespace(id);
    const area = /^\/ns\/[^/]+\/([^/]+)/.exec(pathname)?.[1];
    if (area) void navigate({ to: `/ns/${encodeURIComponent(id)}/${area}` });
  };
  const star = (id: string) => {
    const next = starred.includes(id) ? starred.filter((one) => one !== id) : [...starred, id];
    setStarred(next);
    remember('ns.starred', next);
  };
  const list = arrange(data, starred, typed);

  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" aria-label={t.nav.namespaceIs(name)} className="flex h-8 max-w-56 min-w-0 items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-sm hover:border-line-strong hover:bg-hover">
          <Layers size={15} aria-hidden className="shrink-0 text-accent-text" />
          <span className="truncate font-medium">{name}</span>
          <ChevronsUpDown size={14} aria-hidden className="shrink-0 text-fg-3" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content align="start" sideOffset={4} collisionPadding={8} aria-label={t.nav.chooseNamespace} onKeyDown={walk} className="z-50 flex max-h-[70vh] w-80 max-w-[92vw] flex-col rounded-lg border border-line bg-raised p-2 shadow-pop">
          <SearchInput label={t.nav.findNamespace} value={typed} onChange={setTyped} />
          <ul className="mt-2 min-h-0 overflow-y-auto">
            {list.map((one) => (
              <li key={one.namespace} className="group flex items-center rounded-md hover:bg-hover">
                <button type="button" data-option onClick={() => choose(one.namespace)} className="flex min-h-8 min-w-0 flex-1 items-center gap-2 rounded-md px-2 py-1 text-left text-sm -outline-offset-2">
                  <Check size={15} aria-hidden className={cx('shrink-0', one.namespace === current ? 'text-accent-text' : 'invisible')} />
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{one.namespaceShowName || one.namespace}</span>
                    {one.namespace !== one.namespaceShowName && <span className="block truncate font-mono text-xs text-fg-3">{one.namespace}</span>}
                  </span>
                  <span className="text-xs text-fg-3 tabular-nums">{number(one.configCount)}</span>
                </button>
                <button type="button" aria-pressed={starred.includes(one.namespace)} aria-label={t.nav.star(one.namespaceShowName)} onClick={() => star(one.namespace)} className="flex size-7 items-center justify-center rounded-md text-fg-3 hover:text-fg">
                  <Star size={14} aria-hidden fill={starred.includes(one.namespace) ? 'currentColor' : 'none'} />
                </button>
              </li>
            ))}
            {!list.length && <li className="px-2 py-3 text-sm text-fg-3">{t.states.noMatch}</li>}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
