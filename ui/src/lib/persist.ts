// What this browser remembers. The prefix keeps apart from other consoles that
// may be served from the same origin. A browser may forbid storage altogether.
const prefix = 'nc.';

export function recall<T>(key: string, otherwise: T): T {
  try {
    const text = localStorage.getItem(prefix + key);
    return text === null ? otherwise : (JSON.parse(text) as T);
  } catch {
    return otherwise;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(prefix + key, JSON.stringify(value));
  } catch {
    // Nothing is lost but the habit.
  }
}
