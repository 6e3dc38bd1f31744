// What operators do for people: their page, and the routes behind it, on a port of their own.

import assert from 'node:assert/strict';
import {request} from 'node:http';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {alert, browser, field, fits, openPage, look, nothingWasWrong, press, status} from './browser.mjs';
import {check, finish, person, run, scratch, secret, startServer} from './harness.mjs';

const token = secret('the-token-of-those-who-help-people');
const settings = join(scratch, 'operator.json');
// Each code of a login counts, so that somebody is soon locked out.
writeFileSync(settings, JSON.stringify({phone_cooldown: 0, max_sends_per_phone_and_hour: 4, max_sends_per_client_and_hour: 0, trusted_device_lifetime: 86400}));
const start = (args = [], env = {}) => startServer(['--events', '-', ...args], {PHONEAUTH_SETTINGS: settings, PHONEAUTH_OPERATOR_TOKEN: token, ...env});
const deskOf = async (server) => (await server.line(/^operators: (http:\/\/\S+)\/$/))[1];

const server = await start(['--trusted-proxy', '127.0.0.1']);
const desk = await deskOf(server);

async function ask(path, body, {authorization = `Bearer ${token}`, method = 'POST', headers = {}, url = desk} = {}) {
  const reply = await fetch(url + '/operator/' + path, {method, headers: {...(authorization && {authorization}), ...headers}, body: body && (typeof body === 'string' ? body : JSON.stringify(body))});
  const text = await reply.text();
  return {status: reply.status, headers: reply.headers, body: text ? JSON.parse(text) : undefined};
}

// `from` is another client than this machine.
async function api(method, path, body, userToken, from) {
  const headers = {'content-type': 'application/json', ...(userToken && {'user-token': userToken}), ...(from && {'x-forwarded-for': from})};
  const reply = await fetch(server.url + '/api' + path, {method, headers, body: body && JSON.stringify(body)});
  return {status: reply.status, body: await reply.json()};
}

async function register(who) {
  const {reply, code} = await server.codeFor(who.phone, () => api('POST', '/users/register', {phoneNumber: who.phone}));
  const {status: s, body} = await api('POST', '/users/register', {phoneNumber: who.phone, email: who.email, password: who.password, name: 'Ada',
    transactionId: reply.body.transactionId, transactionCode: code});
  assert.equal(s, 200, JSON.stringify(body));
  return {...who, id: body.objectId};
}

// The reply to the login, whatever it is.
async function logIn(who) {
  await ask('unlock', {phone: who.phone, by: 'Nobody'});
  const {reply, code} = await server.codeFor(who.phone, () => api('POST', '/services/Twilio/loginWithPhoneNumberAndPassword', {phoneNumber: who.phone, password: who.password}));
  const entered = await api('POST', '/services/Twilio/loginWithCode', {transactionId: reply.body.transactionId, code});
  secret(entered.body['user-token']);
  return entered;
}

const isValid = async (login) => (await api('GET', '/users/isvalidusertoken/' + login.body['user-token'])).body;
const event = (kind, userId) => server.line(new RegExp(`^\\{(?=.*"event":"${kind}")(?=.*"by":"Grace")${userId ? `(?=.*${userId})` : ''}`));

const ada = await register(person());

// ---- The page ----

async function open(url = desk) {
  const page = await openPage(url + '/');
  await field(page, "Operators' token").fill(token);
  await field(page, 'Your name').fill('Grace');
  return page;
}

async function find(page, who) {
  await field(page, 'Phone number, identity or id').fill(who);
  await press(page, 'Find');
}
const account = (page) => page.locator('#account:visible');
const fact = (page, name) => account(page).locator(`dt:text-is("${name}") + dd`);

await check('the page: as strict as that for everybody', async () => {
  const reply = await fetch(desk + '/');
  assert.equal(reply.status, 200);
  const policy = reply.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'; script-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  assert.equal(reply.headers.get('x-frame-options'), 'DENY');
  assert.ok(!(await reply.text()).includes(token));
  assert.equal((await fetch(desk + '/', {method: 'POST'})).status, 405);
});

await check('without the token nobody finds anybody', async () => {
  const page = await openPage(desk + '/');
  await look(page, 'operator');
  await find(page, ada.phone);
  await alert(page, "Operators' token is missing.");
  await field(page, "Operators' token").fill('not the token');
  await field(page, 'Your name').fill('Mallory');
  await press(page, 'Find');
  await alert(page, /token is missing or wrong.*error 14013/);
  await look(page, 'operator-token');
  assert.equal(await account(page).count(), 0);
  await page.close();
});

