import { useEffect, useState } from 'react';
import { absolute, millis, relative } from '../lib/time';
import { Tip } from './button';

/** A moment, as the time since; the exact one on hover and focus. */
export function Time({ at }: { at: number | string | null | undefined }) {
  const time = millis(at);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  if (!time) return <span className="text-fg-3">–</span>;
  return (
    <Tip text={absolute(time)}>
      <time dateTime={new Date(time).toISOString()} className="whitespace-nowrap">
        {relative(time)}
      </time>
    </Tip>
  );
}
