import { useT } from '../i18n';
import { number } from '../lib/time';

/** How far something is that takes its time; nothing while it does not run. */
export function Progress({ done, of }: { done: number; of: number }) {
  const t = useT();
  if (!of) return null;
  const text = t.states.progress(number(done), number(of));
  return (
    <div className="flex items-center gap-3 text-xs text-fg-2 tabular-nums">
      <div role="progressbar" aria-label={text} aria-valuemin={0} aria-valuemax={of} aria-valuenow={done} className="h-1.5 min-w-24 flex-1 overflow-hidden rounded-full bg-sunken">
        <div className="h-full rounded-full bg-accent transition-[width]" style={{ width: `${(done / of) * 100}%` }} />
      </div>
      <span aria-hidden>{text}</span>
    </div>
  );
}
