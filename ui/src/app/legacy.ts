// Where the bookmarks of Nacos's own console lead.
type Query = Record<string, string | undefined>;
type Target = (q: Query, at: { ns: string; group: string; id: string }) => string;

const text = encodeURIComponent;
const one = (at: { ns: string; group: string; id: string }) => `/ns/${at.ns}/configs/${at.group}/${at.id}`;
const service = (q: Query, at: { ns: string }) => `/ns/${at.ns}/services/${text(q.groupName || 'DEFAULT_GROUP')}/${text(q.name || q.serviceName || '')}`;

const targets: Record<string, Target> = {
  configurationManagement: (q, at) => `/ns/${at.ns}/configs?q=${text(q.dataId ?? '')}&group=${text(q.group ?? '')}&app=${text(q.appName ?? '')}`,
  newconfig: (_, at) => `/ns/${at.ns}/configs/new`,
  configdetail: (_, at) => one(at),
  configeditor: (_, at) => `${one(at)}/edit`,
  historyRollback: (q, at) => (q.dataId ? `${one(at)}?tab=history` : `/ns/${at.ns}/releases`),
  historyDetail: (q, at) => `${one(at)}?tab=history&v=${text(q.nid ?? '')}`,
  configRollback: (q, at) => `${one(at)}?tab=history&v=${text(q.nid ?? '')}`,
  listeningToQuery: (q, at) => (q.dataId ? `${one(at)}?tab=listeners` : `/ns/${at.ns}/listeners?ip=${text(q.ip ?? '')}`),
  serviceManagement: (_, at) => `/ns/${at.ns}/services`,
  serviceDetail: service,
  subscriberList: (q, at) => (q.name || q.serviceName ? `${service(q, at)}?tab=subscribers` : `/ns/${at.ns}/services`),
  clusterManagement: () => '/cluster/nodes',
  namespace: () => '/namespaces',
  userManagement: () => '/access/users',
  rolesManagement: () => '/access/roles',
  permissionsManagement: () => '/access/permissions',
  settingCenter: () => '/settings',
  welcome: () => '/overview',
  login: () => '/overview',
  register: () => '/setup',
};

/** Our address for one of the old console, or undefined. An empty namespace there is the public one. */
export function fromLegacy(hash: string): string | undefined {
  const [path = '', search = ''] = hash.replace(/^#?\/?/, '').split('?');
  const target = Object.hasOwn(targets, path) ? targets[path] : undefined;
  if (!target) return undefined;
  const q: Query = Object.fromEntries(new URLSearchParams(search));
  const at = {
    ns: text(q.namespace || q.namespaceId || q.tenant || 'public'),
    group: text(q.group || 'DEFAULT_GROUP'),
    id: text(q.dataId ?? ''),
  };
  return target(q, at).replace(/([?&])\w+=(?=&|$)/g, '$1').replace(/\?&+/, '?').replace(/&{2,}/g, '&').replace(/[?&]$/, '');
}
