import { CircleCheck, History } from 'lucide-react';
import type { Change, Problem } from '../../api/overview';
import { useT } from '../../i18n';
import { ConfigLink, ServiceLink } from '../../ui/link';
import { Card } from '../../ui/page';
import { Blank } from '../../ui/states';
import { State } from '../../ui/status';
import { Time } from '../../ui/time';
import { KindBadge } from '../config/history';

function Target({ target }: { target: Problem['target'] }) {
  if (!target?.name) return null;
  const ns = target.namespaceId || 'public';
  return (
    <span className="block text-xs text-fg-3 [&_a]:underline">
      {target.kind === 'service' ? <ServiceLink ns={ns} group={target.groupName} service={target.name} /> : target.kind === 'config' ? <ConfigLink ns={ns} group={target.groupName} dataId={target.name} tab="listeners" /> : target.name}
      {target.groupName && ` · ${ns} › ${target.groupName}`}
    </span>
  );
}

/** What somebody should look at, the worst first. */
export function Attention({ problems }: { problems: Problem[] }) {
  const t = useT();
  const texts = t.overview.problems as Record<string, (params: Record<string, string>) => string>;
  return (
    <Card flush title={t.overview.attention}>
      {problems.length ? (
        <ul>
          {problems.map((problem) => (
            <li key={problem.id} className="border-t border-line px-4 py-2 text-sm">
              <State level={problem.severity} className="whitespace-normal!">
                {texts[problem.kind]?.(problem.params ?? {}) ?? problem.kind}
              </State>
              <Target target={problem.target} />
            </li>
          ))}
        </ul>
      ) : (
        <Blank icon={CircleCheck} title={t.overview.nothing} />
      )}
    </Card>
  );
}

/** What changed last. */
export function Changes({ changes }: { changes: Change[] }) {
  const t = useT();
  return (
    <Card flush title={t.overview.changes}>
      {changes.length ? (
        <ul>
          {changes.map((change) => (
            <li key={change.nid} className="grid grid-cols-[6.5rem_minmax(0,1fr)_auto] items-baseline gap-3 border-t border-line px-4 py-2 text-sm">
              <span>
                <KindBadge version={change} />
              </span>
              <span className="min-w-0">
                <ConfigLink ns={change.namespaceId || 'public'} group={change.groupName} dataId={change.dataId} tab="history" />
                <span className="block truncate text-xs text-fg-3">
                  {change.namespaceId || 'public'} › {change.groupName} · {change.user || change.address}
                </span>
              </span>
              <Time at={change.at} />
            </li>
          ))}
        </ul>
      ) : (
        <Blank icon={History} title={t.history.none} />
      )}
    </Card>
  );
}
