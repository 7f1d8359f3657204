import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { Failure } from '../ui/states';
import { fromLegacy } from './legacy';
import { NotFound } from './notfound';
import type { Search } from './query';
import { Shell } from './shell';

const root = createRootRoute({
  component: Shell,
  validateSearch: (search: Record<string, unknown>): Search => search as Search,
  beforeLoad: ({ location }) => {
    const to = fromLegacy(location.href);
    if (to) throw redirect({ href: `#${to}`, to, replace: true } as never);
  },
});

// A page's code is fetched when it is first opened.
const page = <P extends string>(path: P, load: () => Promise<Record<string, unknown>>, name: string) =>
  createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load as never, name as never) });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/overview', replace: true });
  },
});

const tree = root.addChildren([
  home,
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
  page('/ns/$ns/samples', () => import('../pages/samples/samples'), 'SamplesPage'),
  page('/cluster/nodes', () => import('../pages/cluster/nodes'), 'NodesPage'),
  page('/cluster/switches', () => import('../pages/cluster/switches'), 'SwitchesPage'),
  page('/namespaces', () => import('../pages/namespaces/namespaces'), 'NamespacesPage'),
  page('/access/$name', () => import('../pages/access/access'), 'AccessPage'),
  page('/audit', () => import('../pages/access/audit'), 'AuditPage'),
  page('/server', () => import('../pages/settings/serversettings'), 'ServerSettingsPage'),
  page('/settings', () => import('../pages/settings/settings'), 'SettingsPage'),
]);

const plainSearch = (text: string): Search => Object.fromEntries(new URLSearchParams(text));

export const router = createRouter({
  routeTree: tree,
  history: createHashHistory(),
  parseSearch: plainSearch,
  stringifySearch: (search) => {
    const entries = Object.entries(search as Search).filter((entry): entry is [string, string] => Boolean(entry[1]));
    const text = new URLSearchParams(entries).toString();
    return text && `?${text}`;
  },
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error} onRetry={reset} />,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
