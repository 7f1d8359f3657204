import type { TopologyNode } from '../../api/topology';
import type { Dictionary } from '../../i18n';
import type { Level } from '../../ui/status';

/** How well a node is. */
export function levelOf(node: TopologyNode): Level {
  if (node.kind !== 'service') return 'info';
  return node.health === 'empty' ? 'unknown' : node.health;
}

export const nameOf = (t: Dictionary, node: TopologyNode): string => (node.kind === 'rest' ? t.topology.rest[node.name as 'service'] ?? node.name : node.name);

/** What there is to say of a node, in a few words. */
export function facts(t: Dictionary, node: TopologyNode): string {
  if (node.kind === 'service') return node.instances ? t.topology.healthy(node.healthy, node.instances) : t.services.empty;
  if (node.kind === 'group' || node.kind === 'rest') return t.topology.members(node.members);
  return t.topology.kinds[node.kind];
}
