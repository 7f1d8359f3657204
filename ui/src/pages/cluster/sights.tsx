import type { ClusterNode } from '../../api/cluster';
import { useT } from '../../i18n';
import { Card } from '../../ui/page';
import { State } from '../../ui/status';
import { levels } from './levels';

/** What each node makes of each other one: a torn network shows as rows that differ. */
export function Sights({ nodes }: { nodes: ClusterNode[] }) {
  const t = useT();
  if (nodes.length < 2) return null;
  const word = (state: string) => t.nodes.states[state as 'UP'] ?? state;
  return (
    <Card flush title={t.nodes.sights}>
      <div className="overflow-x-auto px-4 pb-3" tabIndex={0} role="region" aria-label={t.nodes.sights}>
        <table className="text-sm">
          <thead>
            <tr>
              <th scope="col" className="py-1 pr-6 text-left text-xs font-medium text-fg-3">
                {t.nodes.seenBy}
              </th>
              {nodes.map((node) => (
                <th key={node.address} scope="col" className="py-1 pr-6 text-left font-mono text-xs font-normal text-fg-2">
                  {node.address}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {nodes.map((node) => (
              <tr key={node.address}>
                <th scope="row" className="py-1 pr-6 text-left font-mono text-xs font-normal text-fg-2">
                  {node.address}
                </th>
                {node.sees ? (
                  nodes.map((other) => {
                    const seen = node.sees?.find((one) => one.address === other.address);
                    return (
                      <td key={other.address} className="py-1 pr-6">
                        {seen ? <State level={levels[seen.state] ?? 'unknown'}>{word(seen.state)}</State> : <span className="text-fg-3">{node.address === other.address ? t.nodes.itself : t.nodes.stranger}</span>}
                      </td>
                    );
                  })
                ) : (
                  <td colSpan={nodes.length} className="py-1 text-fg-2">
                    <State level="unknown">{t.nodes.notAsked}</State>
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Card>
  );
}
