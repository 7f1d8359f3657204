import type { Metrics } from '../../api/overview';

/** What is known with one moment more at the right end, and without those that are older than the span, in seconds. */
export function append(old: Metrics | undefined, t: number, values: Record<string, number>, span: number): Metrics | undefined {
  if (!old || t <= (old.t.at(-1) ?? 0)) return old;
  const from = old.t.findIndex((at) => at > t - span * 1000);
  const gone = from < 0 ? old.t.length : from;
  const names = [...new Set([...Object.keys(old.series), ...Object.keys(values)])];
  const series = names.map((name) => [name, [...(old.series[name] ?? old.t.map(() => null)).slice(gone), values[name] ?? null]]);
  return { ...old, t: [...old.t.slice(gone), t], series: Object.fromEntries(series) };
}
