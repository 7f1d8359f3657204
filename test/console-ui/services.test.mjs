// Services in a real browser: what programs register appears, what operators set reaches them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visit } from './browser.mjs';
import { keepAlive } from './life.mjs';
import { done, stage } from './stage.mjs';

const on = stage();
const { skip, at } = on;
const instances = async (serviceName) => JSON.parse(await on.to.get('v1/ns/instance/list', { serviceName })).hosts;

test('an instance that registers appears without a reload, one that goes disappears', { skip }, async () => {
  await on.to.register('order-service', '10.0.0.1', 8080); // a sign of life: it is long ago that it was put in
  const page = await on.open();
  await page.goto(at('/ns/public/services/DEFAULT_GROUP/order-service'));
  await page.getByText('10.0.0.1:8080', { exact: true }).waitFor();
  await on.to.register('order-service', '10.0.7.7', 7777);
  await page.getByText('10.0.7.7:7777', { exact: true }).waitFor();
  await on.to.delete('v1/ns/instance', { serviceName: 'order-service', ip: '10.0.7.7', port: 7777 });
  await page.getByText('10.0.7.7:7777', { exact: true }).waitFor({ state: 'detached' });
  await done(page);
});

test('weight, traffic and metadata of an instance, and who said them', { skip }, async () => {
  const page = await on.open();
  await page.goto(at('/ns/public/services/DEFAULT_GROUP/payment-service'));
  const row = page.getByRole('row', { name: /10\.0\.1\.1:9000/ });
  await row.getByRole('button', { name: 'Edit 10.0.1.1:9000' }).click();
  const dialog = page.getByRole('dialog', { name: '10.0.1.1:9000' });
  await dialog.getByLabel('Weight').fill('7.5');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.getByLabel('Key 1').fill('zone');
  await dialog.getByLabel('Value 1').fill('b');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await row.getByText('7.5').waitFor();
  const [seen] = await instances('payment-service');
  assert.equal(seen.weight, 7.5);
  assert.equal(seen.metadata.zone, 'b');
  await row.getByRole('switch').click();
  await page.getByText('gets no more traffic').waitFor();
  assert.equal((await instances('payment-service')).filter((one) => one.enabled).length, 0);
  await done(page);
});

