// A whole journey with the client that openapi-typescript and openapi-fetch make of the server's openapi.json: that it
// compiles shows that what applications need is described.

import createClient from 'openapi-fetch';
import type {components, paths} from './api.js';

export interface Person { phone: string; email: string; password: string; }

// The code of the message to `phone` that `send` leads to.
export type CodeFor = <T>(phone: string, send: () => Promise<T>) => Promise<{reply: T; code: string}>;

type User = components['schemas']['User'];
type Challenge = components['schemas']['Challenge'];

function same<T>(is: T, wanted: T, what: string): void {
  if (is !== wanted) throw new Error(`${what}: ${String(is)}, not ${String(wanted)}`);
}

async function done<T>(result: Promise<{data?: T; error?: components['schemas']['Error']}>): Promise<T> {
  const {data, error} = await result;
  if (error) throw new Error(`${error.code} ${error.message}`);
  if (data === undefined) throw new Error('no data');
  return data;
}

function isChallenge(reply: Challenge | User): reply is Challenge { return 'resendAfter' in reply; }

export function connect(baseUrl: string, codeFor: CodeFor) {
  const client = createClient<paths>({baseUrl});
  const as = (token: string) => ({headers: {'user-token': token}});

  async function register({phone: phoneNumber, email, password}: Person): Promise<User> {
    const step1 = await codeFor(phoneNumber, () => done(client.POST('/users/register', {body: {phoneNumber}})));
    if (!isChallenge(step1.reply)) throw new Error('step 1 makes no user');
    const {transactionId} = step1.reply;
    const again = await codeFor(phoneNumber, () => done(client.POST('/services/Twilio/resendCode', {body: {transactionId}})));
    same(again.reply.transactionId, transactionId, 'the transaction');
    const status = await done(client.POST('/services/Twilio/transactionStatus', {body: {transactionId}}));
    same(status.state, 'pending', 'the state');
    same(status.triesLeft, 5, 'tries');
    const wrong = again.code === '000000' ? '111111' : '000000';
    const refused = await client.POST('/users/register', {body: {phoneNumber, email, password, transactionId, transactionCode: wrong}});
    same(refused.error?.code, 14021, 'the error');
    same(refused.error?.errorData.triesLeft, 4, 'tries');
    const user = await done(client.POST('/users/register', {body: {phoneNumber, email, password, transactionId, transactionCode: again.code, shoe: 38}}));
    if (isChallenge(user)) throw new Error('step 2 makes a user');
    same(user.email, email, 'the identity');
    same(user.shoe, 38, 'a property of the application');
    return user;
  }

  async function logIn({phone: phoneNumber, password}: Person): Promise<string> {
    const step1 = await codeFor(phoneNumber, () => done(client.POST('/services/Twilio/loginWithPhoneNumberAndPassword', {body: {phoneNumber, password}})));
    const body = {transactionId: step1.reply.transactionId, code: step1.code};
    return (await done(client.POST('/services/Twilio/loginWithCode', {body})))['user-token'];
  }

  async function journey(person: Person, newPassword: string): Promise<void> {
    const {phone: phoneNumber} = person;
    const isValid = (token: string) => done(client.GET('/users/isvalidusertoken/{token}', {params: {path: {token}}}));
    const {objectId} = await register(person);
    const token = await logIn(person);
    same(await isValid(token), true, 'validity');
    const params = {path: {objectId}};
    same((await done(client.GET('/data/Users/{objectId}', {params, ...as(token)}))).objectId, objectId, 'the user');
    same((await done(client.PUT('/users/{objectId}', {params, body: {name: 'Ada'}, ...as(token)}))).name, 'Ada', 'the name');
    const sent = await done(client.POST('/services/Twilio/sendMessage', {body: {phoneNumber, message: 'Hello', options: {ValidityPeriod: 600}}, ...as(token)}));
    same(/^SM/.test(sent.sid), true, 'a message');
    await done(client.GET('/users/logout', as(token)));
    same(await isValid(token), false, 'validity after the logout');
    const reset = await codeFor(phoneNumber, () => done(client.POST('/services/Twilio/restorePassword', {body: {phoneNumber}})));
    await done(client.POST('/services/Twilio/resetPassword', {body: {transactionId: reset.reply.transactionId, code: reset.code, password: newPassword}}));
    const late = await client.POST('/services/Twilio/loginWithPhoneNumberAndPassword', {body: {phoneNumber, password: person.password}});
    same(late.error?.code, 3003, 'the former password');
    await logIn({...person, password: newPassword});
  }

  // What else there is.
  async function everythingElse(person: Person, newPhone: string): Promise<void> {
    const {phone: phoneNumber, email: login, password} = person;
    same((await done(client.GET('/health'))).status, 'ok', 'health');
    await done(client.GET('/info'));
    same((await done(client.GET('/users/userclassprops'))).some(({identity}) => identity), true, 'an identity');
    await register(person);
    const begun = await codeFor(phoneNumber, () => done(client.POST('/services/Twilio/loginWithPhoneNumber', {body: {phoneNumber}})));
    const confirm = ({reply, code}: {reply: Challenge; code: string}) => ({body: {transactionId: reply.transactionId, code}});
    await done(client.POST('/services/Twilio/loginWithCode', confirm(begun)));
    await codeFor(phoneNumber, () => done(client.GET('/users/restorepassword/{identity}', {params: {path: {identity: login}}})));
    await done(client.POST('/users/login', {body: {login, password}}));
    const own = as(await logIn(person));

    const step = await codeFor(phoneNumber, () => done(client.POST('/services/Twilio/stepUp', {body: {captcha: 'x'}, ...own})));
    await done(client.POST('/services/Twilio/confirmStepUp', {...confirm(step), ...own}));
    await done(client.POST('/services/Twilio/confirmPassword', {body: {password}, ...own}));
    const {deviceToken} = await done(client.POST('/services/Twilio/trustDevice', own));
    await done(client.POST('/services/Twilio/loginWithTrustedDevice', {body: {phoneNumber, password, deviceToken}}));
    const [backupCode = ''] = (await done(client.POST('/services/Twilio/makeBackupCodes', own))).backupCodes;
    await done(client.POST('/services/Twilio/loginWithBackupCode', {body: {phoneNumber, password, backupCode}}));

    const sessions = await done(client.GET('/users/sessions', own));
    const other = sessions.find(({current, kind}) => !current && kind === 'login');
    await done(client.DELETE('/users/sessions/{id}', {params: {path: {id: other?.id ?? ''}}, ...own}));
    same((await done(client.DELETE('/users/sessions', own))).ended > 0, true, 'ended sessions');
    same((await done(client.GET('/users/export', own))).user.email, login, 'the account');

    const topic = await codeFor(newPhone, () => done(client.POST('/services/Twilio/verifyPhoneNumber', {body: {phoneNumber: newPhone, topic: 'pay'}})));
    same((await done(client.POST('/services/Twilio/confirmVerification', confirm(topic)))).topic, 'pay', 'the topic');
    const change = await codeFor(newPhone, () => done(client.POST('/services/Twilio/changePhoneNumber', {body: {phoneNumber: newPhone}, ...own})));
    same((await done(client.POST('/services/Twilio/confirmPhoneNumber', {...confirm(change), ...own}))).phoneNumber, newPhone, 'the phone');
    const end = await codeFor(newPhone, () => done(client.POST('/services/Twilio/deleteAccount', {body: {}, ...own})));
    await done(client.POST('/services/Twilio/confirmDeletion', {...confirm(end), ...own}));
  }

  return {journey, everythingElse};
}