await check('somebody is found by phone, identity and id', async () => {
  const session = await logIn(ada);
  const page = await open();
  for (const who of [ada.phone, ada.email, ada.id, ` ${ada.email.toUpperCase()} `]) {
    await find(page, who);
    await account(page).getByRole('heading', {name: ada.email}).and(page.locator(':focus')).waitFor();
    assert.equal(await fact(page, 'Phone').innerText(), ada.phone);
    assert.equal(await fact(page, 'Id').innerText(), ada.id);
    assert.equal(await fact(page, 'name').innerText(), 'Ada');
    assert.equal(await fact(page, 'Password').innerText(), 'yes');
    assert.equal(await account(page).locator('#state').innerText(), 'Enabled');
    await account(page).getByRole('listitem').filter({hasText: '127.0.0.1'}).waitFor();
  }
  await look(page, 'operator-account', account(page));
  await find(page, 'nobody@example.com');
  await alert(page, /error 8008/);
  await look(page, 'operator-nobody');
  assert.equal(await account(page).count(), 0, 'whoever was found before is gone');
  assert.ok(!(await page.content()).includes(token), 'the token is nowhere on the page');
  assert.equal(await page.evaluate(() => JSON.stringify([{...sessionStorage}, {...localStorage}])), '[{},{}]');
  assert.equal(await isValid(session), true);
  await page.close();
});

await check('unlock', async () => {
  const who = await register(person());
  let strangers = 0;
  const begin = () => api('POST', '/services/Twilio/loginWithPhoneNumber', {phoneNumber: who.phone}, undefined, `203.0.113.${++strangers}`);
  let locked;
  for (let i = 0; i < 20 && locked?.status !== 429; ++i) locked = await begin();
  assert.equal(locked.status, 429);
  const page = await open();
  await find(page, who.phone);
  await press(page, 'Unlock');
  await status(page, 'Unlocked');
  await look(page, 'operator-unlocked');
  await event('unlocked');
  assert.equal((await begin()).status, 200);
  await page.close();
});

await check('disable: sessions end, logins are refused; enable', async () => {
  const session = await logIn(ada);
  const page = await open();
  await find(page, ada.email);
  await press(page, 'Disable');
  await status(page, 'Disabled.');
  assert.equal(await account(page).locator('#state').innerText(), 'Disabled');
  await account(page).getByText('None.').waitFor();
  await event('disabled', ada.id);
  assert.equal(await isValid(session), false);
  assert.equal((await logIn(ada)).body.code, 3090);
  await look(page, 'operator-disabled', account(page));
  await press(page, 'Enable');
  await status(page, 'Enabled.');
  await event('enabled', ada.id);
  assert.equal(await isValid(session), false, 'for good');
  assert.equal((await logIn(ada)).status, 200);
  await page.close();
});

await check('all sessions end', async () => {
  const who = await register(person());
  const session = await logIn(who);
  const page = await open();
  await find(page, who.id);
  await press(page, 'End all sessions');
  await status(page, 'All sessions have ended.');
  await event('session_ended', who.id);
  assert.equal(await isValid(session), false);
  await page.close();
});

await check('another phone, for whoever has lost theirs', async () => {
  const next = person().phone, other = await register(person()), who = await register(person());
  const session = await logIn(who);
  const page = await open();
  await find(page, who.phone);
  await account(page).getByText('Set another phone number').click();
  const change = (phone) => field(page, 'New phone number').fill(phone).then(() => press(page, 'Set the number'));
  await change('12');
  await alert(page, /error 14001/);
  await change(other.phone);
  await alert(page, /already exists.*error 3033/);
  await look(page, 'operator-phone', account(page).locator('#set-phone'));
  const {text} = await server.message(who.phone, () => change(next));
  assert.match(text, /phone number of your account was changed/);
  await status(page, `The phone number is now ${next}.`);
  await look(page, 'operator-phone-changed');
  assert.equal(await fact(page, 'Phone').innerText(), next);
  await event('phone_changed', who.id);
  assert.equal(await isValid(session), false);
  assert.equal((await logIn({...who, phone: next})).status, 200);
  await page.close();
});

await check('delete, after the phone number was typed', async () => {
  const who = await register(person());
  const session = await logIn(who);
  const page = await open();
  await find(page, who.email);
  await account(page).getByText('Delete the account', {exact: true}).click();
  await field(page, "The account's phone number").fill(ada.phone);
  await press(page, 'Delete the account for good');
  await alert(page, /not the phone number of the user.*error 8008/);
  await look(page, 'operator-delete', account(page).locator('#delete'));
  assert.equal(await isValid(session), true);
  await field(page, "The account's phone number").fill(who.phone);
  await press(page, 'Delete the account for good');
  await status(page, 'The account is deleted.');
  await look(page, 'operator-deleted');
  await event('deleted', who.id);
  assert.equal(await isValid(session), false);
  await find(page, who.email);
  await alert(page, /error 8008/);
  await register(who);
  await page.close();
});

