// The genuine Backendless JavaScript SDK, four major versions of it, against the example server, under the root with
// application id and API key and, where the version knows it, under the root of the SDK's domain mode; on any storage.

import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join} from 'node:path';
import {apiKey, appId, check, finish, person, scratch, secret, startServer, wrong} from './harness.mjs';

const require = createRequire(import.meta.url);
const phoneArguments = {string: (p) => p, object: (p) => ({phoneNumber: p}), array: (p) => [p]};

function load(name) {
  const loaded = require(name);
  return {version: require(`${name}/package.json`).version, Backendless: loaded.default ?? loaded};
}

// The error that `promise` is rejected with, after a look at what the SDK made of it.
async function refused(promise, code) {
  const error = await promise.then(() => assert.fail(`resolved; expected error ${code}`), (e) => e);
  assert.equal(error.code, code, `code of: ${error.message}`);
  assert.equal(typeof error.message, 'string');
  assert.ok(error.message.length > 10, error.message);
  return error;
}

// Makes a login's reply the current user, in the way that each version offers.
function setCurrentUser({Users, LocalCache}, user) {
  secret(user?.['user-token']);
  if (Users.setCurrentUser) return Users.setCurrentUser(user);
  if (Users.setLocalCurrentUser) return Users.setLocalCurrentUser(user);
  LocalCache.set('stayLoggedIn', Boolean(user));
  LocalCache.set('user-token', user?.['user-token'] ?? '');
  LocalCache.set('current-user-id', user?.objectId ?? '');
}

