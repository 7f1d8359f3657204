import { getPrefs, putPref } from '../api/prefs';
import { recall, remember } from '../lib/persist';
import { adopt, settings, shared } from '../lib/settings';
import { createStore, useStore } from '../lib/store';
import { caller } from './server';

// What follows a user from browser to browser. It is kept at the server under his
// name, and in this browser where nobody is logged in.
const kept = createStore<Record<string, unknown>>({});

let user: string | undefined;
let told = ''; // the settings that the server has, or is about to have

const owed = 'prefs.owed'; // whose settings of this browser the server has not got yet

// One write of a key after the other, and of those that wait the last: so that the
// last one counts at the server, too.
const waiting = new Map<string, unknown>();
const writing = new Map<string, Promise<void>>();

async function write(key: string): Promise<void> {
  try {
    while (waiting.has(key)) {
      const value = waiting.get(key);
      waiting.delete(key);
      await putPref(key, value);
    }
  } finally { // at once, so that nothing is added to one that has ended
    writing.delete(key);
    waiting.delete(key);
  }
}

function put(key: string, value: unknown): Promise<void> {
  waiting.set(key, value);
  const running = writing.get(key);
  if (running) return running;
  const run = write(key);
  writing.set(key, run);
  return run;
}

const mine = () => shared(settings.get());

function tell(name: string): void {
  told = JSON.stringify(mine());
  remember(owed, name);
  put('settings', mine()).then(
    () => recall(owed, '') === name && remember(owed, ''),
    () => undefined, // they go out when the page is next loaded
  );
}

settings.subscribe(() => {
  if (user && JSON.stringify(mine()) !== told) tell(user);
});

async function open(name: string): Promise<void> {
  told = JSON.stringify(mine());
  const before = told;
  const found = await getPrefs().catch(() => undefined);
  if (!found || user !== name) return;
  kept.set({ ...found, ...kept.get() }); // what was kept meanwhile is newer
  if (told !== before) return; // changed meanwhile
  if (recall(owed, '') === name) return tell(name);
  adopt(found.settings, (next) => { told = JSON.stringify(shared(next)); });
}

/** Follows who is logged in. */
export function followUser(): void {
  caller.subscribe(() => {
    const name = caller.get()?.username;
    if (name === undefined || name === user) return;
    user = name;
    kept.set(name ? {} : recall('prefs', {}));
    if (name) void open(name);
  });
}

/** A value that follows the user. */
export const usePref = (key: string): unknown => useStore(kept)[key];

/** Changes a value that is kept, as it is by now, whichever browser changed it last. */
export async function keep(key: string, change: (now: unknown) => unknown): Promise<void> {
  const name = user;
  const all = name ? await getPrefs() : kept.get();
  const next = { ...all, [key]: change(all[key]) };
  if (name) await put(key, next[key]);
  else remember('prefs', next);
  if (user === name) kept.set(next);
}
