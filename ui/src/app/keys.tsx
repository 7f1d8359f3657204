import { useNavigate } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useT } from '../i18n';
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

/** The keys that work on every page; single letters can be switched off. */
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
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || shown.get() || !settings.get().shortcuts) return;
      if (document.querySelector('[role=dialog]')) return;
      // When they were pressed counts, not when a busy page came to hear of it.
      const went = event.timeStamp - afterG < 1000 && groups.flatMap((group) => group.items).find((item) => item.letter === event.key);
      afterG = event.key === 'g' ? event.timeStamp : -Infinity;
      if (went) void navigate({ to: went.to });
      else if (event.key === '?') shown.set('help');
      else if (event.key === 'p') change({ live: !settings.get().live });
      else if (event.key === '/') {
        document.querySelector<HTMLInputElement>('main [data-filter]')?.focus();
        event.preventDefault();
      }
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

function Help({ groups, onClose }: { groups: NavGroup[]; onClose: () => void }) {
  const t = useT();
  const rows: [string, string][] = [
    ['Ctrl K', t.keys.palette],
    ['/', t.keys.filter],
    ['?', t.keys.help],
    ['p', t.keys.pause],
    ['↑ ↓', t.keys.rows],
    ['Enter', t.keys.open],
    ['x', t.keys.select],
    ['Ctrl S', t.keys.publish],
    ['Esc', t.keys.close],
    ...groups.flatMap((group) => group.items).filter((item) => item.letter).map((item): [string, string] => [`g ${item.letter}`, item.text]),
  ];
  return (
    <Dialog open onClose={onClose} title={t.nav.keys} size="medium">
      <dl className="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2 text-sm sm:columns-2">
        {rows.map(([key, text]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-sunken px-1.5 py-0.5 font-sans text-xs">{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
