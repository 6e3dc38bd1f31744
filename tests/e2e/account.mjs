// The rest of an account's life, as a person leads it on the example server's page.

import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {alert, browser, button, codeField, field, fits, openPage, look, nothingWasWrong, press, section, status, title} from './browser.mjs';
import {check, finish, person, scratch, secret, startServer, wrong} from './harness.mjs';

const fresh = 10; // seconds for which a login is proof enough

async function start(name, more) {
  const settings = join(scratch, name + '.json');
  writeFileSync(settings, JSON.stringify({fresh_login: fresh, phone_cooldown: 0, trusted_device_lifetime: 86400, max_sends_per_phone_and_hour: 100,
    max_sends_per_phone_and_day: 1000, max_sends_per_client_and_hour: 0, ...more}));
  return startServer([], {PHONEAUTH_SETTINGS: settings});
}
const server = await start('account', {password_reset: 'code'});

const open = (hash = '', options = {}) => openPage(server.url + '/' + hash, options);
const task = (page, name) => page.locator('details.task').filter({has: page.locator('summary', {hasText: name})});
const inTask = (page, name, button) => task(page, name).getByRole('button', {name: button});
const openTask = (page, name) => task(page, name).locator('summary').click();
const sessions = (page) => task(page, 'Sessions').getByRole('listitem');
const post = async (path, body, token, at = server) => {
  const reply = await fetch(at.url + '/api' + path, {method: 'POST', headers: {'content-type': 'application/json', ...(token && {'user-token': token})}, body: JSON.stringify(body)});
  return {status: reply.status, body: await reply.json()};
};

const codeAfter = async (phone, act) => (await server.codeFor(phone, act)).code;

async function register(who, at = server) {
  const started = await at.codeFor(who.phone, () => post('/users/register', {phoneNumber: who.phone}, undefined, at));
  const {status: s, body} = await post('/users/register', {phoneNumber: who.phone, email: who.email, password: who.password,
    transactionId: started.reply.body.transactionId, transactionCode: started.code}, undefined, at);
  assert.equal(s, 200, JSON.stringify(body));
  return who;
}

async function fillIn(page, who, way) {
  await section(page).getByRole('radio', {name: way, exact: true}).check();
  await field(page, 'Phone number').fill(who.phone);
  if (way !== 'Code') await section(page).locator('input[name=password]:visible').fill(who.password);
}

