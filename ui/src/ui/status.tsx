import { Circle, CircleDashed, CircleDot, Contrast, Square, Triangle, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { number } from '../lib/time';
import { cx } from './cx';

export type Level = 'ok' | 'warn' | 'bad' | 'unknown' | 'gray' | 'info';

// A state is a shape and a word; the colour only helps.
const shapes: Record<Level, [LucideIcon, string, string]> = {
  ok: [Circle, 'text-ok', 'bg-ok-soft text-ok'],
  warn: [Triangle, 'text-warn', 'bg-warn-soft text-warn'],
  bad: [Square, 'text-bad', 'bg-bad-soft text-bad'],
  unknown: [CircleDashed, 'text-fg-3', 'bg-tag text-fg-2'],
  gray: [Contrast, 'text-info', 'bg-info-soft text-info'],
  info: [CircleDot, 'text-accent-text', 'bg-accent-soft text-accent-text'],
};

export function State({ level, children, className }: { level: Level; children: ReactNode; className?: string }) {
  const [Icon, tint] = shapes[level];
  return (
    <span className={cx('inline-flex items-center gap-1.5 whitespace-nowrap', className)}>
      <Icon size={10} aria-hidden fill={level === 'unknown' || level === 'gray' ? 'none' : 'currentColor'} className={cx('shrink-0', tint)} />
      {children}
    </span>
  );
}

export function Badge({ level = 'unknown', children, title }: { level?: Level; children: ReactNode; title?: string }) {
  return (
    <span title={title} className={cx('inline-block h-5 max-w-full truncate rounded px-1.5 align-middle text-xs leading-5! font-medium [&>svg]:inline [&>svg]:align-[-1px]', shapes[level][2])}>
      {children}
    </span>
  );
}

/** A part of a whole, as a bar with the numbers beside it. */
export function Share({ part, whole, level }: { part: number; whole: number; level?: Level }) {
  const ratio = whole ? part / whole : 0;
  const tint = level ?? (ratio >= 1 ? 'ok' : ratio > 0.5 ? 'warn' : 'bad');
  const fill = { ok: 'bg-ok', warn: 'bg-warn', bad: 'bg-bad', unknown: 'bg-fg-3', gray: 'bg-info', info: 'bg-accent' }[tint];
  return (
    <span className="inline-flex items-center gap-2 whitespace-nowrap tabular-nums">
      <span aria-hidden className="h-1.5 w-14 overflow-hidden max-sm:hidden rounded-full bg-line">
        <span className={cx('block h-full rounded-full', fill)} style={{ width: `${ratio * 100}%` }} />
      </span>
      {number(part)}/{number(whole)}
    </span>
  );
}
