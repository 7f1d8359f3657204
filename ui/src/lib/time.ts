import { settings } from './settings';

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

const tag = () => (settings.get().language === 'zh' ? 'zh-CN' : 'en-GB');

/** Milliseconds of a time that the server gave as a number or as text; 0 if there is none. */
export function millis(time: number | string | null | undefined): number {
  if (!time) return 0;
  const value = typeof time === 'number' ? time : /^\d+$/.test(time) ? Number(time) : Date.parse(time);
  return Number.isFinite(value) ? value : 0;
}

export function absolute(time: number): string {
  const { utc } = settings.get();
  return new Intl.DateTimeFormat(tag(), { dateStyle: 'medium', timeStyle: 'medium', ...(utc ? { timeZone: 'UTC' } : {}) }).format(time) + (utc ? ' UTC' : '');
}

/** The time of day alone. */
export function clock(time: number, seconds = true): string {
  const { utc } = settings.get();
  return new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}), ...(utc ? { timeZone: 'UTC' } : {}) }).format(time);
}

export function relative(time: number, now = Date.now()): string {
  const seconds = (time - now) / 1000;
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(tag(), { numeric: 'auto', style: 'short' }).format(Math.round(seconds / size), unit);
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(tag(), { maximumFractionDigits: digits }).format(value);
}

export function short(value: number): string {
  return new Intl.NumberFormat(tag(), { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`;
  const step = Math.min(4, Math.floor(Math.log2(value) / 10));
  return `${number(value / 1024 ** step, 1)} ${['B', 'KB', 'MB', 'GB', 'TB'][step]}`;
}

const spans = { en: ['d', 'h', 'min', 's'], zh: ['天', '小时', '分钟', '秒'] };

/** A length of time in its two largest units. */
export function duration(seconds: number): string {
  const [d, h, min, s] = spans[settings.get().language] as [string, string, string, string];
  const parts = [
    [Math.floor(seconds / 86_400), d],
    [Math.floor(seconds / 3600) % 24, h],
    [Math.floor(seconds / 60) % 60, min],
    [Math.floor(seconds) % 60, s],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return `0 ${s}`;
  return parts.slice(first, first + 2).filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`).join(' ');
}
