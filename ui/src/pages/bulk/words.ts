import type { Item, Seen } from '../../api/bulk';
import type { Dictionary } from '../../i18n';

/** What the item is called. */
export function nameOf({ target }: Item): string {
  return target.dataId ?? (target.ip === undefined ? target.serviceName! : `${target.ip}:${target.port}`);
}

/** What the item belongs to. */
export function placeOf({ target }: Item): string {
  return target.kind === 'instance' ? target.serviceName! : target.groupName;
}

// What is said of a configuration otherwise.
function labelled(t: Dictionary, before: Seen, after: Seen): string {
  const change = (label: string, from = '', to = '') => (from === to ? '' : `${label}: ${from || '–'} → ${to || '–'}`);
  const [had = [], has = []] = [before.tags, after.tags];
  const tags = [...has.filter((tag) => !had.includes(tag)).map((tag) => `+${tag}`), ...had.filter((tag) => !has.includes(tag)).map((tag) => `−${tag}`)].join(' ');
  return [
    change(t.configs.type, before.type, after.type),
    change(t.configs.app, before.appName, after.appName),
    tags && `${t.configs.tags}: ${tags}`,
    change(t.common.description, before.desc, after.desc),
  ]
    .filter(Boolean)
    .join('; ');
}

/** What will happen to the item, in words. */
export function effectOf(t: Dictionary, item: Item): string {
  const { effect, before, after, target, allowed } = item;
  if (!allowed) return t.transfer.effects.refused;
  if (effect === 'none') return t.instances.same;
  if (target.kind === 'config' && before?.tags && after?.tags) return labelled(t, before, after);
  if (target.kind !== 'instance') return t.bulk.effects[effect];
  if (effect === 'delete') return target.ephemeral ? t.instances.comesBack : t.instances.goes;
  const lines = [];
  if (before && after && before.enabled !== after.enabled) lines.push(after.enabled ? t.instances.getsTraffic : t.instances.losesTraffic);
  if (before && after && before.weight !== after.weight) lines.push(`${before.weight} → ${after.weight}`);
  return lines.join(', ') || t.instances.asClient;
}

/** What is to be known of the item before it is done, or how it went. */
export function remarkOf(t: Dictionary, item: Item): string {
  if (item.outcome !== 'waiting') return [t.bulk.outcomes[item.outcome], item.outcome === 'failed' ? item.error : ''].filter(Boolean).join(': ');
  return item.warnings
    .map(({ key, params }) => t.bulk.warnings[key as keyof typeof t.bulk.warnings]?.(Number(params.n ?? 0)) ?? '')
    .filter(Boolean)
    .join(' ');
}
