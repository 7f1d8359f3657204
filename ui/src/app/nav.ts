import {
  Activity,
  Boxes,
  Cable,
  Code,
  FileCog,
  GitCompareArrows,
  History,
  KeyRound,
  Layers,
  Network,
  Radio,
  ScrollText,
  ServerCog,
  SlidersHorizontal,
  Trash2,
  Waypoints,
  Workflow,
  type LucideIcon,
} from 'lucide-react';
import type { Capabilities, Me } from '../api/session';
import type { Dictionary } from '../i18n';
import { may, mayGlobal } from './server';

export interface NavItem {
  to: string;
  text: string;
  icon: LucideIcon;
  /** The letter after "g" that leads there. */
  letter?: string;
}

export interface NavGroup {
  title: string;
  items: NavItem[];
}

/** Where one may go: what the server lacks or the caller may not see is left out. */
export function navigation(t: Dictionary, me: Me, has: Capabilities, ns: string): NavGroup[] {
  const at = `/ns/${encodeURIComponent(ns)}`;
  const config = has.modules.config && may(me, ns, 'config', 'r');
  const naming = has.modules.naming && may(me, ns, 'naming', 'r');
  const access = (['users', 'roles', 'permissions'] as const).some((area) => mayGlobal(me, area, 'r'));
  const item = (shown: boolean, to: string, text: string, icon: LucideIcon, letter?: string): NavItem[] =>
    shown ? [{ to, text, icon, ...(letter ? { letter } : {}) }] : [];
  const groups: NavGroup[] = [
    { title: '', items: item(true, '/overview', t.nav.overview, Activity, 'o') },
    {
      title: t.nav.configuration,
      items: [
        ...item(config, `${at}/configs`, t.nav.configs, FileCog, 'c'),
        ...item(config, `${at}/releases`, t.nav.releases, History, 'r'),
        ...item(config, `${at}/listeners`, t.nav.listeners, Radio, 'l'),
        ...item(config, `${at}/recycle`, t.nav.recycle, Trash2),
      ],
    },
    {
      title: t.nav.discovery,
      items: [
        ...item(naming, `${at}/services`, t.nav.services, Boxes, 's'),
        ...item(naming, `${at}/instances`, t.nav.instances, Workflow, 'i'),
        ...item(naming, `${at}/clients`, t.nav.clients, Cable),
        ...item(naming, `${at}/topology`, t.nav.topology, Waypoints, 't'),
        ...item(config || naming, `${at}/samples`, t.nav.samples, Code),
      ],
    },
    {
      title: t.nav.cluster,
      items: [
        ...item(mayGlobal(me, 'cluster', 'r'), '/cluster/nodes', t.nav.nodes, Network, 'n'),
        ...item(has.modules.naming && mayGlobal(me, 'switches', 'r'), '/cluster/switches', t.nav.switches, SlidersHorizontal),
      ],
    },
    {
      title: t.nav.admin,
      items: [
        ...item(true, '/namespaces', t.nav.namespaces, Layers, 'm'),
        ...item(config, '/compare', t.nav.compare, GitCompareArrows),
        ...item(access, '/access/users', t.nav.access, KeyRound, 'u'),
        ...item(Boolean(has.features.audit) && mayGlobal(me, 'audit', 'r'), '/audit', t.nav.audit, ScrollText, 'a'),
        ...item(mayGlobal(me, 'settings', 'r'), '/server', t.nav.server, ServerCog),
      ],
    },
  ];
  return groups.filter((group) => group.items.length);
}

