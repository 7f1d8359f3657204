/** A page: its place in the address, and its code, which is fetched when it is first opened. */
export interface Page {
  path: string;
  load: () => Promise<Record<string, unknown>>;
  name: string;
}

const page = <P extends string>(path: P, load: Page['load'], name: string) => ({ path, load, name });

/** Every page. This file imports none of them, and nothing else. */
export const pages = [
  page('/overview', () => import('../pages/overview/overview'), 'OverviewPage'),
  page('/ns/$ns/configs', () => import('../pages/configs/configs'), 'ConfigsPage'),
  page('/ns/$ns/configs/new', () => import('../pages/edit/edit'), 'NewConfigPage'),
  page('/ns/$ns/configs/$group/$name', () => import('../pages/config/config'), 'ConfigPage'),
  page('/ns/$ns/configs/$group/$name/edit', () => import('../pages/edit/edit'), 'EditConfigPage'),
  page('/ns/$ns/import', () => import('../pages/configs/import'), 'ImportPage'),
  page('/ns/$ns/releases', () => import('../pages/configs/releases'), 'ReleasesPage'),
  page('/ns/$ns/listeners', () => import('../pages/configs/listeners'), 'ListenersPage'),
  page('/ns/$ns/recycle', () => import('../pages/configs/recycle'), 'RecyclePage'),
  page('/ns/$ns/services', () => import('../pages/services/services'), 'ServicesPage'),
  page('/ns/$ns/services/$group/$name', () => import('../pages/services/service'), 'ServicePage'),
  page('/ns/$ns/instances', () => import('../pages/services/instances'), 'InstancesPage'),
  page('/ns/$ns/clients', () => import('../pages/services/clients'), 'ClientsPage'),
  page('/ns/$ns/clients/$name', () => import('../pages/services/clients'), 'ClientPage'),
  page('/ns/$ns/topology', () => import('../pages/topology/topology'), 'TopologyPage'),
  page('/ns/$ns/samples', () => import('../pages/samples/samples'), 'SamplesPage'),
  page('/cluster/nodes', () => import('../pages/cluster/nodes'), 'NodesPage'),
  page('/cluster/switches', () => import('../pages/cluster/switches'), 'SwitchesPage'),
  page('/namespaces', () => import('../pages/namespaces/namespaces'), 'NamespacesPage'),
  page('/compare', () => import('../pages/namespaces/compare'), 'ComparePage'),
  page('/access/$name', () => import('../pages/access/access'), 'AccessPage'),
  page('/audit', () => import('../pages/access/audit'), 'AuditPage'),
  page('/server', () => import('../pages/settings/serversettings'), 'ServerSettingsPage'),
  page('/settings', () => import('../pages/settings/settings'), 'SettingsPage'),
] as const;

export type Path = (typeof pages)[number]['path'];

/** The page of an address's hash; the first one where there is none. */
export function pageOf(hash: string): Page | undefined {
  const parts = hash.replace(/^#/, '').split('?')[0]!.split('/');
  if (parts.length < 2 || (parts.length === 2 && !parts[1])) return pages[0];
  return pages.find(({ path }) => {
    const wanted = path.split('/');
    return wanted.length === parts.length && wanted.every((part, i) => part.startsWith('$') || part === parts[i]);
  });
}
