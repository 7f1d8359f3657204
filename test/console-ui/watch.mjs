// What a failed test leaves behind is said in the log, and its pages do not stay open.
import { afterEach } from 'node:test';
import { opened } from './browser.mjs';
import { running } from './server.mjs';

const logged = 30; // lines of each server

/** What somebody would see who looks at the page now. */
async function picture(page) {
  const text = await page.evaluate(() => [...document.querySelectorAll('main, [role=dialog], [role=alertdialog], [data-toasts]')].map((one) => one.innerText).join('\n~~\n'));
  return [`the page at ${page.url()}`, ...page.wrong.map((one) => `  ! ${one}`), text.replace(/^/gm, '  | ').slice(0, 4000)].join('\n');
}

afterEach(async (t) => {
  const failed = t.passed === false;
  for (const page of opened.splice(0)) {
    if (page.isClosed()) continue;
    if (failed) console.log(await picture(page).catch((error) => `a page that says nothing: ${error.message}`));
    await page.context().close();
  }
  for (const { port, log } of failed ? running : []) console.log(`the server at ${port}:\n${log.join('').trimEnd().split('\n').slice(-logged).join('\n')}`);
});
