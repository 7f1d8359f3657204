import { expect, test } from 'vitest';
import { pageOf } from './pages';

test.each([
  ['', 'OverviewPage'],
  ['#', 'OverviewPage'],
  ['#/', 'OverviewPage'],
  ['#/overview?range=1h', 'OverviewPage'],
  ['#/ns/public/configs?q=a/b', 'ConfigsPage'],
  ['#/ns/public/configs/new', 'NewConfigPage'],
  ['#/ns/public/configs/DEFAULT_GROUP/a%2Fb', 'ConfigPage'],
  ['#/ns/public/configs/DEFAULT_GROUP/a/edit', 'EditConfigPage'],
  ['#/access/users', 'AccessPage'],
  ['#/no/such', undefined],
  ['#/configurationManagement?dataId=a', undefined],
])('the page of %s', (hash, name) => {
  expect(pageOf(hash)?.name).toBe(name);
});
