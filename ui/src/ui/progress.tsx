import { useT } from '../i18n';
import type { Step } from '../api/http';
import { bytes, number } from '../lib/time';

/** How far something is that takes its time; nothing while it does not run. */
export function Progress({ done, of }: { done: number; of: number }) {
  const t = useT();
  return of ? <Bar done={done} of={of} text={t.states.progress(number(done), number(of))} /> : null;
}

/** How far a file is: how much of it went out, then how much of it the server has done. */
export function FileProgress({ step }: { step: Step | undefined }) {
  const t = useT();
  if (!step?.of) return null;
  const { kind, done, of } = step;
  if (kind === 'work') return <Progress done={done} of={of} />;
  return <Bar done={done} of={of} text={done < of ? t.states.uploaded(bytes(done), bytes(of)) : t.states.atServer} />;
}

function Bar({ done, of, text }: { done: number; of: number; text: string }) {
  return (
    <div className="flex items-center gap-3 text-xs text-fg-2 tabular-nums">
      <div role="progressbar" aria-label={text} aria-valuemin={0} aria-valuemax={of} aria-valuenow={done} className="h-1.5 min-w-24 flex-1 overflow-hidden rounded-full bg-sunken">
        <div className="h-full rounded-full bg-accent transition-[width]" style={{ width: `${(done / of) * 100}%` }} />
      </div>
      <span aria-hidden>{text}</span>
    </div>
  );
}
