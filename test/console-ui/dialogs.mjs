// Every dialog, menu and overlay, and how it is opened. What is pressed is found
// by its picture, which is the same in every language.
const icon = (page, name, within = 'main') => page.locator(`${within} button:has(.lucide-${name})`).first().click();
const item = (page, name) => page.locator(`[role=menuitem]:has(.lucide-${name})`).click();
const dialog = (page) => page.locator('[role=dialog], [role=alertdialog]').first().waitFor();
const order = '/ns/public/configs/DEFAULT_GROUP/order.yaml';

const pressing = (at, ...icons) => ({
  at,
  open: async (page) => {
    for (const name of icons) await icon(page, name);
    await dialog(page);
  },
});

const choosing = (at, name) => ({
  at,
  open: async (page) => {
    await icon(page, 'ellipsis');
    await item(page, name);
    await dialog(page);
  },
});

async function write(page, text) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

async function everyRow(page) {
  await page.locator('main tbody tr').first().waitFor();
  await page.locator('main thead [role=checkbox]').click();
}

export const dialogs = {
  'config-filter': pressing('/ns/public/configs', 'sliders-horizontal'),
  'view-save': {
    at: '/ns/public/configs?q=order',
    open: async (page) => {
      await icon(page, 'bookmark');
      await item(page, 'plus');
      await dialog(page);
    },
  },
  'config-clone': choosing(order, 'copy'),
  'config-delete': choosing(order, 'trash-2'),
  'configs-delete': {
    at: '/ns/public/configs',
    open: async (page) => {
      await everyRow(page);
      await icon(page, 'trash-2', 'main [role=toolbar]');
      await dialog(page);
    },
  },
  'config-restore': {
    at: `${order}?tab=history`,
    open: async (page) => {
      await page.locator('[role=tabpanel] button[aria-pressed=false]').first().click();
      await page.locator('[role=tabpanel] button:not([aria-disabled]):has(.lucide-rotate-ccw)').click();
      await dialog(page);
    },
  },
  'gray-start': pressing(`${order}?tab=gray`, 'contrast'),
  'edit-review': {
    at: `${order}/edit`,
    open: async (page) => {
      await write(page, 'server:\n  port: 9999\nredis:\n  host: redis.internal\n');
      await page.locator('main header button:not([aria-disabled]):has(.lucide-send)').click();
      await dialog(page);
    },
    close: (page) => page.goto('about:blank'),
  },
  'edit-problems': {
    at: `${order}/edit`,
    open: async (page) => {
      await write(page, 'server:\n  port: 1\n  port: 2\n\tname: x\n');
      await page.locator('section[aria-label] li button').first().waitFor();
    },
    close: (page) => page.goto('about:blank'),
  },
  'edit-merge': {
    at: '/ns/public/configs/DEFAULT_GROUP/conflict.yaml/edit',
    before: (to) => to.publish('conflict.yaml', 'a: 1\nb: 1\nc: 1\nd: 1\n', { type: 'yaml' }),
    open: async (page, to) => {
      await write(page, 'a: mine\nb: 1\nc: 1\nd: mine\n');
      await to.publish('conflict.yaml', `a: 1\nb: theirs\nc: 1\nd: theirs ${Date.now()}\n`, { type: 'yaml' });
      await page.locator('main [class*=bg-warn-soft] button').waitFor();
      await page.locator('main header button:not([aria-disabled]):has(.lucide-send)').click();
      await page.locator('[role=dialog] [role=radiogroup]').first().waitFor();
    },
    close: (page) => page.goto('about:blank'),
  },
  'service-new': pressing('/ns/public/services', 'plus'),
  'service-edit': pressing('/ns/public/services/DEFAULT_GROUP/order-service', 'pencil'),
  'instance-edit': {
    at: '/ns/public/services/DEFAULT_GROUP/order-service',
    open: async (page) => {
      await icon(page, 'pencil', 'main tbody');
      await dialog(page);
    },
  },
  'instances-offline': {
    at: '/ns/public/instances?q=10.0.0.',
    open: async (page) => {
      await everyRow(page);
      await icon(page, 'power-off', 'main [role=toolbar]');
      await dialog(page);
    },
  },
  'cluster-edit': {
    at: '/ns/public/services/DEFAULT_GROUP/payment-service?tab=clusters',
    open: async (page) => {
      await icon(page, 'pencil', '[role=tabpanel]');
      await dialog(page);
    },
  },
  'namespace-new': pressing('/namespaces', 'plus'),
  'namespace-delete': {
    at: '/namespaces',
    open: async (page) => {
      await icon(page, 'ellipsis', 'main tbody tr:nth-child(2)'); // the first one is public, which stays
      await page.locator('[role=menuitem]').last().click();
      await dialog(page);
    },
  },
  'namespace-policy': {
    at: '/namespaces',
    open: async (page) => {
      await icon(page, 'ellipsis', 'main tbody');
      await page.locator('[role=menuitem]').first().click();
      await dialog(page);
    },
  },
  'compare-diff': pressing('/compare?left=public&right=staging', 'git-compare-arrows'),
  'user-new': pressing('/access/users', 'plus'),
  'role-bind': pressing('/access/roles', 'plus'),
  'permission-grant': pressing('/access/permissions', 'plus'),
  'switch-edit': pressing('/cluster/switches', 'pencil'),
  'audit-entry': {
    at: '/audit',
    open: async (page) => {
      await page.locator('main tbody td button').first().click();
      await dialog(page);
    },
  },
  palette: {
    at: '/overview',
    open: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox').fill('order');
      await page.locator('[role=option]').first().waitFor();
    },
  },
  help: {
    at: '/overview',
    open: async (page) => {
      await page.keyboard.press('?');
      await dialog(page);
    },
  },
  'namespace-switch': {
    at: '/overview',
    open: async (page) => {
      await icon(page, 'layers', 'header');
      await page.locator('[data-radix-popper-content-wrapper]').waitFor();
    },
  },
  'user-menu': {
    at: '/overview',
    open: async (page) => {
      await icon(page, 'user-round', 'header');
      await page.locator('[role=menu]').waitFor();
    },
  },
};