async function logIn(page, who, way = 'Code') {
  await page.goto(server.url + '/#/login');
  await title(page, 'Log in');
  await fillIn(page, who, way);
  const code = await codeAfter(who.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(code);
  await press(page, 'Log in');
  await title(page, 'Your account');
}

// A session whose last proof is too old, as the server sees it.
async function age(page) {
  const proved = () => page.evaluate(async () => {
    const {'user-token': token} = JSON.parse(sessionStorage.getItem('phoneauth'));
    const reply = await fetch('/api/users/sessions', {headers: {'user-token': token}});
    return (await reply.json()).find((s) => s.current).authTime;
  });
  while (Date.now() - await proved() <= fresh * 1000) await page.waitForTimeout(500);
}

const proof = (page) => page.getByRole('group', {name: 'Confirm that it is you'});

const ada = await register(person());

await check('sessions: the own one, another one, all others', async () => {
  const here = await open('#/login'), there = await open('#/login');
  await logIn(here, ada);
  await logIn(there, ada, 'Password and code');
  await openTask(here, 'Sessions');
  await sessions(here).nth(1).waitFor();
  assert.equal(await sessions(here).count(), 2);
  assert.equal(await sessions(here).filter({hasText: 'This one'}).count(), 1);
  const other = sessions(here).filter({hasNotText: 'This one'});
  assert.match(await other.innerText(), /Chrome on \w+[^]*127\.0\.0\.1 · by password and code\s+Since .*, last used /);
  await other.getByRole('button', {name: 'End the session on Chrome'}).click();
  await status(here, 'The session has ended.');
  assert.equal(await sessions(here).count(), 1);
  await press(there, 'Reload');
  await title(there, 'Log in');
  await alert(there, /error 3064/);

  await logIn(there, ada);
  await there.close();
  const third = await open('#/login');
  await logIn(third, ada);
  await openTask(here, 'Sessions'); // to close it
  await openTask(here, 'Sessions');
  await sessions(here).nth(2).waitFor();
  await look(here, 'account-sessions', task(here, 'Sessions'));
  await inTask(here, 'Sessions', 'End all others').click();
  await status(here, '2 others have ended.');
  await press(here, 'Still valid?');
  await status(here, 'Yes, the session is valid.');
  await press(third, 'Reload');
  await title(third, 'Log in');
  await third.close();

  await sessions(here).getByRole('button', {name: /^End the session/}).click();
  await title(here, 'Log in');
  await here.close();
});

await check('another phone number, after a proof by password', async () => {
  const next = person().phone, bob = await register(person());
  const page = await open('#/login'), elsewhere = await open('#/login');
  await logIn(page, ada);
  await logIn(elsewhere, ada);
  await openTask(page, 'Change the phone');
  const change = task(page, 'Change the phone');
  await change.getByLabel('New phone number').fill('12');
  await age(page);
  await inTask(page, 'Change the phone', 'Send the code').click();
  await proof(page).waitFor();
  await proof(page).getByRole('heading', {name: 'Confirm that it is you'}).and(page.locator(':focus')).waitFor();
  await look(page, 'account-proof', proof(page));
  await proof(page).getByRole('button', {name: 'Cancel'}).click();
  await alert(page, 'it was not confirmed');
  await look(page, 'account-not-confirmed', change);
  await inTask(page, 'Change the phone', 'Send the code').click();
  await proof(page).getByLabel('Your password').fill('not my password');
  await proof(page).getByRole('button', {name: 'Confirm with the password'}).click();
  await alert(page, /error 3003/);
  await look(page, 'account-proof-wrong', proof(page));
  await proof(page).getByLabel('Your password').fill(ada.password);
  await proof(page).getByRole('button', {name: 'Confirm with the password'}).click();
  await alert(page, /error 14001/);
  assert.equal(await proof(page).count(), 0);

  const finishing = async (phone) => {
    await change.getByLabel('New phone number').fill(phone);
    const code = await codeAfter(phone, async () => {
      await inTask(page, 'Change the phone', 'Send the code').click();
      await codeField(page).or(proof(page)).waitFor();
      if (!await proof(page).count()) return;
      await proof(page).getByLabel('Your password').fill(ada.password); // this machine is slow
      await proof(page).getByRole('button', {name: 'Confirm with the password'}).click();
    });
    await codeField(page).waitFor();
    return code;
  };
  let code = await finishing(bob.phone);
  await codeField(page).fill(code);
  await press(page, 'Change the number');
  await alert(page, /already exists.*error 3033/);
  await change.getByLabel('New phone number').and(page.locator('[aria-invalid]:focus')).waitFor();
  code = await finishing(next);
  await look(page, 'account-phone', change);
  await codeField(page).fill(wrong(code));
  await press(page, 'Change the number');
  await alert(page, /4 tries left.*error 14021/);
  await look(page, 'account-phone-wrong-code', change);
  await codeField(page).fill(code);
  const {text} = await server.message(ada.phone, () => press(page, 'Change the number'));
  assert.match(text, /phone number of your account was changed/, 'the old number is told');
  await status(page, `Your phone number is now ${next}.`);
  await look(page, 'account-phone-changed');
  assert.match(await page.locator('#user').innerText(), new RegExp(`phoneNumber\\s+\\${next}`));
  await press(elsewhere, 'Reload');
  await title(elsewhere, 'Log in');
  await press(page, 'Still valid?');
  await status(page, 'Yes, the session is valid.');
  ada.phone = next;
  await logIn(elsewhere, ada, 'Password and code');
  for (const each of [page, elsewhere]) await each.close();
});

let spare; // a backup code

await check('backup codes: shown once, after a proof by code', async () => {
  const page = await open('#/login');
  await browser.grantPermissions(['clipboard-read', 'clipboard-write'], {origin: server.url});
  await logIn(page, ada);
  await openTask(page, 'Backup codes');
  await age(page);
  await inTask(page, 'Backup codes', 'Make new').click();
  await proof(page).waitFor();
  const code = await codeAfter(ada.phone, () => proof(page).getByRole('button', {name: 'Confirm with a code'}).click());
  await proof(page).locator('[name=code]').fill(code);
  await look(page, 'account-proof-code', proof(page));
  await proof(page).getByRole('button', {name: 'Confirm', exact: true}).click();
  await page.locator('#backup-title:focus').waitFor();
  const codes = await page.getByRole('list', {name: 'Your backup codes'}).getByRole('listitem').allInnerTexts();
  codes.forEach(secret);
  assert.equal(codes.length, 10);
  for (const [i, each] of codes.entries()) assert.match(each, new RegExp(`^${i}(-[0-9A-HJKMNP-TV-Z]{4}){4}$`));
  await look(page, 'account-backup-codes', task(page, 'Backup codes'));
  await inTask(page, 'Backup codes', 'Copy').click();
  await status(page, 'Copied.');
  await look(page, 'account-backup-copied', task(page, 'Backup codes'));
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), codes.join('\n'));
  await page.getByText('On the wire').click();
  const wire = await page.locator('#wire').textContent();
  assert.match(wire, /POST \/api\/services\/Twilio\/makeBackupCodes[^]*"backupCodes": "•••"/);
  await inTask(page, 'Backup codes', 'I have them').click();
  const html = await page.content();
  for (const each of codes) assert.ok(!html.includes(each), 'they are nowhere on the page any more');
  spare = codes[3];
  await page.close();
});