await check('the test of the configuration is here, too', async () => {
  const page = await openPage(desk + '/');
  await press(page, 'Test configuration');
  await alert(page, /token is missing/);
  await look(page, 'operator-configuration-token');
  await field(page, "Operators' token").fill(token);
  await press(page, 'Test configuration');
  await status(page, 'Codes can be sent.');
  await look(page, 'operator-configuration');
  await page.close();
});

await check('on a phone', async () => {
  const page = await open();
  await page.setViewportSize({width: 360, height: 740});
  await find(page, ada.id);
  await account(page).getByRole('heading', {name: ada.email}).waitFor();
  for (const summary of await account(page).locator('summary').all()) {
    await summary.click();
    assert.deepEqual(await fits(page), []);
  }
  await page.close();
});

await nothingWasWrong();

// ---- The routes ----

await check('what is no order is refused', async () => {
  const by = 'Grace';
  for (const [path, body, expected, options] of [
    ['find', {who: ada.phone}, 405, {method: 'PUT'}],
    ['find', undefined, 405, {method: 'GET'}],
    ['nothing', {}, 404],
    ['find', '{', 400],
    ['find', '[]', 400],
    ['find', {who: 1}, 400],
    ['find', {}, 400],
    ['disable', {id: ada.id}, 400],
    ['disable', {by}, 400],
    ['disable', {id: ada.phone, by}, 400],
    ['delete', {id: ada.id, by}, 400],
    ['delete', {id: ada.phone, phone: ada.phone, by}, 400],
    ['delete', {id: ada.id, phone: ada.phone + '0', by}, 400],
    ['set-phone', {id: ada.id, by}, 400],
    ['unlock', {phone: 'x', by}, 400],
  ]) {
    const reply = await ask(path, body, options);
    assert.equal(reply.status, expected, `${path} ${JSON.stringify(body)}: ${JSON.stringify(reply.body)}`);
    assert.equal(typeof reply.body.code, 'number');
    assert.equal(reply.headers.get('access-control-allow-origin'), null);
  }
  assert.equal((await ask('find', {who: ada.id})).body.user.userStatus, 'ENABLED');
});

await check('without the token each route is closed, and pages of others stay out', async () => {
  for (const path of ['find', 'disable', 'enable', 'unlock', 'end-sessions', 'set-phone', 'delete']) {
    const reply = await ask(path, {who: ada.id, id: ada.id, phone: ada.phone, by: 'Mallory'}, {authorization: null});
    assert.equal(reply.status, 401, path);
    assert.match(reply.headers.get('www-authenticate'), /^Bearer/);
  }
  const asked = await ask('find', undefined, {method: 'OPTIONS', headers: {origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization'}});
  assert.equal(asked.status, 405);
  assert.equal(asked.headers.get('access-control-allow-origin'), null);
  const {hostname, port} = new URL(desk);
  const other = await new Promise((resolve, reject) => request({host: hostname, port, path: '/', headers: {host: 'evil.example'}}, (r) => { r.resume(); resolve(r.statusCode); }).on('error', reject).end());
  assert.equal(other, 421, 'a name that was made to lead here');
  assert.equal((await ask('find', {who: ada.id}, {url: server.url})).status, 404, 'not where everybody is');
});

await check('the token cannot be guessed, and whoever tries keeps no operator from the other door', async () => {
  const own = await start(), url = await deskOf(own);
  const guesses = await Promise.all(Array.from({length: 14}, (_, i) => ask('find', {who: 'x'}, {url, authorization: `Bearer ${token}${i}`})));
  assert.equal(guesses.filter((g) => g.status === 401).length, 10);
  const refused = guesses.filter((g) => g.status === 429);
  assert.equal(refused.length, 4);
  const wait = Number(refused[0].headers.get('retry-after'));
  assert.ok(wait > 0 && wait <= 60, wait);
  assert.equal((await ask('find', {who: 'x'}, {url})).status, 429, 'nor by the one that is right in the end');
  assert.equal((await ask('test-configuration', undefined, {url: own.url, method: 'GET'})).status, 200);
  assert.ok(!own.lines.join('\n').includes(token));
  await own.stop();
});

await check('operators have no page without a token, or where it is off', async () => {
  for (const [args, env] of [[[], {PHONEAUTH_OPERATOR_TOKEN: ''}], [['--operators', 'off'], {}]]) {
    const own = await start(args, env);
    assert.ok(!/^operators:/m.test(own.lines.join('\n')));
    await own.stop();
  }
  const wrong = await run(['--operators', '127.0.0.1:0']);
  assert.equal(wrong.status, 2);
  assert.match(wrong.err, /--operators or PHONEAUTH_OPERATORS: nobody is an operator without --operator-token-file/);
  const taken = await run(['--listen', '127.0.0.1:0', '--operators', new URL(desk).host], {PHONEAUTH_OPERATOR_TOKEN: token});
  assert.equal(taken.status, 1);
  assert.match(taken.err, /cannot listen on/);
});

await browser.close();
assert.deepEqual(await server.stop(), {status: 0, signal: null});
finish();
