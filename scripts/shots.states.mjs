// What the pages look like when all is not well or not usual: names as long as they may be,
// lists of thousands, nodes that keep silent, rights that are missing, a session that ended.
const long = { ns: 'retail-europe-central-1-production-blue-0123456789', group: 'TEAM_PAYMENTS_AND_SETTLEMENTS_EUROPE_CENTRAL_PRODUCTION_GROUP', dataId: 'com.example.commerce.payments.settlement.reconciliation-batch-service.production.eu-central-1.application-overrides.properties' };
const service = 'com.example.commerce.payments.settlement.reconciliation-batch-service.production';
const at = `/ns/${long.ns}`;
const config = `${at}/configs/${long.group}/${long.dataId}`;
const longUser = 'maximiliane.von-oberammergau@subsidiary.example.de';

/** A namespace in which everything is called as long as it may be. */
export async function lengthy(to) {
  await to.post('v1/console/namespaces', { customNamespaceId: long.ns, namespaceName: '欧洲中部零售生产环境（蓝色集群） Retail Europe Central Production, the blue one of the two', namespaceDesc: 'Everything that the shops of the central region read at their start, and what they look for while they are open; changed by the team on call only' });
  const tenant = { tenant: long.ns, group: long.group, type: 'properties', appName: 'settlement-reconciliation-batch-service', config_tags: 'payments,settlement,eu-central-1,a-tag-that-is-longer-than-the-others', desc: '结算与对账批处理服务在欧洲中部生产环境中的覆盖配置，仅由值班团队修改，任何变更都必须先在预发环境中验证' };
  for (const n of [1, 2, 3]) await to.publish(long.dataId, `settlement.window=${n}\nlong.line=${'jdbc:postgresql://db.internal:5432/settlement?options='.repeat(4)}\n`, tenant);
  await to.publish('short.yaml', 'a: 1\n', { tenant: long.ns, type: 'yaml' });
  await to.publish(`removed-${long.dataId}`, 'gone', tenant);
  await to.delete('v1/cs/configs', { dataId: `removed-${long.dataId}`, group: long.group, tenant: long.ns });
  for (let i = 1; i <= 3; i++) await to.register(service, `2001:db8:85a3:8d3:1319:8a2e:370:734${i}`, 65_535, { namespaceId: long.ns, groupName: long.group, clusterName: 'AVAILABILITY-ZONE-EU-CENTRAL-1A', ephemeral: false, metadata: JSON.stringify({ 'preserved.register.source': 'SPRING_CLOUD', 'management.endpoints.web.base-path': '/internal/actuator/health/readiness', 'gitCommit': '0123456789abcdef0123456789abcdef01234567' }) });
  await to.post('v1/auth/users', { username: longUser, password: 'A-long-pass-42' });
  await to.post('v1/auth/roles', { role: 'settlement-reconciliation-operators-europe-central', username: longUser });
  await to.post('v1/auth/permissions', { role: 'settlement-reconciliation-operators-europe-central', resource: `${long.ns}:${long.group}:config/${long.dataId}`, action: 'rw' });
}

/** Services without anybody, and one that has many: in the namespace "many". */
export async function crowd(to, rows) {
  const each = async (count, act) => {
    const work = Array.from({ length: count }, (_, i) => i);
    await Promise.all(Array.from({ length: 16 }, async () => { for (let i = work.pop(); i !== undefined; i = work.pop()) await act(i); }));
  };
  const namespaceId = 'many';
  await to.post('v1/ns/service', { namespaceId, serviceName: 'fleet', groupName: 'DEFAULT_GROUP', protectThreshold: 0 });
  await to.register('fleet', '127.10.0.0', 80, { namespaceId, ephemeral: false });
  await to.put('v1/ns/cluster', { namespaceId, serviceName: 'fleet', clusterName: 'DEFAULT', checkPort: 80, useInstancePort4Check: true, healthChecker: '{"type":"NONE"}', metadata: '' });
  await each(rows, (i) => to.register('fleet', `127.10.${Math.floor(i / 250)}.${1 + (i % 250)}`, 80, { namespaceId, ephemeral: false, metadata: `{"zone":"${i % 3}"}` }));
  await each(rows, (i) => to.post('v1/ns/service', { namespaceId, serviceName: `service-${String(i).padStart(5, '0')}`, groupName: 'DEFAULT_GROUP', protectThreshold: 0 }));
}