await check('a login with a backup code, once', async () => {
  const page = await open('#/login');
  await fillIn(page, ada, 'Backup code');
  await press(page, 'Log in');
  await alert(page, 'Backup code is missing.');
  await look(page, 'login-backup-code');
  const typed = spare.toLowerCase().replaceAll('-', ' ');
  await field(page, 'Backup code').last().fill(typed);
  const {text} = await server.message(ada.phone, () => press(page, 'Log in'));
  assert.match(text, /backup code was used/);
  await title(page, 'Your account');
  await openTask(page, 'Sessions');
  await sessions(page).filter({hasText: 'This one'}).filter({hasText: 'by password and backup code'}).waitFor();
  await page.getByText('On the wire').click();
  const wire = await page.locator('#wire').textContent();
  assert.ok(!wire.includes(typed) && !wire.includes(ada.password));
  await press(page, 'Log out');
  await title(page, 'Log in');
  await fillIn(page, ada, 'Backup code');
  await field(page, 'Backup code').last().fill(spare);
  await press(page, 'Log in');
  await alert(page, /error 3003/);
  await page.close();
});

await check('a trusted device: no code, until it is ended', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  await openTask(page, 'Sessions');
  await inTask(page, 'Sessions', 'Trust this device').click();
  await proof(page).getByLabel('Your password').fill(ada.password);
  await proof(page).getByRole('button', {name: 'Confirm with the password'}).click();
  await status(page, 'This device is trusted until');
  await sessions(page).filter({hasText: 'Trusted device'}).waitFor();
  await look(page, 'account-trusted', task(page, 'Sessions'));
  const token = secret(await page.evaluate(() => Object.values(JSON.parse(localStorage.getItem('phoneauth-devices')))[0]));
  assert.match(token, /^[0-9A-F-]{36}$/);
  assert.ok(!(await page.content()).includes(token), 'its token is not shown');
  await press(page, 'Log out');
  await title(page, 'Log in');

  await fillIn(page, ada, 'Password and code');
  await section(page).locator('input[name=password]:visible').fill('not my password');
  await look(page, 'login-trusted-device');
  await press(page, 'Log in');
  await alert(page, /error 3003/);
  assert.equal(await field(page, 'you trust this device').isChecked(), false);
  await button(page, 'Send the code').waitFor();
  await field(page, 'you trust this device').check();
  await section(page).locator('input[name=password]:visible').fill(ada.password);
  await press(page, 'Log in');
  await title(page, 'Your account');
  await openTask(page, 'Sessions');
  await sessions(page).filter({hasText: 'by password and trusted device'}).waitFor();
  await sessions(page).getByRole('button', {name: 'End the trust in'}).click();
  await status(page, 'not trusted any more');
  await press(page, 'Log out');
  await title(page, 'Log in');
  await fillIn(page, ada, 'Password and code');
  await press(page, 'Log in');
  await alert(page, /try it with a code.*error 3003/);
  await look(page, 'login-untrusted');
  const code = await codeAfter(ada.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(code);
  await press(page, 'Log in');
  await title(page, 'Your account');
  await page.close();
});

