/** A part of the time that charts show: unix milliseconds. */
export interface Window {
  from: number;
  to: number;
}

const least = 20_000; // milliseconds: four of the finest values
const reach = 86_400_000; // of what the server keeps

/** The window that an address names, if it names one. */
export function windowOf({ from, to }: Record<string, string | undefined>): Window | undefined {
  const [a, b] = [Number(from), Number(to)];
  return Number.isSafeInteger(a) && Number.isSafeInteger(b) && a > 0 && b - a >= least ? { from: a, to: b } : undefined;
}

export const addressOf = (window: Window | undefined) => ({ from: window && String(Math.round(window.from)), to: window && String(Math.round(window.to)) });

// As long as asked for, but neither before what is kept nor after now.
function fit(from: number, length: number, now: number): Window {
  const size = Math.min(Math.max(length, least), reach);
  const end = Math.min(Math.max(from + size, now - reach + size), now);
  return { from: Math.round(end - size), to: Math.round(end) };
}

/** What lies between two moments that were pointed at, in either order. */
export const between = (a: number, b: number, now: number) => fit(Math.min(a, b) - Math.max(0, least - Math.abs(a - b)) / 2, Math.abs(a - b), now);

/** The middle of a window, half as long with a factor of 0.5. */
export const scaled = ({ from, to }: Window, factor: number, now: number) => fit((from + to) / 2 - ((to - from) * factor) / 2, (to - from) * factor, now);

/** The window moved by a share of its length. */
export const moved = ({ from, to }: Window, share: number, now: number) => fit(from + (to - from) * share, to - from, now);

/** The shortest span, in seconds, that still has the beginning of a window; the longest where none has. */
export const covering = (window: Window, spans: readonly number[], now: number) => spans.find((span) => now - span * 1000 <= window.from) ?? Math.max(...spans);
