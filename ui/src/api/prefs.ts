import { get, send } from './http';

const path = 'v3/console/ext/prefs';

/** What the caller has set for himself, by key. */
export const getPrefs = () => get<Record<string, unknown>>(path);

// What goes out also when the page is left may not be long: browsers bound it by 64 KB for all of a page.
const brief = 8192; // characters

/** Keeps a value under a key; undefined removes it. */
export const putPref = (key: string, value: unknown) => {
  const text = value === undefined ? '' : JSON.stringify(value);
  return send({ method: 'PUT', path, form: { key, value: text }, anonymous: true, keepalive: text.length < brief });
};