await check('a forgotten password', async () => {
  const page = await open('#/login'), elsewhere = await open('#/login');
  await logIn(elsewhere, ada);
  await page.getByRole('link', {name: 'Forgotten your password?'}).click();
  await title(page, 'Set a new password');
  await look(page, 'reset');
  await field(page, 'Phone number').fill(ada.phone);
  const code = await codeAfter(ada.phone, () => press(page, 'Send the code'));
  await codeField(page).fill(code);
  await field(page, 'New password').fill('short');
  await press(page, 'Set the password');
  await alert(page, /error 14010/);
  await look(page, 'reset-short-password');
  const old = ada.password;
  ada.password = person().password;
  await field(page, 'New password').fill(ada.password);
  const {text} = await server.message(ada.phone, () => press(page, 'Set the password'));
  assert.match(text, /password was reset/);
  await title(page, 'Log in');
  await status(page, 'Your password is a new one.');
  assert.equal(await field(page, 'Phone number').inputValue(), ada.phone);
  await press(elsewhere, 'Reload');
  await title(elsewhere, 'Log in');
  await fillIn(page, {...ada, password: old}, 'Password and code');
  await field(page, 'you trust this device').uncheck();
  await press(page, 'Send the code');
  await alert(page, /error 3003/);
  await page.evaluate(() => localStorage.clear());
  await logIn(page, ada, 'Password and code');
  for (const each of [page, elsewhere]) await each.close();
});

await check('a forgotten password where a backup code is asked for, too: right, and once', async () => {
  const own = await start('reset', {password_reset: 'code_and_backup_code'});
  const ask = async (path, body, token) => {
    const reply = await post(path, body, token, own);
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body;
  };
  const bob = await register(person(), own);
  const begun = await own.codeFor(bob.phone, () => ask('/services/Twilio/loginWithPhoneNumberAndPassword', {phoneNumber: bob.phone, password: bob.password}));
  const user = await ask('/services/Twilio/loginWithCode', {transactionId: begun.reply.transactionId, code: begun.code});
  const {backupCodes} = await ask('/services/Twilio/makeBackupCodes', {}, secret(user['user-token']));
  backupCodes.forEach(secret);

  const page = await openPage(own.url + '/#/login');
  const beginReset = async () => {
    await page.goto(own.url + '/#/reset');
    await title(page, 'Set a new password');
    await field(page, 'Phone number').fill(bob.phone);
    const {code} = await own.codeFor(bob.phone, () => press(page, 'Send the code'));
    await codeField(page).fill(code);
    await field(page, 'New password').fill(bob.password = person().password);
    return code;
  };
  const enter = async (spare) => {
    await field(page, 'Backup code').fill(spare);
    await press(page, 'Set the password');
  };
  const code = await beginReset();
  await press(page, 'Set the password');
  await alert(page, 'Backup code is missing.');
  await enter('3-AAAA');
  await alert(page, /must have a digit and 16 characters/);
  await enter(backupCodes[3].slice(0, -4) + (backupCodes[3].endsWith('0000') ? '1111' : '0000'));
  await alert(page, /code or the backup code is wrong.*4 tries left.*error 14021/);
  await look(page, 'reset-wrong-backup-code');
  await codeField(page).fill(wrong(code));
  await enter(backupCodes[3]);
  await alert(page, /code or the backup code is wrong.*3 tries left.*error 14021/); // the same: nothing tells which
  await codeField(page).fill(code);
  const {text} = await own.message(bob.phone, () => enter(backupCodes[3].toLowerCase().replaceAll('-', ' ')));
  assert.match(text, /password was reset/);
  await title(page, 'Log in');
  await status(page, 'Your password is a new one.');
  const valid = await fetch(own.url + '/api/users/isvalidusertoken/' + user['user-token']);
  assert.equal(await valid.json(), false, 'all sessions have ended');

  const {password} = bob;
  await beginReset();
  await enter(backupCodes[3]);
  await alert(page, /code or the backup code is wrong.*4 tries left/);
  await page.close();
  const again = await own.codeFor(bob.phone, () => ask('/services/Twilio/loginWithPhoneNumberAndPassword', {phoneNumber: bob.phone, password}));
  await ask('/services/Twilio/loginWithCode', {transactionId: again.reply.transactionId, code: again.code});
  await own.stop();
});

