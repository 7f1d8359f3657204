// What every file of tests begins with: a server with something in it, and a browser.
import { after, before } from 'node:test';
import { launch, missing, openPage } from './browser.mjs';
import { seed } from './seed.mjs';
import { startServer } from './server.mjs';
import './watch.mjs';

/** The password of whoever a test makes. */
export const password = 'A-long-pass-42';

/**
 * Starts both before the tests of the file that calls it, and stops them behind. fill puts
 * something in; what it gives back is on.to. Where there is no browser, on.skip says why.
 */
export function stage({ settings, fill = (server) => seed(server.local) } = {}) {
  const on = {
    skip: missing(),
    at: (path) => `${on.server.outside}#${path}`,
    open: (options) => openPage(on.browser, options),
  };
  before(async () => {
    if (on.skip) return;
    on.server = await startServer(settings);
    on.to = await fill(on.server);
    on.browser = await launch();
  });
  after(async () => {
    await on.browser?.close();
    await on.server?.stop();
  });
  return on;
}

/** Replaces the text of the editor. */
export async function write(page, text) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Logs in where the log-in is shown. */
export async function logIn(page, name = 'nacos', secret = password) {
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Ends a test: nothing went wrong on the page that was not expected. */
export async function done(...pages) {
  const wrong = pages.flatMap((page) => page.wrong);
  if (wrong.length) throw new Error(wrong.join('\n'));
  await pages[0].context().close();
}
