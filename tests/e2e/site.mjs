// The documentation's site, as tests/scripts/site.sh makes it (which is what --server names here): its links, its names,
// how it looks to axe; and that what is wrong in a copy of the project is noticed.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {cpSync, existsSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import {createRequire} from 'node:module';
import {dirname, extname, join, resolve} from 'node:path';
import {CheckHtmlLinksCli} from 'check-html-links';
import {browser, complaints, openPage} from './browser.mjs';
import {check, finish, program, scratch} from './harness.mjs';

const root = resolve(dirname(program), '../..');
const site = join(scratch, 'site');

async function run(path, args = []) {
  const child = spawn(path, args, {stdio: ['ignore', 'pipe', 'pipe']});
  let said = '';
  child.stdout.on('data', (data) => { said += data; });
  child.stderr.on('data', (data) => { said += data; });
  const [status] = await once(child, 'close');
  return {status, said};
}

const made = await run(program, [site]);
if (made.status === 77) {
  console.log(made.said);
  process.exit(77);
}
await check('the site is made, and Doxygen has nothing to warn of', () => assert.equal(made.status, 0, made.said));
if (made.status !== 0) finish();
console.log(made.said.trim());

// ---- Links ----

// What leads nowhere within a folder of HTML; other sites are not asked.
async function brokenLinks(folder) {
  const said = console.log;
  console.log = () => {}; // it greets
  const checker = new CheckHtmlLinksCli({argv: []});
  checker.setOptions({rootDir: folder, printOnError: false});
  const {errors} = await checker.run().finally(() => { console.log = said; });
  return errors.flatMap(({usage}) => usage.map(({file, value}) => `${file.slice(folder.length + 1)}: ${value}`));
}

const pages = readdirSync(site).filter((name) => name.endsWith('.html'));
const read = (name) => readFileSync(join(site, name), 'utf8');
await check(`every link and anchor of ${pages.length} pages leads somewhere`, async () => assert.deepEqual(await brokenLinks(site), []));
await check('a link or an anchor that leads nowhere is noticed', async () => {
  const folder = join(scratch, 'spoilt');
  for (const name of ['index.html', 'names.html']) writeFileSync(join(site, `spoilt-${name}`), read(name));
  writeFileSync(join(site, 'spoilt-index.html'), '<html><body><a href="nowhere.html">a</a><a href="guide-errors.html#nowhere">b</a><a href="guide-errors.html#guide-errors-not-allowed-denied">c</a></body></html>');
  cpSync(site, folder, {recursive: true, filter: (from) => !/\.html$/.test(from) || /(spoilt-index|guide-errors)\.html$/.test(from)});
  const found = await brokenLinks(folder);
  assert.deepEqual(found.filter((each) => each.startsWith('spoilt')).sort(), ['spoilt-index.html: guide-errors.html#nowhere', 'spoilt-index.html: nowhere.html']);
});
await check('no page of text is left out', () => {
  const expected = readdirSync(join(root, 'examples/guide')).filter((name) => name !== 'README.md').map((name) => `guide-${name.replace('.md', '.html').replaceAll('_', '-')}`);
  for (const page of ['index.html', 'guide.html', 'doc-security.html', 'doc-twilio.html', 'doc-clients.html', 'doc-changelog.html', ...expected]) {
    assert.ok(pages.includes(page), `${page} is not there`);
    assert.match(read('index.html'), new RegExp(`<li><a href="${page}"`), `the navigation has no ${page}`);
  }
});

// ---- The reference ----

