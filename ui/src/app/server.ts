import type { Area, Capabilities, Me } from '../api/session';
import { createStore, useStore } from '../lib/store';

/** What the server said about itself when the page was loaded, and who is logged in. */
export const server = createStore<Capabilities | undefined>(undefined);
export const caller = createStore<Me | undefined>(undefined);

/** The caller logs out: nothing is shown any more, so that nothing asks without a session. */
export const leaving = createStore(false);

export const useServer = () => useStore(server)!;
export const useMe = () => useStore(caller)!;
export const serverVersion = () => server.get()?.version ?? '';

export type Kind = 'config' | 'naming';

/** Whether the caller may do this somewhere in the namespace. With rights on parts of it only the server knows: let them try. */
export function may(me: Me, ns: string, kind: Kind, action: 'r' | 'w'): boolean {
  if (me.admin) return true;
  const rights = me.namespaces[ns];
  return Boolean(rights && (rights.part || rights[kind].includes(action)));
}

export function mayGlobal(me: Me, area: Area, action: 'r' | 'w'): boolean {
  return me.admin || me.global[area].includes(action);
}
