import { Crosshair } from 'lucide-react';
import type { Topology, TopologyEdge, TopologyNode } from '../../api/topology';
import { useT, type Dictionary } from '../../i18n';
import { number } from '../../lib/time';
import { IconButton } from '../../ui/button';
import { ServiceLink } from '../../ui/link';
import { State } from '../../ui/status';
import { Table } from '../../ui/table';
import { facts, levelOf, nameOf } from './words';

const shown = 12; // ends of one node; the others are counted

function Ends({ t, label, edges, end, names }: { t: Dictionary; label: string; edges: TopologyEdge[]; end: 'from' | 'to'; names: Map<string, string> }) {
  if (!edges.length) return <span className="text-fg-3">–</span>;
  return (
    <ul aria-label={label} className="py-0.5">
      {edges.slice(0, shown).map((edge) => (
        <li key={edge[end]} className="wrap-anywhere">
          {names.get(edge[end])} {edge.subscribers > 1 && <span className="text-fg-3 tabular-nums">×{number(edge.subscribers)}</span>} {edge.inferred && <span className="text-xs text-fg-3">{t.topology.inferred}</span>}
        </li>
      ))}
      {edges.length > shown && <li className="text-fg-3">{t.topology.more(edges.length - shown)}</li>}
    </ul>
  );
}

/** The same as the drawing, as a list. */
export function NodeList({ ns, data, fits, onFocus }: { ns: string; data: Topology; fits: (node: TopologyNode) => boolean; onFocus: (id: string) => void }) {
  const t = useT();
  const names = new Map(data.nodes.map((node) => [node.id, nameOf(t, node)]));
  return (
    <Table
      label={t.nav.topology}
      rows={data.nodes.filter(fits)}
      rowKey={(node) => node.id}
      columns={[
        {
          key: 'name',
          title: t.common.name,
          cell: (node) => (
            <span className="block min-w-28 py-0.5 font-medium wrap-anywhere">
              {node.kind === 'service' && node.instances ? <ServiceLink ns={ns} group={node.groupName} service={node.name} /> : names.get(node.id)}
              {node.groupName && <span className="block text-xs font-normal text-fg-3">{node.groupName}</span>}
            </span>
          ),
        },
        { key: 'state', title: t.common.state, width: '11rem', wide: true, cell: (node) => <State level={levelOf(node)}>{facts(t, node)}</State> },
        { key: 'by', title: t.topology.usedBy, width: '25%', cell: (node) => <Ends t={t} label={t.topology.usedBy} end="from" names={names} edges={data.edges.filter((edge) => edge.to === node.id)} /> },
        { key: 'uses', title: t.topology.uses, width: '25%', cell: (node) => <Ends t={t} label={t.topology.uses} end="to" names={names} edges={data.edges.filter((edge) => edge.from === node.id)} /> },
        { key: 'focus', title: t.topology.focus, quiet: true, width: '3.5rem', align: 'end', cell: (node) => node.kind !== 'rest' && <IconButton label={t.topology.focusOn(node.name)} icon={Crosshair} onClick={() => onFocus(node.id)} /> },
      ]}
    />
  );
}