/** Pages of both, beside those of the usual names. */
export const more = {
  'long-configs': `${at}/configs`,
  'long-config': config,
  'long-history': `${config}?tab=history`,
  'long-edit': `${config}/edit`,
  'long-releases': `${at}/releases`,
  'long-recycle': `${at}/recycle`,
  'long-services': `${at}/services`,
  'long-service': `${at}/services/${long.group}/${service}`,
  'long-instances': `${at}/instances`,
  'long-compare': `/compare?left=${long.ns}&right=public`,
  'long-audit': '/audit?q=settlement',
  'services-many': '/ns/many/services?size=500',
  'instances-many': '/ns/many/instances?size=500',
  'service-many': '/ns/many/services/DEFAULT_GROUP/fleet',
  'releases-many': '/ns/many/releases',
};

const silent = [{ address: '10.0.0.1:8848', ok: true }, { address: '10.0.0.2:8848', ok: true }, { address: '10.0.0.3:8848', ok: false, error: 'timeout' }];

// The server's own answer, but that a node of three kept silent.
const partly = (page) =>
  page.route(/v3\/console\/ext\/(overview|listeners|config\/convergence|convergence|clients|client|service\/activity|services\/activity|subscribers)/, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json().catch(() => undefined);
    if (!body?.data) return route.fulfill({ response: answer });
    body.data.nodes = silent;
    return route.fulfill({ response: answer, json: body });
  });

const zipped = async (page, to) => {
  await page.locator('input[type=file]').setInputFiles({ name: 'export.zip', mimeType: 'application/zip', buffer: await to.file('v1/cs/configs', { exportV2: true, tenant: 'staging', group: '', dataId: '', appName: '', ids: '' }) });
  await page.locator('main tbody tr').first().waitFor();
};

/** What is done to a page, at an address, before its picture is taken; who looks is the administrator or who is named. */
export const states = {
  'partial-overview': { at: '/overview', first: partly },
  'partial-listeners': { at: '/ns/public/listeners', first: partly },
  'partial-config-listeners': { at: '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=listeners', first: partly },
  'partial-clients': { at: '/ns/public/clients', first: partly },
  'partial-activity': { at: '/ns/public/services/DEFAULT_GROUP/order-service?tab=activity', first: partly },
  'forbidden-overview': { at: '/overview', who: 'auditor' },
  'forbidden-configs': { at: '/ns/prod/configs', who: 'auditor' },
  'forbidden-config': { at: '/ns/public/configs/DEFAULT_GROUP/database.yaml', who: 'auditor' },
  'forbidden-services': { at: '/ns/prod/services', who: 'auditor' },
  'forbidden-users': { at: '/access/users', who: 'auditor' },
  'forbidden-nodes': { at: '/cluster/nodes', who: 'auditor' },
  'forbidden-audit': { at: '/audit', who: 'auditor' },
  'forbidden-server': { at: '/server', who: 'auditor' },
  'reader-config': { at: '/ns/public/configs/DEFAULT_GROUP/order.yaml', who: 'auditor' },
  'import-plan': { at: '/ns/public/import', then: zipped },
  'long-switch': { at: `${at}/configs`, then: (page) => page.locator('header button:has(.lucide-layers)').click() },
  'long-delete': { at: config, then: async (page) => { await page.locator('main button:has(.lucide-ellipsis)').first().click(); await page.locator('[role=menuitem]:has(.lucide-trash-2)').click(); await page.locator('[role=dialog], [role=alertdialog]').waitFor(); } },
  'menu-drawer': { at: '/overview', then: async (page) => { const open = page.locator('header button:has(.lucide-menu)'); if (await open.isVisible()) await open.click(); } },
  'chart-table': { at: '/overview', then: (page) => page.locator('main button:has(.lucide-table-2)').first().click() },
  'toast-error': { at: '/ns/public/services/DEFAULT_GROUP/order-service', first: (page) => page.route(/instance/, (route) => (route.request().method() === 'GET' ? route.fallback() : route.fulfill({ status: 503, contentType: 'application/json', body: '{"code":30000,"message":"server error","data":"away"}' }))), then: async (page) => { await page.locator('main tbody [role=switch]').first().click(); await page.locator('[data-toasts] > *').first().waitFor({ timeout: 5000 }).catch(() => undefined); } },
  'session-ended': { at: '/ns/public/configs/DEFAULT_GROUP/order.yaml', then: async (page) => { await page.context().clearCookies(); await page.evaluate(() => { location.hash = '#/access/users'; }); await page.locator('[role=dialog] input[type=password]').waitFor(); } },
};