test('many instances at once, each with its effect said before', { skip }, async () => {
  for (let i = 1; i <= 3; i++) await on.to.register('bulk', `10.4.0.${i}`, 80, { ephemeral: false });
  const page = await on.open();
  await page.goto(at('/ns/public/instances?q=10.4.0.'));
  await page.getByText('10.4.0.3:80', { exact: true }).waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await page.getByRole('toolbar').getByRole('button', { name: 'Take offline' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Loses its traffic').nth(2).waitFor();
  assert.equal(await dialog.getByText('Loses its traffic').count(), 3);
  await dialog.getByRole('button', { name: 'Take offline' }).click();
  await page.getByText('3 instances changed.').waitFor();
  assert.equal((await instances('bulk')).filter((one) => one.enabled).length, 0);
  await dialog.getByRole('button', { name: 'Undo 3' }).click();
  await dialog.getByText('Gets traffic').nth(2).waitFor();
  await dialog.getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('3 taken back.').waitFor();
  assert.equal((await instances('bulk')).filter((one) => one.enabled).length, 3);
  await done(page);
});

test('everything on a host goes offline, across services; what changed meanwhile is planned again', { skip }, async () => {
  const persistent = { ephemeral: false };
  for (const [service, ip] of [['host-a', '10.4.1.1'], ['host-b', '10.4.1.1'], ['host-b', '10.4.1.11']]) await on.to.register(service, ip, 80, persistent);
  const online = async () => [...(await instances('host-a')), ...(await instances('host-b'))].filter((one) => one.enabled).map((one) => one.ip);
  const page = await on.open();
  await page.goto(at('/ns/public/instances?q=host-a'));
  await page.getByText('10.4.1.1:80', { exact: true }).waitFor();
  await page.getByRole('checkbox', { name: 'Select all rows' }).click();
  await page.getByRole('toolbar').getByRole('button', { name: 'All of 10.4.1.1 offline' }).click();
  const dialog = page.getByRole('dialog', { name: 'Take everything on 10.4.1.1 offline' });
  await dialog.getByRole('row', { name: /host-b/ }).getByText('Loses its traffic').waitFor();
  assert.equal(await dialog.getByRole('row').count(), 3); // with the heading
  await on.to.put('v1/ns/instance', { serviceName: 'host-b', ip: '10.4.1.1', port: 80, weight: 3, ...persistent });
  await dialog.getByRole('button', { name: 'Take offline' }).click();
  await dialog.getByText('1 done, 1 not done.').waitFor();
  await dialog.getByRole('row', { name: /host-b/ }).getByText('Changed meanwhile, left as it is').waitFor();
  assert.deepEqual(await online(), ['10.4.1.1', '10.4.1.11']);
  await dialog.getByRole('button', { name: 'Plan the other 1 again' }).click();
  await dialog.getByRole('row', { name: /host-b/ }).getByText('Loses its traffic').waitFor();
  await dialog.getByRole('button', { name: 'Take offline' }).click();
  await dialog.getByText('1 done.').waitFor();
  assert.deepEqual(await online(), ['10.4.1.11']);
  await done(page);
});

test('empty services are deleted together, and made again', { skip }, async () => {
  const kept = async () => JSON.parse(await on.to.get('v1/ns/service/list', { pageNo: 1, pageSize: 500, namespaceId: 'dev' })).doms.filter((name) => name.startsWith('hollow'));
  for (const name of ['hollow-1', 'hollow-2', 'hollow-filled']) await on.to.post('v1/ns/service', { serviceName: name, namespaceId: 'dev', protectThreshold: 0.3 });
  await on.to.register('hollow-filled', '10.4.2.1', 80, { namespaceId: 'dev', ephemeral: false });
  const page = await on.open();
  await page.goto(at('/ns/dev/services?state=empty&q=hollow'));
  await page.getByRole('button', { name: 'Delete the empty ones' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete empty services' });
  await dialog.getByRole('row', { name: /hollow-2/ }).waitFor();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByText('2 services deleted.').waitFor();
  assert.deepEqual(await kept(), ['hollow-filled']);
  await dialog.getByRole('button', { name: 'Undo 2' }).click();
  await page.getByRole('dialog', { name: 'Take it back?' }).getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('2 taken back.').waitFor();
  assert.deepEqual((await kept()).sort(), ['hollow-1', 'hollow-2', 'hollow-filled']);
  assert.equal(JSON.parse(await on.to.get('v1/ns/service', { serviceName: 'hollow-1', namespaceId: 'dev' })).protectThreshold, 0.3);
  await done(page);
});

test('activity shows flapping, live, and who changed what', { skip }, async () => {
  const page = await on.open();
  const instance = { serviceName: 'restless', ip: '10.6.0.1', port: 80 };
  await on.to.register(instance.serviceName, instance.ip, instance.port);
  await page.goto(at('/ns/public/services/DEFAULT_GROUP/restless'));
  await page.getByRole('tab', { name: 'Activity' }).click();
  const rows = page.getByRole('tabpanel').getByRole('table').getByRole('row');
  await rows.filter({ hasText: 'registered' }).waitFor();
  assert.equal(await page.getByText('coming and going').count(), 0);
  for (let i = 0; i < 2; i++) {
    await on.to.delete('v1/ns/instance', instance);
    await on.to.register(instance.serviceName, instance.ip, instance.port);
  }
  await on.to.put('v1/ns/instance', { ...instance, weight: 3, enabled: false });
  const rest = keepAlive(on.server.local, '', [{ ...instance, cluster: 'DEFAULT' }]); // or it falls ill, which is shown, too
  await page.getByText('1 instance keeps coming and going').first().waitFor();
  await page.getByText('changed 5 times within 10 min').waitFor();
  await rows.filter({ hasText: 'changed by an operator: traffic off, weight 3' }).waitFor();
  assert.equal(await rows.count(), 7); // with the heading
  assert.match(page.url(), /tab=activity/);
  rest();
  await done(page);
});

test('text is data: markup in services, metadata and namespaces does nothing', { skip }, async () => {
  const evil = '"><img src=x onerror="globalThis.owned=1"><script>globalThis.owned=1</script>';
  await on.to.post('v1/console/namespaces', { customNamespaceId: 'evil', namespaceName: 'Evil', namespaceDesc: evil.slice(0, 200) });
  await on.to.register('evil', '10.3.0.1', 80, { namespaceId: 'evil', ephemeral: false, metadata: JSON.stringify({ [evil]: evil, link: 'javascript:globalThis.owned=1' }) });
  await on.to.put('v1/ns/service', { serviceName: 'evil', namespaceId: 'evil', protectThreshold: 0.1, metadata: JSON.stringify({ note: evil, link: 'javascript:globalThis.owned=1' }) });
  const page = await on.open();
  page.on('dialog', () => page.wrong.push('a dialog opened'));
  for (const path of ['/namespaces', '/ns/evil/services', '/ns/evil/services/DEFAULT_GROUP/evil', '/ns/evil/services/DEFAULT_GROUP/evil?tab=details', '/ns/evil/instances', '/ns/evil/topology']) {
    await visit(page, at(path));
    await page.getByText('evil').first().waitFor();
    assert.deepEqual(await page.evaluate(() => [globalThis.owned, document.querySelectorAll('img[src=x], a[href^="javascript:"]').length]), [undefined, 0], path);
  }
  await page.goto(at('/ns/evil/instances'));
  await page.getByRole('button', { name: 'Edit 10.3.0.1:80' }).click();
  await page.getByRole('dialog').getByLabel('Key 1').waitFor();
  assert.equal(await page.evaluate(() => globalThis.owned), undefined);
  await done(page);
});

test('create a service, describe its check, delete it', { skip }, async () => {
  const page = await on.open({ allow: [/^404 GET .*ns\/service$/] });
  await page.goto(at('/ns/dev/services'));
  await page.getByRole('button', { name: 'New service' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Service').fill('made-here');
  await dialog.getByLabel('Protection threshold').fill('0.4');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { level: 1, name: 'made-here' }).waitFor();
  const said = JSON.parse(await on.to.get('v1/ns/service', { serviceName: 'made-here', namespaceId: 'dev' }));
  assert.equal(said.protectThreshold, 0.4);
  await on.to.register('made-here', '10.5.0.1', 80, { namespaceId: 'dev', ephemeral: false });
  await page.getByText('10.5.0.1:80', { exact: true }).waitFor();
  await page.getByRole('tab', { name: 'Clusters and checks' }).click();
  await page.getByRole('tabpanel').getByRole('button', { name: 'Edit' }).click();
  await dialog.getByLabel('Kind of check').selectOption('HTTP');
  await dialog.getByLabel('Path').fill('/alive');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('/alive').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Delete', exact: true }).getAttribute('aria-disabled'), 'true');
  await on.to.delete('v1/ns/instance', { serviceName: 'made-here', namespaceId: 'dev', ip: '10.5.0.1', port: 80, ephemeral: false });
  await page.waitForFunction(() => [...document.querySelectorAll('button')].some((one) => one.textContent === 'Delete' && !one.ariaDisabled));
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('made-here deleted.').waitFor();
  await done(page);
});
