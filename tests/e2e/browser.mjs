// A browser for the end-to-end scripts that use the example server's pages as people do.

import {existsSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {chromium} from 'playwright-core';
import {scratch} from './harness.mjs';

export const browser = await chromium.launchPersistentContext(join(scratch, 'profile'), {
  executablePath: ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync), // else playwright's own
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
browser.setDefaultTimeout(30_000);

// What a browser's console said that nobody expects.
export const complaints = [];

export async function openPage(url, options = {}) {
  const page = await browser.newPage();
  if (options.viewport) await page.setViewportSize(options.viewport);
  if (options.clock) await page.clock.install();
  page.on('console', (message) => {
    // A reply with an error status is an entry of its own in the browser's console: expected here.
    if (['error', 'warning'].includes(message.type()) && !/status of [45]\d\d/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

// The visible section, its parts found by what a person reads.
export const section = (page) => page.locator('section:visible');
export const field = (page, label) => section(page).getByLabel(label, {exact: false}).locator('visible=true');
export const codeField = (page) => section(page).locator('[name=code]:visible');
export const button = (page, name) => section(page).getByRole('button', {name});
export const press = (page, name) => button(page, name).click();
export const title = (page, text) => page.getByRole('heading', {name: text, level: 2}).waitFor();
export const status = (page, text) => page.getByRole('status').filter({hasText: text}).waitFor();
export const alert = (page, text) => section(page).getByRole('alert').filter({hasText: text}).waitFor();

// Whether a thumb can use it.
export const fits = (page) => page.evaluate(() => {
  const targets = [...document.querySelectorAll('button, input, summary, nav a')].filter((e) => e.checkVisibility());
  const small = targets.map((e) => (['radio', 'checkbox'].includes(e.type) ? e.closest('label') : e).getBoundingClientRect())
    .filter(({width, height}) => width < 44 || height < 44).map(({width, height}) => `a target of ${width} x ${height}`);
  return [...small, ...(document.documentElement.scrollWidth > innerWidth ? ['something is wider than the screen'] : [])];
});

// Where PHONEAUTH_TEST_SCREENSHOTS names a folder, for people to look at: on a desk and on a phone, in daylight and in the
// dark. `part` is what is to be seen.
export async function screenshots(page, name, part) {
  const folder = process.env.PHONEAUTH_TEST_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, {recursive: true});
  const before = page.viewportSize();
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    await page.setViewportSize({width, height});
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      await part?.scrollIntoViewIfNeeded();
      await page.screenshot({path: join(folder, `${name}-${width}x${height}-${colorScheme}.png`)});
      await page.screenshot({path: join(folder, `${name}-${width}x${height}-${colorScheme}-whole.png`), fullPage: true});
    }
  }
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize(before);
}
