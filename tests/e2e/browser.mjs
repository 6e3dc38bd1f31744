// A browser for the end-to-end scripts that use the example server's pages as people do.

import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {chromium} from 'playwright-core';
import {check, scratch} from './harness.mjs';

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

// What axe, and `fits`, have found wrong, with the states in which they did.
export const barriers = [];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];
const seen = new Set();
let looks = 0, spent = 0;

// What is wrong with the page as it is shown now, from its top: else what sticks there hides what axe wants to see. What
// axe cannot decide by itself counts as wrong.
export async function audit(page) {
  const began = Date.now();
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe);
  const {violations, incomplete} = await page.evaluate(async (tags) => {
    const {scrollX, scrollY} = window;
    scrollTo(0, 0);
    const results = await axe.run({runOnly: tags, rules: {'target-size': {enabled: true}}, resultTypes: ['violations', 'incomplete']});
    scrollTo(scrollX, scrollY);
    return results;
  }, standards);
  const found = [...violations, ...incomplete].flatMap(({id, help, nodes}) => nodes.map(({target, any}) =>
    `${id}: ${help}: ${target.join(' ')}${any[0] ? ` (${any[0].message})` : ''}`));
  const lost = await page.evaluate(() => document.activeElement === document.body);
  looks += 1;
  spent += Date.now() - began;
  return [...found, ...lost ? ['nothing has the focus'] : [], ...await fits(page)];
}

// Looks at a state of a page as people may see it: on a desk and on a phone, in daylight and in the dark. Where
// PHONEAUTH_TEST_SCREENSHOTS names a folder, it is also kept there for people to look at; `part` is what is to be seen.
export async function look(page, name, part) {
  assert.ok(!seen.has(name), `${name} is the name of another state`);
  seen.add(name);
  const folder = process.env.PHONEAUTH_TEST_SCREENSHOTS;
  if (folder) mkdirSync(folder, {recursive: true});
  const before = page.viewportSize();
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    await page.setViewportSize({width, height});
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      const view = `${name}-${width}x${height}-${colorScheme}`;
      barriers.push(...(await audit(page)).map((each) => `${view}: ${each}`));
      if (!folder) continue;
      await part?.scrollIntoViewIfNeeded();
      await page.screenshot({path: join(folder, `${view}.png`)});
      await page.screenshot({path: join(folder, `${view}-whole.png`), fullPage: true});
    }
  }
  await page.emulateMedia({colorScheme: 'light'});
  await page.setViewportSize(before);
}

// The last checks of a script.
export async function nothingWasWrong(expected) {
  await check('the browser had nothing to complain about', () => assert.deepEqual(complaints.filter((text) => !expected?.test(text)), []));
  await check(`nobody is kept out: ${seen.size} states of the pages, ${looks} looks in ${Math.round(spent / 1000)} s`, () => {
    for (const each of barriers) console.log(each);
    assert.equal(barriers.length, 0, 'what is in their way is above');
  });
}
