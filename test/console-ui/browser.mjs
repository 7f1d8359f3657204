// Debian's Chromium, and pages that remember everything that goes wrong in them.
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './server.mjs';

const require = createRequire(path.join(root, 'ui/package.json'));
const { chromium } = require('playwright-core');
const axe = require.resolve('axe-core/axe.min.js');

export const program = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why there is no browser test here; a release asks for one with REQUIRE_BROWSER=1. */
export function missing() {
  if (existsSync(program)) return false;
  if (process.env.REQUIRE_BROWSER) throw new Error(`${program} is not there`);
  return `${program} is not there (apt-get install chromium, or set CHROMIUM)`;
}

export const launch = () => chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] });

// How long something may take that is waited for: long, as the machine may be busy.
const patience = 60_000; // milliseconds

/** The pages that were opened, for who looks at what a failed test leaves behind. */
export const opened = [];

/** A page whose errors are kept in page.wrong; expected ones are let through by allow. */
export async function openPage(browser, options = {}) {
  const { settings = {}, allow = [], context: given, ...rest } = options;
  const context = given ?? (await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 860 }, ...rest }));
  if (!given) await context.addInitScript((stored) => location.protocol.startsWith('http') && (localStorage.getItem('nc.settings') ?? localStorage.setItem('nc.settings', stored)), JSON.stringify({ language: 'en', theme: 'light', ...settings }));
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.effectiveDirective} refused ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`)));
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  opened.push(page);
  page.wrong = [];
  const note = (text) => allow.some((pattern) => pattern.test(text)) || page.wrong.push(text);
  page.on('pageerror', (error) => note(`page error: ${error.stack ?? error.message}`));
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && !/Failed to load resource/.test(message.text()) && note(`console ${message.type()}: ${message.text()}`));
  page.on('requestfailed', (request) => !/ERR_ABORTED/.test(request.failure()?.errorText ?? '') && note(`request failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`));
  page.on('response', (response) => response.status() >= 400 && note(`${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`));
  return page;
}

/** What axe-core finds wrong on the page as it stands: by all its rules, or these. The script comes in past the page's own policy. */
export async function accessibility(page, rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) { // as by hand in the developer tools: no policy of the page forbids it
    const session = await page.context().newCDPSession(page);
    await session.send('Runtime.evaluate', { expression: readFileSync(axe, 'utf8') });
    await session.detach();
  }
  const { violations } = await page.evaluate((runOnly) => globalThis.axe.run(document, { runOnly, resultTypes: ['violations'], preload: false }), rules);
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} — ${node.failureSummary?.split('\n').slice(1, 2).join('').trim()}`).join(' | ')}`);
}

/** All of axe-core's rules in the theme that is shown, and what differs in the others: the contrast of their colours. */
export async function accessibilityInThemes(page) {
  const found = await accessibility(page);
  const shown = await page.evaluate(() => document.documentElement.dataset.theme);
  const paint = (theme) => page.evaluate((name) => { document.documentElement.dataset.theme = name; }, theme);
  for (const theme of ['light', 'dark', 'contrast'].filter((one) => one !== shown)) {
    await paint(theme);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    await settled(page); // colours go over into each other
    found.push(...(await accessibility(page, ['color-contrast'])).map((one) => `${theme}: ${one}`));
  }
  await paint(shown);
  return found;
}

/** Resolves once nothing loads and nothing moves, but for a cursor that blinks. */
export const settled = (page) =>
  page.waitForFunction(() => !document.querySelector('.skeleton, [aria-busy=true]') && document.getAnimations().every((one) => one.playState === 'finished' || one.effect?.getTiming().iterations === Infinity));

/** Goes to another page of the console, and comes back when that is shown, with all that it loads. */
export async function visit(page, address) {
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector('main[data-at]')?.dataset.at === location.hash.slice(1));
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await settled(page);
}
