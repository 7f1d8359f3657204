// Something to look at, put in through the public API as programs do.
const form = (fields) => new URLSearchParams(Object.entries(fields).map(([key, value]) => [key, String(value)]));

export function api(base, token = '') {
  const headers = token ? { accessToken: token } : {};
  const ask = async (method, path, fields) => {
    const url = method === 'GET' || method === 'DELETE' ? `${base}${path}?${form(fields)}` : `${base}${path}`;
    const answer = await fetch(url, { method, headers, ...(method === 'POST' || method === 'PUT' ? { body: form(fields) } : {}) });
    if (!answer.ok) throw new Error(`${method} ${path} ${JSON.stringify(fields)}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const call = async (...asked) => (await ask(...asked)).text();
  return {
    get: (path, fields = {}) => call('GET', path, fields),
    post: (path, fields) => call('POST', path, fields),
    file: async (path, fields) => Buffer.from(await (await ask('GET', path, fields)).arrayBuffer()),
    put: (path, fields) => call('PUT', path, fields),
    delete: (path, fields) => call('DELETE', path, fields),
    publish: (dataId, content, more = {}) => call('POST', 'v1/cs/configs', { dataId, group: 'DEFAULT_GROUP', content, ...more }),
    register: (serviceName, ip, port, more = {}) => call('POST', 'v1/ns/instance', { serviceName, ip, port, ...more }),
  };
}

const yaml = (port) => `# the order service\nserver:\n  port: ${port}\n  compression: true\nredis:\n  host: redis.internal\n  port: 6379\n  timeout: 2s\nfeatures:\n  - checkout\n  - refunds\n`;

const long = 'com.example.commerce.fulfilment.warehouse-allocation-service-with-a-very-long-name.production.eu-central-1.yaml';

export async function seed(base, token = '') {
  const to = api(base, token);
  for (const [id, name, desc] of [['prod', 'Production', 'What customers see'], ['staging', 'Staging', ''], ['dev', '开发环境', '日常开发使用']]) {
    await to.post('v1/console/namespaces', { customNamespaceId: id, namespaceName: name, namespaceDesc: desc });
  }
  for (const port of [8080, 8081, 8082]) await to.publish('order.yaml', yaml(port), { type: 'yaml', appName: 'order', config_tags: 'core,eu', desc: 'Ports and stores of the order service' });
  await to.publish('payment.json', '{\n  "currency": "EUR",\n  "retries": 3\n}\n', { type: 'json', appName: 'payment', config_tags: 'core' });
  await to.publish('logging.properties', 'level=INFO\nappender=console\n', { type: 'properties' });
  await to.publish('routes.xml', '<routes><route id="1" to="orders"/></routes>\n', { type: 'xml', group: 'GATEWAY' });
  await to.publish(long, yaml(9090), { type: 'yaml', group: 'A_GROUP_WITH_QUITE_A_LONG_NAME_TOO', appName: 'warehouse-allocation-service', config_tags: 'one,two,three,four,five', desc: 'A description that goes on for a while, to see what becomes of it in a narrow place' });
  await to.publish('特殊 名称'.replace(' ', '-') + '.toml', 'title = "配置"\n', { type: 'toml', group: '中文分组' }).catch(() => undefined);
  await to.publish('removed.txt', 'gone', { type: 'text' });
  await to.delete('v1/cs/configs', { dataId: 'removed.txt', group: 'DEFAULT_GROUP' });
  for (let i = 1; i <= 6; i++) await to.register('order-service', `10.0.0.${i}`, 8080, { metadata: JSON.stringify({ version: `1.${i}`, zone: i % 2 ? 'a' : 'b', protocol: 'http', weight: 'x' }), clusterName: i > 4 ? 'CANARY' : 'DEFAULT' });
  await to.register('payment-service', '10.0.1.1', 9000, { ephemeral: false });
  await to.register('inventory', '10.0.2.1', 7000, { groupName: 'WAREHOUSE' });
  await to.post('v1/ns/service', { serviceName: 'empty-service', groupName: 'DEFAULT_GROUP', protectThreshold: 0.5, metadata: '{"team":"platform"}' });
  await to.register(long.replace('.yaml', ''), '2001:db8:0:0:0:ff00:42:8329', 8443, { metadata: JSON.stringify({ 'a-key-with-a-long-name': 'and a value that is long as well, longer than a cell' }) }).catch(() => undefined);
  return to;
}
