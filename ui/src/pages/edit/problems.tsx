import { CircleX, TriangleAlert } from 'lucide-react';
import { useT } from '../../i18n';
import type { Problem } from '../../lib/lint/check';

const listed = 50;

/** What the check of the text found; a press leads to the place. */
export function Problems({ problems, onGo }: { problems: Problem[]; onGo: (problem: Problem) => void }) {
  const t = useT();
  if (!problems.length) return null;
  return (
    <section aria-label={t.edit.problems} className="max-h-32 overflow-y-auto border-t border-line bg-sunken">
      <ul>
        {problems.slice(0, listed).map((problem, i) => {
          const bad = problem.severity === 'error';
          const Icon = bad ? CircleX : TriangleAlert;
          return (
            <li key={i}>
              <button type="button" onClick={() => onGo(problem)} className="flex w-full items-start gap-2 px-3 py-1 text-left text-sm -outline-offset-2 hover:bg-hover">
                <Icon size={15} aria-hidden className={`mt-0.5 shrink-0 ${bad ? 'text-bad' : 'text-warn'}`} />
                <span className="sr-only">{bad ? t.edit.error : t.edit.warning}</span>
                <span className="w-14 shrink-0 text-fg-3 tabular-nums">
                  {problem.line}:{problem.column}
                </span>
                <span className="min-w-0 wrap-anywhere">{t.lint[problem.code](problem.params ?? {})}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
