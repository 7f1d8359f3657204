import type { Marks } from '../../api/overview';
import { useT } from '../../i18n';
import { absolute } from '../../lib/time';
import { ConfigLink } from '../../ui/link';
import { Card } from '../../ui/page';
import { Badge } from '../../ui/status';
import { KindBadge } from '../config/history';

/** What the marks in the charts stand for, with links. */
export function MarkList({ marks }: { marks: Marks }) {
  const t = useT();
  const texts = t.overview.marks;
  const rows = [
    ...marks.leaders.map((one) => ({
      at: one.at,
      key: `leader ${one.at}`,
      kind: <Badge level={one.leader ? 'info' : 'bad'}>{texts.leader}</Badge>,
      what: one.leader ? texts.leads(one.leader, one.term) : texts.nobody,
    })),
    ...marks.releases.map((one) => ({
      at: one.at,
      key: one.nid,
      kind: <KindBadge version={one} />,
      what: (
        <>
          <ConfigLink ns={one.namespaceId || 'public'} group={one.groupName} dataId={one.dataId} tab="history" className="underline" />
          <span className="text-fg-3">
            {' '}
            {one.namespaceId || 'public'} › {one.groupName} · {one.user || one.address}
          </span>
        </>
      ),
    })),
  ].sort((a, b) => b.at - a.at);
  if (!rows.length) return null;
  return (
    <Card flush title={texts.title}>
      <div className="max-h-44 overflow-auto px-4 pb-3" tabIndex={0} role="region" aria-label={texts.title}>
        <table className="w-full text-sm">
          <thead className="sr-only">
            <tr>
              {[texts.when, texts.kind, texts.what].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ at, key, kind, what }) => (
              <tr key={key} data-at={at}>
                <td className="py-1 pr-3 align-top text-xs whitespace-nowrap text-fg-3">{absolute(at)}</td>
                <td className="py-1 pr-3 align-top">{kind}</td>
                <td className="w-full py-1 align-top wrap-anywhere">{what}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {marks.more && <p className="text-xs text-fg-3">{texts.more}</p>}
      </div>
    </Card>
  );
}
