import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useT } from '../i18n';
import type { Dictionary } from '../i18n';
import { neighbour } from '../lib/rows';
import { change, settings } from '../lib/settings';
import { createStore, useStore } from '../lib/store';
import { Dialog } from '../ui/dialog';
import type { NavGroup } from './nav';
import { Palette } from './palette';

const shown = createStore<'' | 'palette' | 'help'>('');

export const openPalette = () => shown.set('palette');
export const openHelp = () => shown.set('help');

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

// What is on top: a dialog, or else the page. What lies beneath hears no key.
const onTop = () => [...document.querySelectorAll('[role=dialog], [role=alertdialog]')].at(-1);

// Where letters are for the thing that has the focus: to find an entry by its beginning.
const choosing = (target: EventTarget | null) => target instanceof Element && Boolean(target.closest('[role=menu], [role=listbox]'));

/** Presses what names a key as its own: a button, a link, a tab, or what opens a menu. */
function press(key: string): void {
  const found = [...(onTop() ?? document).querySelectorAll<HTMLElement>('[data-key]')].find((one) => one.dataset.key === key && one.checkVisibility());
  if (!found) return;
  const opens = found.getAttribute('aria-haspopup') === 'menu';
  if (opens || found.getAttribute('role') === 'tab') found.focus();
  if (opens) found.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  else found.click();
}

// From no row one comes to the first.
function step(down: boolean): void {
  const row = document.activeElement?.closest('main tbody tr');
  const next = row ? neighbour(row, down) : document.querySelector<HTMLElement>('main tbody tr[tabindex]');
  next?.focus();
}

function single(event: KeyboardEvent): void {
  const { key } = event;
  if (onTop()) return press(key);
  switch (key) {
    case '?':
      return shown.set('help');
    case 'p':
      return change({ live: !settings.get().live });
    case 'j':
    case 'k':
      return step(key === 'j');
    case '/':
      event.preventDefault();
      return document.querySelector<HTMLInputElement>('main [data-filter]')?.focus();
    default:
      press(key);
  }
}

/** The keys that work on every page; single characters can be switched off. */
export function Keys({ groups }: { groups: NavGroup[] }) {
  const state = useStore(shown);
  const navigate = useNavigate();
  useEffect(() => {
    let afterG = -Infinity;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        shown.set(shown.get() === 'palette' ? '' : 'palette');
        return;
      }
      const combined = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState('AltGraph');
      if (combined || event.defaultPrevented || typing(event.target) || choosing(event.target) || shown.get() || !settings.get().shortcuts) return;
      // When they were pressed counts, not when a busy page came to hear of it.
      const went = !onTop() && event.timeStamp - afterG < 1000 && groups.flatMap((group) => group.items).find((item) => item.letter === event.key);
      afterG = event.key === 'g' ? event.timeStamp : -Infinity;
      if (went) void navigate({ to: went.to });
      else single(event);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [groups, navigate]);
  const close = () => shown.set('');
  return (
    <>
      {state === 'palette' && <Palette groups={groups} onClose={close} />}
      {state === 'help' && <Help groups={groups} onClose={close} />}
    </>
  );
}

const combinations = (t: Dictionary): [string, string][] => [
  ['Ctrl K', t.keys.palette],
  ['Ctrl S', t.keys.publish],
  ['↑ ↓', t.keys.rows],
  ['→ ←', t.keys.unfold],
  ['Enter', t.keys.open],
  ['Esc', t.keys.close],
];

const singles = (t: Dictionary, groups: NavGroup[]): [string, string][] => [
  ['?', t.keys.help],
  ['/', t.keys.filter],
  ['j k', t.keys.rows],
  ['x', t.keys.select],
  ['Shift x', t.keys.selectTo],
  ['n', t.keys.create],
  ['e', t.keys.edit],
  ['h', t.keys.history],
  ['l', t.keys.listeners],
  ['c', t.keys.link],
  ['.', t.keys.more],
  ['[ ]', t.keys.changes],
  ['p', t.keys.pause],
  ['b', t.keys.fold],
  ...groups.flatMap((group) => group.items).filter((item) => item.letter).map((item): [string, string] => [`g ${item.letter}`, item.text]),
];

function Help({ groups, onClose }: { groups: NavGroup[]; onClose: () => void }) {
  const t = useT();
  const { shortcuts } = useStore(settings);
  const rows = [...combinations(t), ...(shortcuts ? singles(t, groups) : [])];
  return (
    <Dialog open onClose={onClose} title={t.nav.keys} {...(shortcuts ? {} : { description: t.keys.off })} size="medium">
      <dl className="gap-x-8 text-sm sm:columns-2">
        {rows.map(([key, text]) => (
          <div key={key} className="flex break-inside-avoid items-baseline gap-3 py-1">
            <dt className="w-16 shrink-0">
              <kbd className="rounded border border-line bg-sunken px-1.5 py-0.5 font-sans text-xs whitespace-nowrap">{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