async function journey(Backendless, title, server) {
  const twilio = (method, args) => Backendless.CustomServices.invoke('Twilio', method, args);
  const test = (name, body) => check(`${title}: ${name}`, body);
  const {phone, email, password} = person();
  let transactionId, code, user;

  await test('registration, step 1', async () => {
    const sent = await server.codeFor(phone, () => Backendless.Users.register({phoneNumber: phone}));
    ({transactionId} = sent.reply);
    code = sent.code;
    assert.match(transactionId, /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  });
  await test('registration with a wrong code', async () => {
    const attempt = {email, password, phoneNumber: phone, transactionId, transactionCode: wrong(code)};
    const error = await refused(Backendless.Users.register(attempt), 14021);
    if (error.body) assert.equal(error.body.errorData.triesLeft, 4); // versions before 6 keep only code and message
  });
  await test('registration with another phone number', () => refused(Backendless.Users.register(
    {email, password, phoneNumber: person().phone, transactionId, transactionCode: code}), 14026));
  await test('registration with a bad email', () => refused(Backendless.Users.register(
    {email: 'nobody', password, phoneNumber: phone, transactionId, transactionCode: code}), 3040));
  await test('registration without a password', () => refused(Backendless.Users.register(
    {email, phoneNumber: phone, transactionId, transactionCode: code}), 3011));
  await test('registration, step 2', async () => {
    const made = await Backendless.Users.register(
      {email, password, phoneNumber: phone, transactionId, transactionCode: code, name: 'Ada', tags: ['a', {b: 1}]});
    assert.equal(made.constructor.name, 'User');
    assert.equal(made.email, email);
    assert.equal(made.phoneNumber, phone);
    assert.equal(made.name, 'Ada');
    assert.deepEqual(made.tags, ['a', {b: 1}]);
    assert.equal(made.userStatus, 'ENABLED');
    assert.equal(made.___class, 'Users');
    assert.equal(made.ownerId, made.objectId);
    assert.equal(made.updated, null);
    assert.ok(Math.abs(made.created - Date.now()) < 60_000, `created ${made.created}`);
    for (const name of ['password', 'transactionId', 'transactionCode', 'user-token']) assert.ok(!(name in made), name);
  });
  await test('a used code', () => refused(Backendless.Users.register(
    {email, password, phoneNumber: phone, transactionId, transactionCode: code}), 14023));
  await test('a bad phone number', () => refused(Backendless.Users.register({phoneNumber: '12'}), 14001));
  await test('an empty argument', () => refused(twilio('loginWithPhoneNumber', undefined), 8007));

  for (const [form, argument] of Object.entries(phoneArguments)) {
    if (form === 'string' && title.startsWith('5.')) continue; // takes a string for the execution type
    await test(`login with a code, ${form} argument`, async () => {
      const sent = await server.codeFor(phone, () => twilio('loginWithPhoneNumber', argument(phone)));
      const id = sent.reply.transactionId;
      await refused(twilio('loginWithCode', {transactionId: id, code: wrong(sent.code)}), 14021);
      user = await twilio('loginWithCode', form === 'array' ? [id, sent.code] : {transactionId: id, code: sent.code});
      assert.equal(user.email, email);
      assert.equal(user.___jsonclass, 'Users');
      assert.equal(user.socialAccount, 'BACKENDLESS');
      assert.match(user['user-token'], /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
      assert.ok(Number.isInteger(user.lastLogin));
      await refused(twilio('loginWithCode', {transactionId: id, code: sent.code}), 14023);
    });
  }
  for (const [form, args] of Object.entries({object: {phoneNumber: phone, password}, array: [phone, password]})) {
    await test(`login with password and code, ${form} argument`, async () => {
      const sent = await server.codeFor(phone, () => twilio('loginWithPhoneNumberAndPassword', args));
      user = await twilio('loginWithCode', {transactionId: sent.reply.transactionId, code: sent.code});
      assert.equal(user.phoneNumber, phone);
    });
  }
  await test('a wrong password', async () => {
    const error = await refused(twilio('loginWithPhoneNumberAndPassword', {phoneNumber: phone, password: 'not this one'}), 3003);
    assert.equal(error.status, 401);
  });
  await test('an unknown phone is not told from a known one', async () => {
    const reply = await twilio('loginWithPhoneNumber', {phoneNumber: person().phone});
    assert.deepEqual(Object.keys(reply).sort(), ['expiresAt', 'resendAfter', 'transactionId']);
    await refused(twilio('loginWithCode', {transactionId: reply.transactionId, code: '000000'}), 14021);
  });
  await test('login with the identity alone is off', () => refused(Backendless.Users.login(email, password), 3034));
  await test('an unknown operation', () => refused(twilio('makeCoffee', {}), 14004));
  await test('a password to be restored', async () => {
    assert.match((await refused(Backendless.Users.restorePassword(email), 14015)).message, /disabled/);
  });
  await test('sendMessage without a session', () => refused(twilio('sendMessage', {phoneNumber: phone, message: 'no'}), 3064));

  await test('the reply of a login becomes the current user', async () => {
    setCurrentUser(Backendless, user);
    assert.equal((await Backendless.Users.getCurrentUser()).objectId, user.objectId);
    assert.equal(await Backendless.Users.isValidLogin(), true);
  });
  await test('the user, loaded again', async () => {
    const again = await (Backendless.Users.setCurrentUser ? Backendless.Users.getCurrentUser(true)
      : Backendless.Data.of('Users').findById(user.objectId));
    assert.equal(again.email, email);
  });
  await test('update of one property', async () => {
    const changed = await Backendless.Users.update({objectId: user.objectId, name: 'Ada L.'});
    assert.equal(changed.name, 'Ada L.');
    assert.ok(Number.isInteger(changed.updated));
  });
  await test('update with the whole user, as applications do', async () => {
    const current = await Backendless.Users.getCurrentUser();
    current.name = 'Countess';
    assert.equal((await Backendless.Users.update(current)).name, 'Countess');
  });
  await test('update of somebody else', () => refused(Backendless.Users.update(
    {objectId: '00000000-0000-0000-0000-000000000000', name: 'x'}), 14013));
  await test('describeUserClass', async () => {
    const properties = await Backendless.Users.describeUserClass();
    const identity = properties.find((p) => p.identity);
    assert.equal(identity.name, 'email');
    assert.ok(properties.some((p) => p.name === 'phoneNumber'));
  });
  await test('sendMessage, object argument', async () => {
    const {reply, text} = await server.message('+15005550006', () => twilio('sendMessage',
      {phoneNumber: '+15005550006', message: 'Grüße 👋', mediaUrl: 'https://example.com/a.png', options: {ValidityPeriod: 600}}));
    assert.match(reply.sid, /^(SM|MM)[0-9a-f]{32}$/i);
    assert.equal(reply.to, '+15005550006');
    assert.equal(reply.body, 'Grüße 👋');
    assert.match(text, /Grüße 👋/);
  });
  await test('sendMessage, array argument with nulls', async () => {
    const {reply} = await server.message('+15005550006', () => twilio('sendMessage', ['+15005550006', 'hello', null, null]));
    assert.equal(reply.body, 'hello');
  });
  await test('sendMessage with an http media URL', () => refused(twilio('sendMessage',
    {phoneNumber: '+15005550006', message: 'x', mediaUrl: 'http://example.com/a.png'}), 14003));
  await test('sendMessage that Twilio refuses', async () => {
    const error = await refused(twilio('sendMessage', {phoneNumber: '+15005550004', message: 'x'}), 14030);
    if (error.body) assert.equal(error.body.errorData.twilioCode, 21610);
  });
  await test('logout', async () => {
    await Backendless.Users.logout();
    setCurrentUser(Backendless, user);
    assert.equal(await Backendless.Users.isValidLogin(), false);
    await refused(Backendless.Users.update({objectId: user.objectId, name: 'x'}), 3064);
    setCurrentUser(Backendless, null);
  });
}

console.error = () => {}; // the SDK prints it, at length, when its question for the application's info is refused
// One client for all that four versions do.
const settings = join(scratch, 'settings.json');
writeFileSync(settings, '{"max_sends_per_client_and_hour": 0, "max_sends_per_phone_and_hour": 100}');
const server = await startServer(['--settings', settings]);
for (const name of ['backendless', 'backendless-6', 'backendless-5', 'backendless-4']) {
  const {version, Backendless} = load(name);
  Backendless.serverURL = server.url;

  await check(`${version}: a wrong API key`, async () => {
    Backendless.initApp(appId, apiKey.replace('F', '0'));
    await Backendless.appInfoPromise?.().catch(() => {});
    await refused(Backendless.Users.register({phoneNumber: '+15005550006'}), 2002);
  });

  Backendless.initApp(appId, apiKey);
  await check(`${version}: info`, async () => {
    if (!Backendless.appInfoPromise) return;
    const info = await Backendless.appInfoPromise(true);
    assert.deepEqual(info, {appId, apiKey, rtURL: '', loggers: []});
  });
  await check(`${version}: a server URL that ends in a slash`, async () => {
    Backendless.serverURL = `${server.url}/`;
    Backendless.initApp(appId, apiKey);
    assert.ok((await Backendless.Users.describeUserClass()).some((p) => p.identity));
  });
  Backendless.serverURL = server.url;
  Backendless.initApp(appId, apiKey);
  await journey(Backendless, `${version}, keys`, server);
  if (!('domain' in Backendless)) continue; // versions before 6.1 have no domain mode
  Backendless.initApp(server.url);
  await journey(Backendless, `${version}, domain`, server);
}
await check('the server stops cleanly', async () => assert.deepEqual(await server.stop(), {status: 0, signal: null}));
finish();
