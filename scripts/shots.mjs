#!/usr/bin/env node
// Screenshots of every page of the console: two languages, two themes, a desk
// and a phone. scripts/shots [directory] [part of a page's name]
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { launch, openPage } from '../test/console-ui/browser.mjs';
import { root, startServer } from '../test/console-ui/server.mjs';
import { seed } from '../test/console-ui/seed.mjs';

const [directory = path.join(root, '.bin/shots'), only = ''] = process.argv.slice(2);
const narrow = process.env.SHOTS ?? ''; // such as en-light-1280: only that way
mkdirSync(directory, { recursive: true });

const pages = {
  overview: '/overview',
  configs: '/ns/public/configs',
  'configs-none': '/ns/staging/configs',
  'configs-nomatch': '/ns/public/configs?q=nothing-like-this',
  'config-content': '/ns/public/configs/DEFAULT_GROUP/order.yaml',
  'config-history': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=history',
  'config-listeners': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=listeners',
  'config-gray': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=gray',
  'config-code': '/ns/public/configs/DEFAULT_GROUP/order.yaml?tab=code',
  'config-missing': '/ns/public/configs/DEFAULT_GROUP/not-there',
  edit: '/ns/public/configs/DEFAULT_GROUP/order.yaml/edit',
  new: '/ns/public/configs/new',
  import: '/ns/public/import',
  releases: '/ns/public/releases',
  listeners: '/ns/public/listeners',
  recycle: '/ns/public/recycle',
  services: '/ns/public/services',
  'service-instances': '/ns/public/services/DEFAULT_GROUP/order-service',
  'service-subscribers': '/ns/public/services/DEFAULT_GROUP/order-service?tab=subscribers',
  'service-clusters': '/ns/public/services/DEFAULT_GROUP/payment-service?tab=clusters',
  'service-details': '/ns/public/services/DEFAULT_GROUP/empty-service?tab=details',
  instances: '/ns/public/instances',
  clients: '/ns/public/clients',
  samples: '/ns/public/samples',
  nodes: '/cluster/nodes',
  switches: '/cluster/switches',
  namespaces: '/namespaces',
  users: '/access/users',
  roles: '/access/roles',
  permissions: '/access/permissions',
  explain: '/access/explain?user=nacos',
  audit: '/audit',
  server: '/server',
  settings: '/settings',
  notfound: '/no/such/page',
};

const ways = ['en', 'zh'].flatMap((language) => ['light', 'dark'].flatMap((theme) => [1280, 390].map((width) => ({ language, theme, width })))).filter(({ language, theme, width }) => !narrow || `${language}-${theme}-${width}`.includes(narrow));

const server = process.env.PHAROS_URL ? undefined : await startServer();
const base = process.env.PHAROS_URL ?? server.local;
const browser = await launch();
let failed = 0;
try {
  if (server) await seed(base);
  for (const { language, theme, width } of ways) {
    const context = await browser.newContext({ viewport: { width, height: width < 600 ? 844 : 860 }, locale: 'en-GB' });
    await context.addInitScript((stored) => localStorage.setItem('nc.settings', stored), JSON.stringify({ language, theme }));
    const page = await openPage(browser, { context });
    await page.goto(base);
    for (const [name, at] of Object.entries(pages).filter(([key]) => key.includes(only))) {
      page.wrong.length = 0;
      await page.goto(`${base}#${at}`);
      await page.waitForFunction(() => !document.querySelector('.skeleton, [aria-busy=true]'), undefined, { timeout: 8000 }).catch(() => page.wrong.push('still loading'));
      await page.waitForTimeout(450);
      await page.screenshot({ path: path.join(directory, `${name}.${language}.${theme}.${width}.png`) });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) page.wrong.push(`${over} px wider than the window`);
      if (page.wrong.length) {
        failed += 1;
        console.log(`${name} ${language} ${theme} ${width}:\n  ${page.wrong.join('\n  ')}`);
      }
    }
    await context.close();
  }
} finally {
  await browser.close();
  await server?.stop();
}
console.log(`${directory}: ${failed} pages with errors`);
process.exit(failed ? 1 : 0);
