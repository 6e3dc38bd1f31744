// TEST CONFIGURATION, as whoever runs the server has it: phoneauth_server --test, and the operators' route. Each set-up that
// is wrong is told with what to do about it. The page's button is in page.mjs.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import {join} from 'node:path';
import {check, finish, printed, run, scratch, secret, startServer} from './harness.mjs';

const file = (name, text) => {
  writeFileSync(join(scratch, name), text);
  return join(scratch, name);
};
const credentials = {TWILIO_ACCOUNT_SID: 'AC' + '0'.repeat(32), TWILIO_AUTH_TOKEN: 'a secret that only Twilio knows', TWILIO_SENDER: '+15005550006'};
const settings = file('settings.json', JSON.stringify({allowed_calling_codes: ['1', '44']}));

// The lines of a report: "FAILED  sms: …" and the remedy below it.
async function report(args, env = {}) {
  const {status, out, err} = await run(['--test', ...args], {PHONEAUTH_SETTINGS: settings, ...env});
  printed(out + err);
  const findings = {};
  let last;
  for (const line of out.split('\n')) {
    const finding = /^(ok|FAILED|note) +([a-z-]+): (.*)$/.exec(line);
    const remedy = /^ +→ (.*)$/.exec(line);
    if (finding) last = findings[finding[2]] = {verdict: finding[1], message: finding[3], remedy: ''};
    else if (remedy) last.remedy = remedy[1];
  }
  return {status, out, err, findings};
}

// ---- phoneauth_server --test ----

for (const name of ['fine', 'service'])
  await check(`the right set-up: ${name}`, async () => {
    const {status, out, err, findings} = await report(['--fake-twilio', name]);
    assert.equal(status, 0, out + err);
    for (const [check, {verdict, remedy}] of Object.entries(findings)) assert.deepEqual({verdict, remedy}, {verdict: 'ok', remedy: ''}, check);
    assert.deepEqual(Object.keys(findings), ['destinations', 'segments', 'callback', 'region', 'connection', 'clock', 'credentials', 'key',
      'account', 'sender', 'sms', ...(name === 'fine' ? ['mms'] : []), 'countries', 'look-up']);
    assert.match(out, /Nothing stands in the way of sending codes\.$/);
  });