await check('another password; what is stored, to take along', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  await openTask(page, 'Change the password');
  ada.password = person().password;
  await task(page, 'Change the password').getByLabel('New password').fill(ada.password);
  await inTask(page, 'Change the password', 'Change the password').click();
  await status(page, 'Your password is a new one.');
  await look(page, 'account-password');
  const downloading = page.waitForEvent('download');
  await press(page, 'Download my data');
  const download = await downloading;
  assert.equal(download.suggestedFilename(), 'account.json');
  await look(page, 'account-export');
  const data = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.equal(data.user.email, ada.email);
  assert.equal(data.sessions.filter((s) => s.current).length, 1);
  assert.doesNotMatch(JSON.stringify(data), /scrypt|argon|pbkdf|\$/i, 'without what would help to guess');
  await page.close();
});

await check('on a phone', async () => {
  const page = await open('#/login', {viewport: {width: 360, height: 740}});
  await logIn(page, ada);
  for (const name of ['Change the password', 'Change the phone', 'Backup codes', 'Delete', 'Sessions']) {
    await openTask(page, name);
    assert.deepEqual(await page.locator('.task[open] > summary').allInnerTexts(), [await task(page, name).locator('summary').innerText()], 'one task at a time');
    assert.deepEqual(await fits(page), []);
  }
  await sessions(page).first().waitFor();
  assert.deepEqual(await fits(page), []);
  await page.goto(server.url + '/#/reset');
  await title(page, 'Set a new password');
  assert.deepEqual(await fits(page), []);
  await page.close();
});

await check('the end', async () => {
  const page = await open('#/login');
  await logIn(page, ada);
  await openTask(page, 'Delete');
  await task(page, 'Delete').getByText('gone for good').first().waitFor();
  await look(page, 'account-delete', task(page, 'Delete'));
  const {text} = await server.message(ada.phone, () => inTask(page, 'Delete', 'Send a code').click());
  assert.match(text, /DELETE your account/);
  const code = /\b\d{6}\b/.exec(text)[0];
  await codeField(page).fill(wrong(code));
  await press(page, 'Delete the account for good');
  await alert(page, /4 tries left/);
  await look(page, 'account-delete-code', task(page, 'Delete'));
  await codeField(page).fill(code);
  await press(page, 'Delete the account for good');
  await title(page, 'Your phone is your account');
  await status(page, 'Your account is deleted.');
  await look(page, 'start-deleted');
  await page.getByRole('link', {name: 'Account', exact: true}).click();
  await title(page, 'Your account');
  await look(page, 'account-nobody');
  assert.deepEqual(await page.evaluate(() => ({...sessionStorage})), {});
  await register(ada); // their number and address are free
  await page.close();
});

await nothingWasWrong();

await browser.close();
await server.stop();
finish();
