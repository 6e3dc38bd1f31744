// The example server from outside: its command line, its start and stop, its storages, raw HTTP, and a Twilio of our own.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {apiKey, appId, check, codeKey, finish, person, program, run, scratch, secret, secretIn, skip, startServer, storages, within} from './harness.mjs';

const file = (name, text) => {
  writeFileSync(join(scratch, name), text);
  return join(scratch, name);
};

// ---- Twilio, as far as a test needs it ----

const account = 'AC' + '0'.repeat(32);
const authToken = 'a secret that only Twilio knows';

// Answers each request with what `answer` returns or resolves to: {status, body}.
async function twilio(answer, tls) {
  const requests = [];
  let arrived;
  const first = new Promise((resolve) => { arrived = resolve; });
  const handler = async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    requests.push({method: request.method, url: request.url, headers: request.headers, form: new URLSearchParams(body)});
    secretIn(requests.at(-1).form.get('Body') ?? '');
    arrived();
    const {status, headers = {}, body: reply} = await answer(requests.at(-1));
    response.writeHead(status, {'content-type': 'application/json', ...headers}).end(JSON.stringify(reply));
  };
  const server = tls ? https.createServer(tls, handler) : http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`;
  return {
    url, requests, first,
    env: {TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: authToken, TWILIO_SENDER: '+15005550006', TWILIO_BASE_URL: url},
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const created = (form) => ({status: 201, body: {
  sid: 'SM' + '1'.repeat(32), to: form.get('To'), body: form.get('Body'), status: 'queued', error_code: null, num_segments: '1'}});

async function withServer(args, env, test) {
  const server = await startServer(args, env);
  try {
    await test(server);
  } finally {
    assert.deepEqual(await server.stop(), {status: 0, signal: null}, `how it stopped; ${server.errors}`);
  }
}

async function post(server, path, body, headers = {}) {
  const response = await fetch(server.url + path, {method: 'POST', body, headers});
  const reply = await response.json();
  secret(reply?.['user-token']);
  return {status: response.status, headers: response.headers, body: reply};
}
const postJson = (server, path, body, headers = {}) =>
  post(server, path, JSON.stringify(body), {'content-type': 'application/json', ...headers});

// A TLS-free connection, bytes in and bytes out.
function connect(server) {
  const {hostname, port} = new URL(server.url);
  const socket = net.connect(port, hostname);
  socket.setEncoding('utf8');
  let received = '', look = () => {};
  socket.on('data', (data) => {
    received += data;
    look();
  });
  const closed = once(socket, 'close');
  return {
    socket,
    send: (text) => socket.write(text),
    until: (pattern) => within(new Promise((resolve) => {
      look = () => {
        const match = pattern.exec(received);
        if (!match) return;
        received = received.slice(match.index + match[0].length);
        resolve(match);
      };
      look();
    }), `bytes like ${pattern}`),
    closed: () => within(closed, 'end of the connection').then(() => received),
  };
}

// ---- Command line ----

const names = {
  flags: ['--listen', '--threads', '--max-connections',
    '--max-connections-per-address', '--max-requests', '--hosts', '--app-id', '--storage', '--settings', '--send-message', '--twilio-account-sid', '--twilio-api-key',
    '--twilio-sender', '--twilio-base-url', '--twilio-ca-file', '--help'],
  variables: ['PHONEAUTH_LISTEN', 'PHONEAUTH_THREADS', 'PHONEAUTH_MAX_CONNECTIONS',
    'PHONEAUTH_MAX_CONNECTIONS_PER_ADDRESS', 'PHONEAUTH_MAX_REQUESTS', 'PHONEAUTH_HOSTS', 'PHONEAUTH_APP_ID', 'PHONEAUTH_API_KEY', 'PHONEAUTH_CODE_KEY', 'PHONEAUTH_STORAGE',
    'PHONEAUTH_SETTINGS', 'PHONEAUTH_SEND_MESSAGE', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_API_KEY', 'TWILIO_API_SECRET',
    'TWILIO_SENDER', 'TWILIO_BASE_URL', 'TWILIO_CA_FILE'],
};

await check('--help names every option and its default', async () => {
  const {status, out} = await run(['--help']);
  assert.equal(status, 0);
  for (const name of [...names.flags, ...names.variables]) assert.ok(out.includes(name), name);
  assert.match(out, /default: 127\.0\.0\.1:8080/);
});

const sid = {TWILIO_ACCOUNT_SID: account, TWILIO_SENDER: '+15005550006'};
const bad = [
  ['an unknown option', ['--colour', 'red'], {}, /--colour: there is no such option/],
  ['a secret as an option', ['--api-key', 'x'], {}, /--api-key: there is no such option/],
  ['no value', ['--listen'], {}, /--listen: a value is missing/],
  ['no port', ['--listen', '127.0.0.1'], {}, /--listen or PHONEAUTH_LISTEN: expected an IP address and a port/],
  ['a host name', ['--listen', 'example.com:80'], {}, /--listen/],
  ['a port beyond the range', ['--listen=127.0.0.1:65536'], {}, /--listen/],
  ['no threads', [], {PHONEAUTH_THREADS: '0'}, /PHONEAUTH_THREADS: expected 1 to 256/],
  ['more connections than can be', ['--max-connections', '1000001'], {}, /--max-connections or PHONEAUTH_MAX_CONNECTIONS: expected 1 to 1000000/],
  ['no request at all', [], {PHONEAUTH_MAX_REQUESTS: '0'}, /PHONEAUTH_MAX_REQUESTS: expected 1 to 1000000/],
  ['no host', ['--hosts', ','], {}, /--hosts or PHONEAUTH_HOSTS: expected names/],
  ['a key that is no part of a URL', [], {PHONEAUTH_API_KEY: 'a/b'}, /PHONEAUTH_API_KEY: expected/],
  ['another storage', ['--storage', 'mysql://127.0.0.1/'], {}, /--storage or PHONEAUTH_STORAGE: expected memory, sqlite:FILE, postgres:/],
  ['PostgreSQL without a code key', ['--storage', 'postgres://127.0.0.1:1/x'], {}, /code_keys \(PHONEAUTH_CODE_KEY\): is empty/],
  ['Redis without a code key', ['--storage', 'redis://127.0.0.1:1/0'], {}, /code_keys \(PHONEAUTH_CODE_KEY\): is empty/],
  ['nobody known may send', ['--send-message', 'everyone'], {}, /--send-message.*session, key or off/],
  ['settings that are not there', ['--settings', join(scratch, 'none.json')], {}, /--settings or PHONEAUTH_SETTINGS: the file cannot be read/],
  ['settings that are not JSON', ['--settings', file('bad.json', '{')], {}, /bad\.json: .*not valid JSON/],
  ['a setting that does not exist', ['--settings', file('unknown.json', '{"code_digit": 6}')], {}, /code_digit: there is no setting/],
  ['a setting beyond its range', ['--settings', file('range.json', '{"code_digits": 4}')], {}, /code_digits: is 4; expected 6 to 9/],
  ['an account without credentials', [], sid, /twilio\.auth_token \(TWILIO_AUTH_TOKEN\)/],
  ['an API key without its secret', [], {...sid, TWILIO_API_KEY: 'SK' + '0'.repeat(32)}, /twilio\.api_secret \(TWILIO_API_SECRET\)/],
  ['credentials without an account', [], {TWILIO_AUTH_TOKEN: 'x'}, /twilio\.account_sid \(--twilio-account-sid\)/],
  ['no sender', [], {TWILIO_ACCOUNT_SID: account, TWILIO_AUTH_TOKEN: 'x'}, /twilio\.sender \(--twilio-sender\)/],
  ['a base URL alone', [], {TWILIO_BASE_URL: 'http://127.0.0.1:1'}, /twilio\.account_sid/],
  ['certificates that are not there', ['--twilio-ca-file', join(scratch, 'none.pem')], {}, /--twilio-ca-file or TWILIO_CA_FILE/],
];
for (const [name, args, env, expected] of bad)
  await check(`refused: ${name}`, async () => {
    const {status, err} = await run(['--listen', '127.0.0.1:0', ...args], env);
    assert.match(err, expected);
    assert.equal(status, 2);
  });

await check('refused: a code key that is too short, without repeating it', async () => {
  const {status, err} = await run([], {PHONEAUTH_CODE_KEY: 'hunter2'});
  assert.equal(status, 2);
  assert.match(err, /code_keys \(PHONEAUTH_CODE_KEY\): .*32 to 256/);
  assert.ok(!err.includes('hunter2'));
});

await check('every problem is listed', async () => {
  const {status, err} = await run(['--listen', 'x', '--storage', 'y'], {PHONEAUTH_THREADS: 'z', TWILIO_API_KEY: 'w'});
  assert.equal(status, 2);
  for (const name of ['--listen', '--storage', '--threads', 'twilio.account_sid', 'twilio.api_key', 'twilio.sender'])
    assert.ok(err.includes(name), `${name} in ${err}`);
});

await check('an address that is in use', () => withServer([], {}, async (server) => {
  const {status, err} = await run(['--listen', new URL(server.url).host]);
  assert.equal(status, 1);
  assert.match(err, /127\.0\.0\.1:\d+.*in use/i);
}));

await check('an option counts more than the environment', () =>
  withServer(['--app-id', 'from-the-option'], {PHONEAUTH_APP_ID: 'from-the-environment', PHONEAUTH_LISTEN: 'nonsense'}, async (server) => {
    const info = await (await fetch(`${server.url}/from-the-option/${apiKey}/info`)).json();
    assert.equal(info.appId, 'from-the-option');
  }));

await check('without ids it makes some up and prints them', () =>
  withServer([], {PHONEAUTH_APP_ID: '', PHONEAUTH_API_KEY: ''}, async (server) => {
    const text = server.lines.join('\n');
    const id = /application id:\s+(\S+)/.exec(text)[1];
    const key = /API key:\s+(\S+)/.exec(text)[1];
    assert.deepEqual(await (await fetch(`${server.url}/${id}/${key}/info`)).json(), {appId: id, apiKey: key, rtURL: '', loggers: []});
    assert.match(text, /No Twilio credentials/);
  }));

await check('a key that was given is not printed', () => withServer([], {}, async (server) => {
  assert.ok(!server.lines.join('\n').includes(apiKey));
}));

// ---- Storages ----

// The steps of a person's registration and login, each on any server.
const startRegistration = (server, who) => server.codeFor(who.phone, async () => {
  const {status, body} = await postJson(server, '/api/users/register', {phoneNumber: who.phone});
  assert.equal(status, 200, JSON.stringify(body));
  return body;
});
const register = async (server, who, {reply: {transactionId}, code}) => {
  const {status, body} = await postJson(server, '/api/users/register',
    {phoneNumber: who.phone, email: who.email, password: who.password, transactionId, transactionCode: code});
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};
const startLogin = (server, who) => server.codeFor(who.phone, async () => {
  const {status, body} = await post(server, '/api/services/Twilio/loginWithPhoneNumber', who.phone);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
});
const logIn = async (server, {reply: {transactionId}, code}) => {
  const {status, body} = await postJson(server, '/api/services/Twilio/loginWithCode', {transactionId, code});
  assert.equal(status, 200, JSON.stringify(body));
  return body;
};

for (const [name, url] of Object.entries(storages)) {
  if (name === 'memory') continue;
  if (!url) {
    skip(`a server on ${name}`);
    continue;
  }
  const env = {PHONEAUTH_STORAGE: url, ...(name !== 'sqlite' && {PHONEAUTH_CODE_KEY: codeKey})};
  const who = person();
  await check(`${name}: what one server begins another ends`, () => withServer([], env, (one) => withServer([], env, async (two) => {
    const user = await register(two, who, await startRegistration(one, who));
    const {objectId, 'user-token': token} = await logIn(one, await startLogin(two, who));
    assert.equal(objectId, user.objectId);
    assert.equal(await (await fetch(`${two.url}/api/users/isvalidusertoken/${token}`)).json(), true);
  })));
  await check(`${name}: users, sessions and codes survive SIGKILL`, async () => {
    const killed = await startServer([], env);
    const other = person();
    const user = await register(killed, other, await startRegistration(killed, other));
    const {'user-token': token} = await logIn(killed, await startLogin(killed, other));
    const pending = await startLogin(killed, other);
    await killed.stop('SIGKILL');
    await withServer([], env, async (server) => {
      assert.equal((await logIn(server, pending)).objectId, user.objectId);
      assert.equal(await (await fetch(`${server.url}/api/users/isvalidusertoken/${token}`)).json(), true);
      await logIn(server, await startLogin(server, who));
    });
  });
}

// The database's own end, on a server of its own.
for (const name of ['postgres', 'redis'].filter((each) => storages[each]))
  await check(`${name} is killed and comes back: the server says so meanwhile and goes on`, async () => {
    const folder = join(scratch, name);
    const database = (command, ...options) => execFileSync(fileURLToPath(new URL(`../scripts/${name}.sh`, import.meta.url)),
      [command, folder, ...options], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']}).trim();
    chmodSync(scratch, 0o711); // PostgreSQL may run as another user
    const url = database('start', ...(name === 'redis' ? ['--appendonly', 'yes', '--appendfsync', 'always'] : []));
    try {
      await withServer([], {PHONEAUTH_STORAGE: url, PHONEAUTH_CODE_KEY: codeKey}, async (server) => {
        const who = person();
        const user = await register(server, who, await startRegistration(server, who));
        database('kill');
        const {status, body} = await postJson(server, '/api/users/register', {phoneNumber: person().phone});
        assert.equal(status, 503, JSON.stringify(body));
        assert.equal(body.code, 14060);
        database('restart');
        // A database that is back within the pause after an attempt to reach it has not been noticed yet.
        const other = person();
        const down = async () => (await postJson(server, '/api/users/register', {phoneNumber: other.phone})).status === 503;
        await within((async () => { while (await down()); })(), `answer of ${name}`);
        assert.equal((await logIn(server, await startLogin(server, who))).objectId, user.objectId);
      });
    } finally {
      database('stop');
    }
  });

await check('without a storage it uses a file beside the program', async () => {
  const folder = join(scratch, 'beside');
  mkdirSync(folder);
  const copy = join(folder, 'server');
  copyFileSync(program, copy);
  const server = await startServer([], {PHONEAUTH_STORAGE: ''}, copy);
  assert.ok(server.lines.includes(`storage: sqlite:${join(folder, 'phoneauth.db')}`), server.lines.join('\n'));
  assert.deepEqual(await server.stop(), {status: 0, signal: null});
  assert.deepEqual(readdirSync(folder).sort(), ['phoneauth.db', 'phoneauth.db.key', 'server']);

  rmSync(join(folder, 'phoneauth.db'));
  mkdirSync(join(folder, 'phoneauth.db'));
  const {status, err} = await run([], {PHONEAUTH_STORAGE: ''}, copy);
  assert.match(err, /phoneauth\.db: .*name another storage with --storage or PHONEAUTH_STORAGE/);
  assert.equal(status, 1);
});
if (storages.postgres)
  await check('the password of a URL is not printed', () => withServer([], // any will do there
    {PHONEAUTH_STORAGE: storages.postgres.replace('@', ':hunter2@'), PHONEAUTH_CODE_KEY: codeKey}, (server) => {
      assert.ok(server.lines.includes('storage: postgres'), server.lines.join('\n'));
      assert.ok(!server.lines.join('\n').includes('hunter2'));
    }));

await check('the code key\'s file: one for ten servers that start at once, and its owner\'s only', async () => {
  const database = join(scratch, 'ten.db');
  const servers = await Promise.all(Array.from({length: 10}, () => startServer(['--storage', `sqlite:${database}`])));
  for (const server of servers) {
    const who = person();
    const {reply: {transactionId}, code} = await startRegistration(servers[0], who);
    const {body} = await postJson(server, '/api/users/register',
      {phoneNumber: who.phone, email: 'nobody', password: who.password, transactionId, transactionCode: code});
    assert.equal(body.code, 3040, 'the email is wrong and the code is not');
  }
  await Promise.all(servers.map((server) => server.stop()));
  assert.deepEqual(readdirSync(scratch).filter((name) => name.startsWith('ten.db')).sort(), ['ten.db', 'ten.db.key']);
  assert.equal(statSync(database + '.key').mode & 0o777, 0o600);
});
await check('a code key that was given is not kept', () => {
  const database = join(scratch, 'given.db');
  return withServer(['--storage', `sqlite:${database}`], {PHONEAUTH_CODE_KEY: codeKey}, () => assert.ok(!existsSync(database + '.key')));
});

// Changes a copy of a good database, or its key.
async function spoiled(name, spoil) {
  const database = join(scratch, name);
  await withServer(['--storage', `sqlite:${database}`], {}, () => {});
  spoil(database);
  return `sqlite:${database}`;
}
const newer = (database) => {
  const bytes = readFileSync(database);
  bytes.writeUInt32BE(99, 60); // user_version: https://www.sqlite.org/fileformat.html
  writeFileSync(database, bytes);
};
for (const [name, url, expected] of [
  ['SQLite: no file', 'sqlite:', /no file is named/],
  ['SQLite: a folder', `sqlite:${scratch}`, /is a folder; name a file in it/],
  ['SQLite: no folder', `sqlite:${scratch}/none/phoneauth.db`, /folder does not exist/],
  ['SQLite: no database', `sqlite:${file('text.db', 'text '.repeat(1000))}`, /text\.db/],
  ['SQLite: from a newer version', await spoiled('newer.db', newer), /version 99.*newer version/],
  ['SQLite: a code key that others may read', await spoiled('open.db', (it) => chmodSync(it + '.key', 0o644)), /chmod 600/],
  ['SQLite: a code key that is too short', await spoiled('short.db', (it) => writeFileSync(it + '.key', 'hunter2\n')), /32 to 256 bytes/],
  ['PostgreSQL: nobody listens', 'postgres://ada:hunter2@127.0.0.1:1/phoneauth', /127\.0\.0\.1/],
  ['Redis: nobody listens', 'redis://:hunter2@127.0.0.1:1/0', /127\.0\.0\.1/],
  ...(storages.postgres ? [
    ['PostgreSQL: nobody of this name', storages.postgres.replace('phoneauth@', 'ada:hunter2@'), /ada/],
    ['PostgreSQL: no such database', storages.postgres.replace(/\w+$/, 'nothing'), /nothing/],
  ] : []),
  ...(storages.redis ? [
    ['Redis: a password that is not known', storages.redis.replace('//', '//:hunter2@'), /password/i],
    ['Redis: no such database', storages.redis.replace(/\d+$/, '9999'), /9999|database/i],
  ] : []),
])
  await check(`refused: ${name}`, async () => {
    const {status, out, err} = await run([], {PHONEAUTH_STORAGE: url, ...(url.includes('://') && {PHONEAUTH_CODE_KEY: codeKey})});
    assert.match(err, expected);
    assert.equal(status, 1, err);
    assert.ok(!(out + err).includes('hunter2'), 'a secret is printed');
  });

// ---- HTTP ----

await withServer(['--threads', '2'], {}, async (server) => {
  await check('the page and its headers', async () => {
    const response = await fetch(server.url + '/');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    assert.match(response.headers.get('content-security-policy'), /frame-ancestors 'none'/);
    assert.match(await response.text(), /data-delivery="terminal"/);
  });
  await check('HEAD of the page', async () => {
    const response = await fetch(server.url + '/', {method: 'HEAD'});
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });
  await check('a path that is nothing', async () => {
    const response = await fetch(server.url + '/favicon.ico');
    assert.ok(response.status >= 400 && response.status < 500);
    assert.ok(Number.isInteger((await response.json()).code));
  });
  for (const [name, method, path, status, code] of [
    ['a wrong key', 'POST', `/${appId}/wrong/users/register`, 400, 2002],
    ['an unknown operation', 'POST', '/api/services/Twilio/makeCoffee', 404, 14004],
    ['a wrong method', 'DELETE', '/api/users/register', 405, 14005],
  ])
    await check(name, async () => {
      const response = await fetch(server.url + path, {method});
      const body = await response.json();
      assert.equal(response.status, status);
      assert.equal(body.code, code);
      assert.equal(typeof body.message, 'string');
      assert.deepEqual(body.errorData, {});
    });
  await check('a body that is too large', async () => {
    const {status, body} = await postJson(server, '/api/users/register', {phoneNumber: 'x'.repeat(65536)});
    assert.equal(status, 413);
    assert.equal(body.code, 8004);
    const response = await fetch(server.url + '/api/users/register', {method: 'POST', body: 'x'.repeat(2 ** 20)});
    assert.equal(response.status, 413);
    assert.equal((await response.json()).code, 8004);
  });
  await check('a body that is nested too deeply', async () => {
    const {status, body} = await post(server, '/api/users/register', '['.repeat(5000) + ']'.repeat(5000));
    assert.ok([400, 413].includes(status));
    assert.ok([8002, 8004].includes(body.code));
  });
  await check('CORS', async () => {
    const preflight = await fetch(server.url + '/api/users/register', {method: 'OPTIONS', headers: {
      'origin': 'https://app.example.com', 'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type, user-token, bl-execution-type'}});
    assert.ok(preflight.ok);
    for (const name of ['content-type', 'user-token', 'bl-execution-type'])
      assert.ok(preflight.headers.get('access-control-allow-headers').toLowerCase().includes(name), name);
    assert.match(preflight.headers.get('access-control-allow-methods'), /PUT/);
    const reply = await fetch(server.url + '/api/info', {headers: {origin: 'https://app.example.com'}});
    assert.ok(['*', 'https://app.example.com'].includes(reply.headers.get('access-control-allow-origin')));
    const refused = await postJson(server, '/api/users/register', {phoneNumber: '1'}, {origin: 'https://app.example.com'});
    assert.ok(refused.headers.get('access-control-allow-origin'));
  });
  for (const [form, body, headers] of [
    ['raw', (p) => p, {}], ['a JSON string', (p) => `"${p}"`, {}], ['raw, called JSON', (p) => p, {'content-type': 'application/json'}],
    ['an array', (p) => `["${p}"]`, {'content-type': 'application/json'}],
    ['an object', (p) => `{"phoneNumber":"${p}"}`, {'content-type': 'text/plain'}],
  ])
    await check(`a phone number, ${form}`, async () => {
      const reply = await post(server, '/api/services/Twilio/loginWithPhoneNumber', body(person().phone), headers);
      assert.equal(reply.status, 200, JSON.stringify(reply.body));
      assert.equal(typeof reply.body.transactionId, 'string');
      assert.ok(reply.body.expiresAt > Date.now());
      assert.equal(reply.body.resendAfter, 30);
    });
  await check('an escape sequence in a message does not reach the terminal', async () => {
    const who = person();
    const {reply: {transactionId}, code} = await server.codeFor(who.phone,
      async () => (await postJson(server, '/api/users/register', {phoneNumber: who.phone})).body);
    await postJson(server, '/api/users/register', {phoneNumber: who.phone, email: who.email, password: who.password, transactionId, transactionCode: code});
    const login = await server.codeFor(who.phone,
      async () => (await post(server, '/api/services/Twilio/loginWithPhoneNumber', who.phone)).body);
    const {body: user} = await postJson(server, '/api/services/Twilio/loginWithCode', {transactionId: login.reply.transactionId, code: login.code});
    const {text} = await server.message('+15005550006', () => postJson(server, '/api/services/Twilio/sendMessage',
      {phoneNumber: '+15005550006', message: 'a\u001b[2Jb\nc'}, {'user-token': user['user-token']}));
    assert.match(text, /a.*\[2Jb.*c/);
    assert.ok(!server.lines.join('\n').includes('\u001b'));
  });
  await check('two requests in one packet, a body in chunks', async () => {
    const wire = connect(server);
    wire.send('GET /api/info HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /api/services/Twilio/loginWithPhoneNumber HTTP/1.1\r\nHost: localhost\r\n' +
      'Transfer-Encoding: chunked\r\n\r\n6\r\n+15005\r\n');
    await wire.until(/HTTP\/1\.1 200[^]*"rtURL"/);
    wire.send('6\r\n559999\r\n0\r\n\r\n');
    await wire.until(/HTTP\/1\.1 200[^]*transactionId/);
    wire.socket.destroy();
  });
  await check('a request for another host', async () => {
    const wire = connect(server);
    wire.send('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    await wire.until(/^HTTP\/1\.1 421 [^]*"code":14004/);
    wire.socket.destroy();
  });
  for (const [name, text] of [
    ['no HTTP', 'hello\r\n\r\n'],
    ['no Host', 'GET /api/info HTTP/1.1\r\n\r\n'],
    ['two lengths', 'POST /api/users/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['a length and chunks', 'POST /api/users/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])
    await check(`not understood: ${name}`, async () => {
      const wire = connect(server);
      wire.send(text);
      await wire.until(/^HTTP\/1\.1 400 [^]*\r\n\r\n/);
      await wire.closed();
    });
  await check('100 clients at once', async () => {
    const replies = await Promise.all(Array.from({length: 100}, () => postJson(server, '/api/users/register', {phoneNumber: person().phone})));
    assert.deepEqual(new Set(replies.map((r) => r.status)), new Set([200]));
    assert.equal(new Set(replies.map((r) => r.body.transactionId)).size, 100);
  });
});

await check('who may send messages: whoever knows the API key', () => withServer(['--send-message', 'key'], {}, async (server) => {
  const body = {phoneNumber: '+15005550006', message: 'hello'};
  const {reply} = await server.message('+15005550006', () => postJson(server, `/${appId}/${apiKey}/services/Twilio/sendMessage`, body));
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  assert.notEqual((await postJson(server, '/api/services/Twilio/sendMessage', body)).status, 200, 'without the key');
}));
await check('who may send messages: nobody', () => withServer([], {PHONEAUTH_SEND_MESSAGE: 'off'}, async (server) => {
  const {body} = await postJson(server, '/api/services/Twilio/sendMessage', {phoneNumber: '+15005550006', message: 'hello'});
  assert.equal(body.code, 14012);
}));
await check('settings from a file', () => withServer(['--settings', file('digits.json', '{"code_digits": 8, "resend_cooldown": 7, "phone_column": "phone"}')],
  {}, async (server) => {
    const {phone} = person();
    const {reply, code} = await server.codeFor(phone, () => postJson(server, '/api/users/register', {phone}));
    assert.equal(code.length, 8);
    assert.equal(reply.body.resendAfter, 7);
    assert.match(await (await fetch(server.url)).text(), /data-phone-column="phone"/);
  }));

// ---- Twilio ----

await check('Twilio gets what it expects', async () => {
  const it = await twilio(({form}) => created(form));
  await withServer([], it.env, async (server) => {
    assert.match(await (await fetch(server.url)).text(), /data-delivery="sms"/);
    const {status} = await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    assert.equal(status, 200);
    const [request] = it.requests;
    assert.equal(`${request.method} ${request.url}`, `POST /2010-04-01/Accounts/${account}/Messages.json`);
    assert.equal(request.headers.authorization, 'Basic ' + Buffer.from(`${account}:${authToken}`).toString('base64'));
    assert.equal(request.form.get('To'), '+15005550006');
    assert.equal(request.form.get('From'), '+15005550006');
    assert.match(request.form.get('Body'), /^\d{6} is your verification code/);
    const output = server.lines.join('\n') + server.errors;
    assert.ok(!/message to/.test(output), 'no code in the terminal');
    assert.ok(!output.includes(authToken));
  });
  it.close();
});

for (const [name, answer, status, code] of [
  ['refuses the credentials', {status: 401, body: {code: 20003, message: 'Authenticate', status: 401}}, 500, 14031],
  ['refuses the number', {status: 400, body: {code: 21614, message: 'not a mobile number', status: 400}}, 400, 14030],
  ['answers with nonsense', {status: 200, body: 'hello'}, undefined, undefined],
])
  await check(`Twilio ${name}`, async () => {
    const it = await twilio(() => answer);
    await withServer([], it.env, async (server) => {
      const reply = await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
      if (status) assert.equal(reply.status, status, JSON.stringify(reply.body));
      if (code) assert.equal(reply.body.code, code);
      assert.notEqual(reply.status, 502);
    });
    it.close();
  });

await check('Twilio is down', () => withServer([], {...sid, TWILIO_AUTH_TOKEN: 'x', TWILIO_BASE_URL: 'http://127.0.0.1:1'}, async (server) => {
  const reply = await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
  assert.equal(reply.status, 503);
  assert.equal(reply.body.code, 14033);
}));

await check('Twilio over TLS: trusted with its certificate, not without', async () => {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(scratch, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key,
    '-out', cert, '-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'], {stdio: 'ignore'});
  const it = await twilio(({form}) => created(form), {key: readFileSync(key), cert: readFileSync(cert)});
  await withServer(['--twilio-ca-file', cert], it.env, async (server) => {
    assert.equal((await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'})).status, 200);
  });
  await withServer([], it.env, async (server) => {
    assert.equal((await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'})).body.code, 14033);
  });
  assert.equal(it.requests.length, 1);
  it.close();
});

// ---- The end ----

for (const signal of ['SIGTERM', 'SIGINT'])
  await check(`${signal} while a request is in flight: it gets its reply`, async () => {
    let release;
    const gate = new Promise((resolve) => { release = resolve; });
    const it = await twilio(async ({form}) => {
      await gate;
      return created(form);
    });
    const server = await startServer([], it.env);
    const idle = connect(server);
    idle.send('GET /api/info HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await idle.until(/"rtURL"/);
    const pending = postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    await within(it.first, 'request to Twilio');
    const stopped = server.stop(signal);
    await idle.closed(); // it has begun to stop: what is idle is closed
    await assert.rejects(fetch(server.url + '/api/info'), 'nothing new is accepted');
    release();
    const {status, body} = await within(pending, 'reply');
    assert.equal(status, 200);
    assert.equal(typeof body.transactionId, 'string');
    assert.deepEqual(await stopped, {status: 0, signal: null});
    assert.equal(server.errors, '');
    it.close();
  });

finish();