// What is played, which finding tells it, how it is marked, what it says, what it says to do.
const broken = [
  ['wrong-token', 'credentials', 'FAILED', /does not take them/, /^Compare account_sid with auth_token/],
  ['wrong-region', 'credentials', 'FAILED', /does not take them/, /take those of ie1, or leave twilio\.region empty\.$/],
  ['suspended', 'account', 'FAILED', /"suspended"/, /^Look at the account's balance/],
  ['trial', 'trial', 'note', /reach only numbers that are verified with it: \+14155550100\.$/, /^Upgrade the account/],
  ['trial-without-numbers', 'trial', 'FAILED', /and there are none\.$/, /^Upgrade the account/],
  ['standard-key', 'account', 'note', /not known: this API key may not look it up/, /^Look at the account's status/],
  ['restricted-key', 'sender', 'note', /not known: this API key may not look it up/, /^Give the API key the permission/],
  ['foreign-sender', 'sender', 'FAILED', /does not own/, /^Set twilio\.sender to a number/],
  ['sender-without-sms', 'sms', 'FAILED', /cannot send SMS/, /^Set twilio\.sender to a number that can\.$/],
  ['empty-service', 'sender', 'FAILED', /has no senders/, /^Add a number that can send SMS/],
  ['closed-country', 'countries', 'note', /\+44 \(GB\)/, /Geo permissions/],
  ['slow-clock', 'clock', 'note', /\d{3} s behind Twilio's/, /NTP/],
];
for (const [name, finding, verdict, message, remedy] of broken)
  await check(`a broken set-up: ${name}`, async () => {
    const {status, out, findings} = await report(['--fake-twilio', name]);
    assert.equal(findings[finding]?.verdict, verdict, out);
    assert.match(findings[finding].message, message);
    assert.match(findings[finding].remedy, remedy);
    assert.equal(status, verdict === 'FAILED' ? 1 : 0, out);
    assert.equal(Object.values(findings).filter((f) => f.verdict === 'FAILED').length, status, 'nothing else stands in the way');
    if (status === 1) assert.match(out, /Codes cannot be sent: 1 of \d+ checks failed\.$/);
    else assert.match(out, /Nothing stands in the way of sending codes\.$/);
  });

await check('a broken set-up: a host that refuses connections', async () => {
  const unused = net.createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const {port} = unused.address();
  unused.close();
  const {status, out, findings} = await report([], {...credentials, TWILIO_BASE_URL: `http://127.0.0.1:${port}`});
  assert.equal(status, 1, out);
  assert.equal(findings.connection.verdict, 'FAILED');
  assert.match(findings.connection.message, new RegExp(`^127\\.0\\.0\\.1:${port}: The connection was refused`));
  assert.match(findings.connection.remedy, /^See that a server listens at twilio\.base_url/);
  assert.equal(findings.credentials, undefined, 'what cannot be known is left out');
});

await check('a broken set-up: a host that is not there', async () => {
  const {status, out, findings} = await report([], {...credentials, TWILIO_BASE_URL: 'http://nobody.invalid'});
  assert.equal(status, 1, out);
  assert.match(findings.connection.message, /^nobody\.invalid: /);
  assert.match(findings.connection.remedy, /twilio\.base_url/);
});

await check('a broken set-up: Twilio over TLS without its CA certificate', async () => {
  const key = join(scratch, 'key.pem'), certificate = join(scratch, 'certificate.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key,
    '-out', certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'], {stdio: 'ignore'});
  const server = https.createServer({key: readFileSync(key), cert: readFileSync(certificate)}, (request, response) =>
    response.writeHead(401, {'content-type': 'application/json'}).end('{"code":20003,"status":401}'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const env = {...credentials, TWILIO_BASE_URL: `https://localhost:${server.address().port}`};
  const without = await report([], env);
  assert.equal(without.status, 1, without.out);
  assert.equal(without.findings.tls.verdict, 'FAILED');
  assert.match(without.findings.tls.message, /not signed by a trusted authority/);
  assert.match(without.findings.tls.remedy, /^Install the CA certificates of the system .*ca_file/);
  const trusted = await report(['--twilio-ca-file', certificate], env);
  assert.equal(trusted.findings.tls.verdict, 'ok', trusted.out);
  assert.equal(trusted.findings.credentials.verdict, 'FAILED');
  server.close();
  server.closeAllConnections();
});

await check('a broken set-up: a captive portal in the place of Twilio', async () => {
  const server = http.createServer((request, response) => response.writeHead(200, {'content-type': 'text/html'}).end('<html>\x1b[2JLog in'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {status, out, findings} = await report([], {...credentials, TWILIO_BASE_URL: `http://127.0.0.1:${server.address().port}`});
  assert.equal(status, 1, out);
  assert.match(findings.connection.remedy, /What answers there is not Twilio/);
  assert.ok(!out.includes('Log in') && !out.includes('\x1b'), out);
  server.close();
  server.closeAllConnections();
});

await check('the test leaves the storage alone, listens nowhere, and repeats no secret', async () => {
  const before = readdirSync(scratch);
  const busy = net.createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const {status, out, err} = await report(['--fake-twilio', 'fine', '--listen', `127.0.0.1:${busy.address().port}`],
    {PHONEAUTH_STORAGE: `sqlite:${join(scratch, 'untouched.db')}`});
  assert.equal(status, 0, out + err);
  assert.deepEqual(readdirSync(scratch), before);
  assert.ok(!out.includes('fedcba9876543210'), 'the fake Twilio\'s auth token');
  busy.close();
});

await check('wrong options are usage errors as ever', async () => {
  for (const [args, env, expected] of [
    [['--colour'], {}, /--colour: there is no such option/],
    [['--fake-twilio', 'on-fire'], {}, /--fake-twilio or PHONEAUTH_FAKE_TWILIO: expected one of fine, wrong-token/],
    [['--fake-twilio', 'trial'], credentials, /--fake-twilio .*the server plays no Twilio/],
    [[], {TWILIO_AUTH_TOKEN: 'x'}, /twilio\.account_sid/],
  ]) {
    const {status, err} = await report(args, env);
    assert.match(err, expected);
    assert.equal(status, 2);
  }
});

// ---- The operators' route ----

const route = '/operator/test-configuration';
const token = secret('a-token-that-nobody-can-guess');

async function ask(server, authorization, method = 'GET', headers = {}) {
  const reply = await fetch(server.url + route, {method, headers: {...(authorization && {authorization}), ...headers}});
  const text = await reply.text();
  return {status: reply.status, headers: reply.headers, body: text && JSON.parse(text)};
}

async function withServer(args, env, test) {
  const server = await startServer(args, {PHONEAUTH_SETTINGS: settings, ...env});
  try {
    await test(server);
  } finally {
    assert.deepEqual(await server.stop(), {status: 0, signal: null}, `how it stopped; ${server.errors}`);
  }
}

await check('without a token there is no such route', () => withServer([], {}, async (server) => {
  for (const authorization of [undefined, 'Bearer ', `Bearer ${token}`]) {
    const {status, headers} = await ask(server, authorization);
    assert.equal(status, 404);
    assert.equal(headers.get('www-authenticate'), null);
  }
}));

await check('the route is for operators, and for one test in 10 s', () => withServer(['--fake-twilio', 'sender-without-sms'], {PHONEAUTH_OPERATOR_TOKEN: token}, async (server) => {
  for (const wrong of [undefined, 'Bearer', 'Bearer ', `Basic ${token}`, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Bearer  ${token}`, token]) {
    const {status, headers, body} = await ask(server, wrong);
    assert.equal(status, 401, wrong);
    assert.match(headers.get('www-authenticate'), /^Bearer/);
    assert.equal(body.code, 14013);
  }
  assert.equal((await ask(server, undefined, 'GET', {cookie: `token=${token}`})).status, 401);
  const post = await ask(server, `Bearer ${token}`, 'POST');
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET');

  // Several at once: one is served.
  const all = await Promise.all(Array.from({length: 8}, () => ask(server, `bearer ${token}`)));
  const served = all.filter(({status}) => status === 200);
  assert.equal(served.length, 1, all.map(({status}) => status).join());
  for (const {status, headers} of all.filter((each) => each !== served[0])) {
    assert.equal(status, 429);
    const wait = Number(headers.get('retry-after'));
    assert.ok(wait >= 1 && wait <= 10, wait);
  }
  const {headers, body} = served[0];
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.match(headers.get('content-type'), /^application\/json/);
  assert.equal(headers.get('access-control-allow-origin'), null);
  assert.equal(body.ok, false);
  assert.deepEqual(body.findings.filter((f) => !f.ok && f.essential),
    [{check: 'sms', ok: false, essential: true, message: 'The sender cannot send SMS.', remedy: 'Set twilio.sender to a number that can.'}]);
  assert.deepEqual(body.findings.find((f) => f.check === 'sender'),
    {check: 'sender', ok: true, essential: true, message: "The account owns the sender's phone number."});
  assert.ok(!JSON.stringify(body).includes(token));
}));

await check('no page of another origin can use it', () => withServer(['--allow-origin', 'any'], {PHONEAUTH_OPERATOR_TOKEN: token}, async (server) => {
  const asked = await ask(server, undefined, 'OPTIONS', {origin: 'https://evil.example', 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization'});
  assert.equal(asked.status, 405);
  const read = await ask(server, `Bearer ${token}`, 'GET', {origin: 'https://evil.example'});
  for (const {headers} of [asked, read]) assert.equal(headers.get('access-control-allow-origin'), null);
}));

await check('a token from a file', () => withServer(['--operator-token-file', file('token', token + '\n')], {}, async (server) => {
  assert.equal((await ask(server, 'Bearer x')).status, 401);
  assert.equal((await ask(server, `Bearer ${token}`)).status, 200);
  assert.ok(!server.lines.join('\n').includes(token), 'it is not printed');
}));

await check('tokens that are refused, without repeating them', async () => {
  for (const [args, env, expected] of [
    [[], {PHONEAUTH_OPERATOR_TOKEN: 'hunter2'}, /PHONEAUTH_OPERATOR_TOKEN: expected a token of 16 to 256/],
    [[], {PHONEAUTH_OPERATOR_TOKEN: 'hunter2 '.repeat(3)}, /PHONEAUTH_OPERATOR_TOKEN: expected/],
    [['--operator-token-file', file('short', 'hunter2\n')], {}, /--operator-token-file or PHONEAUTH_OPERATOR_TOKEN_FILE: expected/],
    [['--operator-token-file', join(scratch, 'none')], {}, /--operator-token-file .*cannot be read/],
    [['--operator-token-file', file('empty', '')], {}, /--operator-token-file .*is empty/],
    [['--operator-token-file', file('token', token)], {PHONEAUTH_OPERATOR_TOKEN: token}, /--operator-token-file .*set one of them/],
    [['--operator-token', 'x'], {}, /--operator-token: there is no such option/],
  ]) {
    const {status, err} = await run(args, env);
    assert.match(err, expected);
    assert.equal(status, 2);
    assert.ok(!err.includes('hunter2') && !err.includes(token), err);
  }
});

finish();