const names = new Set(JSON.parse(read('names.json')).map(([name]) => name));
await check(`every name that fwd.hpp declares is among the ${names.size} of the reference`, () => {
  const fwd = readFileSync(join(root, 'include/phoneauth/fwd.hpp'), 'utf8').replace(/namespace detail \{[\s\S]*?\}  \/\/ namespace detail/g, '');
  const declared = [...fwd.matchAll(/^\s*(?:template <.*>\s*)?(?:class|struct|enum class) (\w+)(?: :[^;]*)?;/gm)].map(([, name]) => name);
  assert.ok(declared.length > 30, `only ${declared.length} declarations were understood`);
  const last = new Set([...names].map((name) => name.split('::').pop()));
  assert.deepEqual(declared.filter((name) => !last.has(name)), []);
});
await check('every error is in the reference, and in the table', () => {
  const errors = [...readFileSync(join(root, 'include/phoneauth/error.hpp'), 'utf8').matchAll(/error_row\{error::(\w+)/g)].map(([, name]) => name);
  assert.ok(errors.length > 60);
  for (const name of errors) {
    assert.ok(names.has(`phoneauth::error::${name}`), name);
    assert.match(read('guide-errors.html'), new RegExp(`<code>${name}</code>`), name);
  }
});
await check('nothing of detail is in it', () => {
  const named = [...names].filter((name) => /(^|::)detail(::|$)/.test(name));
  const told = pages.filter((page) => !/^(index|guide|doc)/.test(page) && /\bdetail(::|_1_1|\/)/.test(read(page)));
  assert.deepEqual([named, told], [[], []]);
});

// ---- As people see it ----

const types = {'.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png'};
const server = createServer((request, response) => {
  const file = join(site, new URL(request.url, 'http://site').pathname);
  if (!existsSync(file) || !file.startsWith(site)) return response.writeHead(404).end();
  response.writeHead(200, {'Content-Type': types[extname(file)] ?? 'application/octet-stream'}).end(readFileSync(file));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];

const looked = ['index', 'guide-start', 'guide-errors', 'names'];
for (const name of looked) {
  await check(`nobody is kept out of ${name}: on a desk and on a phone, in daylight and in the dark`, async () => {
    const page = await openPage(`${origin}/${name}.html`);
    await page.evaluate(axe);
    const wrong = [];
    for (const [width, height] of [[1280, 800], [390, 844]]) {
      await page.setViewportSize({width, height});
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme});
        const found = await page.evaluate((tags) => axe.run({runOnly: tags, resultTypes: ['violations']}), standards);
        wrong.push(...found.violations.flatMap(({id, nodes}) => nodes.slice(0, 5).map(({target, any, all}) => `${width} ${colorScheme} ${id}: ${target.join(' ')}: ${[...any, ...all][0]?.message}`)));
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wrong.push(`${width}: it is wider than the screen`);
      }
    }
    await page.close();
    assert.deepEqual(wrong, []);
  });
}
await check('a name is found by the keyboard, and the menu opens on a phone', async () => {
  const page = await openPage(`${origin}/index.html`, {viewport: {width: 390, height: 844}});
  const menu = page.getByRole('button', {name: 'Menu'});
  assert.equal(await page.locator('#navigation').isVisible(), false);
  await menu.press('Enter');
  await page.getByRole('navigation').getByRole('link', {name: 'Operating', exact: true}).waitFor();
  await page.getByRole('combobox').fill('start_two_factor');
  await page.getByRole('option', {name: 'start_two_factor_login'}).first().waitFor();
  const {x, width} = await page.locator('#found').boundingBox();
  assert.ok(x >= 0 && x + width <= 390, `what was found goes from ${x} to ${x + width}`);
  await page.getByRole('combobox').press('ArrowDown');
  await page.getByRole('combobox').press('Enter');
  await page.waitForURL(/classphoneauth.*authenticator\.html#/);
  await page.close();
});
await check('the browser had nothing to complain about', () => assert.deepEqual(complaints, []));
server.close();

// ---- What is wrong in a copy of the project is noticed ----

const copy = join(scratch, 'copy');
cpSync(root, copy, {recursive: true, filter: (from) => !/^\/(build[^/]*|\.git|.*\/node_modules)$/.test(from.slice(root.length))});
const checkText = () => run(join(copy, 'tests/scripts/readme.py'));
async function spoil(file, change, expected) {
  const path = join(copy, file);
  const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  const after = change(before ?? '');
  assert.notEqual(after, before, `nothing was changed in ${file}`);
  writeFileSync(path, after);
  const {status, said} = await checkText();
  writeFileSync(path, before ?? '');
  assert.equal(status, 1, said);
  assert.match(said, expected);
}
await check('the text of the copy is as good as that of the project', async () => {
  const {status, said} = await checkText();
  assert.equal(status, 0, said);
});
const start = 'examples/guide/start.md';
await check('a spoilt snippet is noticed', () => spoil(start, (text) => text.replace('server.Get("/me"', 'server.Get("/you"'), /start\.md: DIFFERENT: .*mounted/));
await check('C++ from nowhere is noticed', () => spoil(start, (text) => `${text}\n\`\`\`cpp\nint x;\n\`\`\`\n`, /1 C\+\+ blocks do not say/));
await check('a broken link in the text is noticed', () => spoil(start, (text) => text.replace('](errors.md)', '](mistakes.md)'), /NOT THERE: mistakes\.md/));
await check('a broken anchor in the text is noticed', () => spoil(start, (text) => text.replace('#limits)', '#limit)'), /NO SUCH HEADING: operating\.md#limit\b/));
await check('an option that a command has not is noticed', () => spoil(start, (text) => text.replace('run.sh --in httplib', 'run.sh --inside httplib'), /NOT THERE: examples\/run\.sh --inside/));
await check('a name that the library has not is noticed', () => spoil(start, (text) => text.replace('`retry_after`', `\`retry_${'later'}\``), new RegExp(`NOT THERE: \`retry_${'later'}\``)));
await check('another number of an error is noticed', () => spoil('examples/guide/errors.md', (text) => text.replace('| 14021 |', '| 14022 |'), /DIFFERENT: the table of `wrong_credentials`/));
await check('an error without advice is noticed', () => spoil('examples/guide/errors.md', (text) => text.replace('| Nothing: whoever cancelled it knows. |', '|  |'), /what to do about `cancelled`/));
await check('a new error is noticed', () => spoil('include/phoneauth/rest/error_codes.hpp', (text) => text.replace('error::overloaded, 14061, 503', 'error::overloaded, 14061, 429'), /DIFFERENT: the table of `try_later`/));
for (const name of ['struct nobody_knows_me {};', 'struct nobody_knows_me { int x; };']) await check(`${name} without documentation is noticed`, async () => {
  writeFileSync(join(copy, 'include/phoneauth/undocumented.hpp'), `namespace phoneauth {\ninline namespace v0 {\n${name}\n}\n}\n`);
  const {status, said} = await run(join(copy, 'tests/scripts/site.sh'), [join(scratch, 'never')]);
  assert.notEqual(status, 0, said);
  assert.match(said, /nobody_knows_me.* is not documented/);
  assert.ok(!existsSync(join(scratch, 'never')));
});

await browser.close();
finish();
