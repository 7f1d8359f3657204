import { createHashHistory, createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { Failure } from '../ui/states';
import { fromLegacy } from './legacy';
import { ahead } from './ahead';
import { NotFound } from './notfound';
import { pages, type Path } from './pages';
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

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/overview', replace: true });
  },
});

const page = <P extends Path>(path: P) => {
  const { load, name } = pages.find((one) => one.path === path)!;
  return createRoute({
    getParentRoute: () => root,
    path,
    component: lazyRouteComponent(load as never, name as never),
    loader: ({ params, location }) => ahead(path, params as Record<string, string>, location.search as Search),
  });
};

const tree = root.addChildren([
  home,
  page('/overview'),
  page('/ns/$ns/configs'),
  page('/ns/$ns/configs/new'),
  page('/ns/$ns/configs/$group/$name'),
  page('/ns/$ns/configs/$group/$name/edit'),
  page('/ns/$ns/import'),
  page('/ns/$ns/releases'),
  page('/ns/$ns/listeners'),
  page('/ns/$ns/recycle'),
  page('/ns/$ns/services'),
  page('/ns/$ns/services/$group/$name'),
  page('/ns/$ns/instances'),
  page('/ns/$ns/clients'),
  page('/ns/$ns/clients/$name'),
  page('/ns/$ns/topology'),
  page('/ns/$ns/samples'),
  page('/cluster/nodes'),
  page('/cluster/switches'),
  page('/namespaces'),
  page('/compare'),
  page('/access/$name'),
  page('/audit'),
  page('/server'),
  page('/settings'),
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
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
