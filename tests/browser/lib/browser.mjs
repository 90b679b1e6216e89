// Chromium for a test, and screenshots of every page in every look.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const shots = process.env.HEARTH_SCREENSHOTS ?? new URL('../../../build/artifacts/screenshots', import.meta.url).pathname;
const executablePath = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync);
const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const wide = { width: 1280, height: 800 };
const phone = { width: 375, height: 740 };
const looks = [['light', wide], ['dark', wide], ['light', phone], ['dark', phone]];

export async function launch(t) {
  const browser = await chromium.launch({ executablePath, headless: true, args });
  t.after(() => browser.close());
  return browser;
}

// A fresh profile. `unanswered` holds the requests under way; `problems` collects script errors and requests that left the origin.
export async function newPage(browser, origin) {
  const context = await browser.newContext({ viewport: wide, baseURL: origin });
  const page = await context.newPage();
  page.problems = [];
  page.unanswered = new Set();
  page.on('request', (request) => page.unanswered.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => page.unanswered.delete(request));
  page.on('pageerror', (error) => page.problems.push(`${page.url()}: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, origin: to } = new URL(request.url());
    if (/^https?:$/.test(protocol) && to !== origin) page.problems.push(`request to ${request.url()}`);
  });
  return page;
}

export async function shoot(page, name) {
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `${name}.png`), animations: 'disabled' });
}

// The same page light and dark, on a desk and on a phone; nothing may be cut off on the narrow one.
export async function shootLooks(page, name) {
  for (const [colorScheme, viewport] of looks) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await shoot(page, `${name}-${viewport === phone ? 'phone' : 'desk'}-${colorScheme}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (overflow > 0) page.problems.push(`${name}: ${overflow} px wider than a ${viewport.width} px screen`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(wide);
}
