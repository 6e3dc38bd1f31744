// The example server from outside: its command line, its start and stop, its storages, raw HTTP, and a Twilio of our own.

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {once} from 'node:events';
import {chmodSync, closeSync, constants, copyFileSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {apiKey, appId, check, codeKey, finish, person, printed, program, run, scratch, secret, secretIn, skip, startServer, storages, within} from './harness.mjs';

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
    '--max-connections-per-address', '--max-requests', '--hosts', '--allow-origin', '--trusted-proxy', '--trusted-hops', '--metrics', '--events', '--status-callback', '--app-id', '--storage', '--settings', '--send-message', '--twilio-account-sid', '--twilio-api-key',
    '--twilio-sender', '--twilio-base-url', '--twilio-ca-file', '--proxy', '--operator-token-file', '--operators', '--fake-twilio', '--test', '--help'],
  variables: ['PHONEAUTH_LISTEN', 'PHONEAUTH_THREADS', 'PHONEAUTH_MAX_CONNECTIONS',
    'PHONEAUTH_MAX_CONNECTIONS_PER_ADDRESS', 'PHONEAUTH_MAX_REQUESTS', 'PHONEAUTH_HOSTS', 'PHONEAUTH_ALLOW_ORIGIN', 'PHONEAUTH_TRUSTED_PROXY', 'PHONEAUTH_TRUSTED_HOPS', 'PHONEAUTH_METRICS', 'PHONEAUTH_EVENTS', 'TWILIO_STATUS_CALLBACK', 'PHONEAUTH_APP_ID', 'PHONEAUTH_API_KEY', 'PHONEAUTH_CODE_KEY', 'PHONEAUTH_STORAGE',
    'PHONEAUTH_SETTINGS', 'PHONEAUTH_SEND_MESSAGE', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN', 'TWILIO_API_KEY', 'TWILIO_API_SECRET',
    'TWILIO_SENDER', 'TWILIO_BASE_URL', 'TWILIO_CA_FILE', 'PHONEAUTH_PROXY', 'PHONEAUTH_OPERATOR_TOKEN', 'PHONEAUTH_OPERATOR_TOKEN_FILE', 'PHONEAUTH_OPERATORS', 'PHONEAUTH_FAKE_TWILIO'],
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
  ['an origin with a path', ['--allow-origin', 'https://app.example.com/'], {}, /--allow-origin or PHONEAUTH_ALLOW_ORIGIN: expected origins/],
  ['an origin that no browser writes so', ['--allow-origin', 'https://App.example.com:443'], {}, /--allow-origin/],
  ['a proxy by its name', [], {PHONEAUTH_TRUSTED_PROXY: '10.0.0.7,proxy'}, /PHONEAUTH_TRUSTED_PROXY: expected addresses and networks/],
  ['a proxy that anybody may be', ['--trusted-proxy', '10.0.0.7,0.0.0.0/0'], {}, /--trusted-proxy or PHONEAUTH_TRUSTED_PROXY: anybody may be in 0\.0\.0\.0\/0 .*--trusted-hops/],
  ['too many proxies', ['--trusted-hops', '21'], {}, /--trusted-hops or PHONEAUTH_TRUSTED_HOPS: expected 0 to 20/],
  ['proxies in two ways', ['--trusted-hops', '1', '--trusted-proxy', '10.0.0.7'], {}, /--trusted-hops .*set one of them/],
  ['counters on no port', ['--metrics', '127.0.0.1'], {}, /--metrics or PHONEAUTH_METRICS: expected an IP address and a port/],
  ['a status callback with a query', ['--status-callback', 'https://example.com/?a=b'], {}, /twilio\.status_callback \(--status-callback\): expected/],
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
  ['a proxy that speaks TLS itself', ['--proxy', 'https://127.0.0.1:3128'], {}, /--proxy or PHONEAUTH_PROXY: The proxy is to be given as http:/],
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
  for (const server of servers) await server.stop();  // of two that close it at once, SQLite lets neither tidy up
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

// Here one client is many.
await withServer(['--threads', '2', '--settings', file('many.json', '{"max_sends_per_client_and_hour": 0}')], {}, async (server) => {
  await check('the page and its headers', async () => {
    const response = await fetch(server.url + '/');
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
    assert.match(response.headers.get('content-security-policy'), /frame-ancestors 'none'/);
    assert.match(await response.text(), /data-delivery="page"/);
  });
  await check('HEAD of the page', async () => {
    const response = await fetch(server.url + '/', {method: 'HEAD'});
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '');
  });
  await check('health: for whoever asks, by whatever name, and nothing else is told', async () => {
    for (const method of ['GET', 'HEAD']) {
      const response = await fetch(server.url + '/health', {method});
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-length'), '15');
      assert.equal(await response.text(), method === 'GET' ? '{"status":"ok"}' : '');
    }
    const wire = connect(server); // as balancers ask
    wire.send('GET /health HTTP/1.0\r\n\r\n');
    await wire.until(/^HTTP\/1\.1 200 [^]*"ok"/);
    const other = connect(server);
    other.send('HEAD /health HTTP/1.1\r\nHost: 10.0.0.7:8080\r\nConnection: close\r\n\r\n');
    assert.match(await other.closed(), /^HTTP\/1\.1 200 /);
  });
  await check('HEAD of what GET gives', async () => {
    const [got, head] = await Promise.all(['GET', 'HEAD'].map((method) => fetch(server.url + '/api/info', {method})));
    assert.equal(head.status, 200);
    for (const name of ['content-type', 'content-length', 'cache-control']) assert.equal(head.headers.get(name), got.headers.get(name), name);
    assert.equal(await head.text(), '');
  });
  await check('each reply has a date', async () => {
    for (const path of ['/', '/api/info', '/none', '/health']) {
      const date = (await fetch(server.url + path)).headers.get('date');
      assert.equal(new Date(date).toUTCString(), date);
      assert.ok(Math.abs(new Date(date) - Date.now()) < 60_000, date);
    }
  });
  await check('a server URL that ends in a slash', async () => {
    for (const root of ['//api', `//${appId}/${apiKey}`]) {
      const {status, body} = await postJson(server, `${root}/users/register`, {phoneNumber: person().phone});
      assert.equal(status, 200, JSON.stringify(body));
    }
    assert.equal((await post(server, '/api%2fusers/register', '')).status, 404);
  });
  await check('a byte order mark before JSON', async () => {
    const {status, body} = await post(server, '/api/users/register', `\ufeff{"phoneNumber":"${person().phone}"}`, {'content-type': 'application/json'});
    assert.equal(status, 200, JSON.stringify(body));
  });
  await check('what Backendless has and this server has not, or not yet, is said in words', async () => {
    const restored = await (await fetch(`${server.url}/api/users/restorepassword/ada%40example.com`)).json();
    assert.equal(restored.code, 14015); // off unless config::password_reset allows it
    assert.match(restored.message, /disabled/);
    const status = await (await fetch(`${server.url}/api/users/U1/status`, {method: 'PUT', body: '{"userStatus":"DISABLED"}'})).json();
    assert.equal(status.code, 14004);
    assert.match(status.message, /status/);
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
  await check('pages of other origins are not let in', async () => {
    const headers = {origin: 'https://app.example.com'};
    const preflight = await fetch(server.url + '/api/users/register', {method: 'OPTIONS', headers: {...headers, 'access-control-request-method': 'POST'}});
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    const info = await fetch(server.url + '/api/info', {headers});
    assert.equal(info.headers.get('access-control-allow-origin'), null);
    assert.match(info.headers.get('vary'), /origin/i);
    // Without a preflight: as a form would be sent.
    const refused = await post(server, '/api/users/register', `{"phoneNumber":"${person().phone}"}`, {...headers, 'content-type': 'text/plain'});
    assert.equal(refused.status, 403);
    assert.equal(refused.body.code, 14013);
    const {status} = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin: 'null'});
    assert.equal(status, 403);
    const own = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin: server.url});
    assert.equal(own.status, 200, JSON.stringify(own.body));
    const named = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {...headers, 'sec-fetch-site': 'same-origin'});
    assert.equal(named.status, 200, 'a proxy may have changed Host');
    const site = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin: server.url, 'sec-fetch-site': 'same-site'});
    assert.equal(site.status, 403);
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
    for (let i = 0; i < 3; ++i) {
      wire.send('GET / HTTP/1.1\r\nHost: auth.example.com\r\n\r\n');
      await wire.until(/^HTTP\/1\.1 421 [^]*"code":14004[^]*\}\}/);
    }
    wire.socket.destroy();
    await server.line(/auth\.example\.com.*--hosts/); // which proxies hand on: the operator is told, once
    assert.equal(server.lines.filter((line) => line.includes('--hosts')).length, 1);
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

// ---- Origins ----

await check('CORS: the origins that are named', () => withServer(['--allow-origin', 'https://app.example.com,http://localhost:3000'], {}, async (server) => {
  for (const origin of ['https://app.example.com', 'http://localhost:3000']) {
    const preflight = await fetch(server.url + '/api/users/register', {method: 'OPTIONS', headers: {
      origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type, user-token, bl-execution-type'}});
    assert.ok(preflight.ok);
    assert.equal(preflight.headers.get('access-control-allow-origin'), origin);
    for (const name of ['content-type', 'user-token', 'bl-execution-type'])
      assert.ok(preflight.headers.get('access-control-allow-headers').toLowerCase().includes(name), name);
    assert.match(preflight.headers.get('access-control-allow-methods'), /PUT/);
    assert.equal(preflight.headers.get('access-control-allow-credentials'), null);
    const reply = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin, 'sec-fetch-site': 'cross-site'});
    assert.equal(reply.status, 200);
    const refused = await postJson(server, '/api/users/register', {phoneNumber: '1'}, {origin});
    assert.equal(refused.headers.get('access-control-allow-origin'), origin);
  }
  const other = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin: 'https://app.example.com.evil.example'});
  assert.equal(other.status, 403);
  assert.equal(other.headers.get('access-control-allow-origin'), null);
}));
await check('CORS: any origin', () => withServer(['--allow-origin', 'any'], {}, async (server) => {
  const reply = await postJson(server, '/api/users/register', {phoneNumber: person().phone}, {origin: 'https://app.example.com'});
  assert.equal(reply.status, 200);
  assert.equal(reply.headers.get('access-control-allow-origin'), '*');
}));

// A page can only come back later if it may read that it shall.
await check('CORS: what the server refuses by itself', async () => {
  const origin = 'https://app.example.com', own = {origin, 'content-type': 'text/plain'};
  const readable = (response, status) => {
    assert.equal(response.status, status);
    assert.equal(response.headers.get('access-control-allow-origin'), origin);
    assert.match(response.headers.get('access-control-expose-headers'), /retry-after/i);
    return response;
  };
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  const it = await twilio(async ({form}) => {
    await gate;
    return created(form);
  });
  await withServer(['--allow-origin', `${origin},http://localhost:3000`, '--max-requests', '1'], it.env, async (server) => {
    const register = server.url + '/api/users/register';
    readable(await fetch(register, {method: 'POST', headers: own, body: 'x'.repeat(2 ** 20)}), 413);
    const wire = connect(server);
    wire.send(`POST /api/users/register HTTP/1.1\r\nHost: other.example\r\nOrigin: ${origin}\r\nContent-Length: 0\r\n\r\n`);
    await wire.until(new RegExp(`^HTTP/1\\.1 421 [^]*Access-Control-Allow-Origin: ${origin}\r\n`));
    wire.socket.destroy();
    const pending = postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    await within(it.first, 'request to Twilio');
    const busy = readable(await fetch(register, {method: 'POST', headers: own, body: '{}'}), 503);
    assert.equal(busy.headers.get('retry-after'), '1');
    assert.equal((await busy.json()).code, 14061);
    const preflight = await fetch(register, {method: 'OPTIONS', headers: {origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type'}});
    readable(preflight, 204);
    assert.match(preflight.headers.get('access-control-allow-methods'), /POST/);
    const other = await fetch(register, {method: 'POST', headers: {...own, origin: 'https://evil.example'}, body: '{}'});
    assert.equal(other.status, 503);
    assert.equal(other.headers.get('access-control-allow-origin'), null);
    release();
    assert.equal((await pending).status, 200);
  });
  it.close();
});

// ---- What an operator sees ----

// Prometheus's text format 0.0.4, read strictly: every sample has its HELP and TYPE before it, families are in one piece,
// no series comes twice, and the text ends with a line feed. → Map of "name{labels}" to its value.
function readMetrics(text) {
  assert.ok(text.endsWith('\n'), 'the last line ends');
  const samples = new Map(), done = new Set();
  let family, isHistogram, expected = 'help';
  for (const line of text.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line);
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\d+(?:\.\d+)?)$/.exec(line);
    if (help) {
      assert.ok(!done.has(help[1]), `a second ${help[1]}`);
      family = help[1];
      done.add(family);
      expected = 'type';
    } else if (type) {
      assert.equal(expected, 'type', line);
      assert.equal(type[1], family);
      assert.ok(type[2] !== 'counter' || family.endsWith('_total'), family);
      isHistogram = type[2] === 'histogram';
      expected = 'sample';
    } else {
      assert.ok(sample, `a sample: ${line}`);
      assert.equal(expected, 'sample', line);
      if (isHistogram) assert.ok(['_bucket', '_sum', '_count'].some((part) => sample[1] === family + part), line);
      else assert.equal(sample[1], family);
      assert.ok(!samples.has(sample[1] + (sample[2] ?? '')), `once: ${line}`);
      samples.set(sample[1] + (sample[2] ?? ''), Number(sample[3]));
    }
  }
  return samples;
}

const metricsUrl = async (server) => (await server.line(/^metrics: (http:\/\/\S+\/metrics)$/))[1];
async function metrics(server) {
  const response = await fetch(await metricsUrl(server));
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return readMetrics(printed(await response.text()));
}

await check('counters', () => withServer([], {}, async (server) => {
  const started = 'phoneauth_events_total{event="started"}', refused = 'phoneauth_events_total{event="refused",reason="resend_too_soon"}';
  const first = await metrics(server);
  assert.equal(first.get(started), 0);
  assert.ok(!first.has(refused));
  const {body} = await postJson(server, '/api/users/register', {phoneNumber: '+15005551901'});
  assert.equal((await postJson(server, '/api/services/Twilio/resendCode', body)).status, 429);
  assert.equal((await postJson(server, '/api/services/Twilio/resendCode', body)).status, 429);
  await fetch(server.url + '/none');
  const second = await metrics(server);
  assert.equal(second.get(started), 1);
  assert.equal(second.get('phoneauth_events_total{event="sent"}'), 1);
  assert.equal(second.get(refused), 2);
  assert.equal(second.get('phoneauth_http_replies_total{code="429"}'), 2);
  assert.ok(second.get('phoneauth_http_replies_total{code="200"}') >= 1);
  assert.equal(second.get('phoneauth_events_dropped_total'), 0);
  assert.equal(second.get('phoneauth_codes_sent_total{calling_code="1"}'), 1);
  assert.equal(second.get('phoneauth_flow_seconds_count{event="started"}'), 1);
  assert.equal(second.get('phoneauth_flow_seconds_count{event="refused"}'), 2);
  assert.equal(second.get('phoneauth_provider_seconds_count'), 1);
  assert.ok(second.get('phoneauth_flow_seconds_sum{event="started"}') >= second.get('phoneauth_provider_seconds_sum'));
  const left = [first, second].map((each) => each.get('phoneauth_codes_left{to="anybody"}'));
  assert.ok(left[0] > 1 && [0, 1].includes(left[0] - left[1]), `${left}`); // one that was sent is free again after 5 seconds
  assert.equal(second.get('phoneauth_records{kind="transactions"}'), 1);
  assert.equal(second.get('phoneauth_pool_in_use{pool="passwords"}'), 0);
  assert.ok(second.get('phoneauth_pool_size{pool="passwords"}') >= 1);
  const wire = connect(server);
  wire.send('hello\r\n\r\n');
  await wire.closed();
  assert.equal((await metrics(server)).get('phoneauth_http_replies_total{code="400"}'), 1, 'those of the server itself');
}));
await check('the dashboard asks for what there is', () => withServer([], {}, async (server) => {
  const text = await (await fetch(await metricsUrl(server))).text();
  const dashboard = JSON.parse(readFileSync(new URL('../../examples/server/grafana.json', import.meta.url), 'utf8'));
  const asked = dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)).join('\n');
  const names = new Set(asked.match(/phoneauth_\w+/g)), events = new Set([...asked.matchAll(/event=~?"([^"]+)"/g)].flatMap((m) => m[1].split('|')));
  assert.ok(names.size >= 4 && events.size >= 10);
  let other; // has pools where the first has records
  await withServer(['--storage', storages.sqlite], {}, async (another) => { other = await (await fetch(await metricsUrl(another))).text(); });
  const kinds = new Map([...(text + other).matchAll(/^# TYPE (\S+) (\S+)$/mg)].map((m) => [m[1], m[2]]));
  for (const name of names) {
    const family = name.replace(/_(bucket|sum|count)$/, '');
    assert.equal(kinds.get(family), family !== name ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge', name);
  }
  for (const family of kinds.keys()) assert.ok(asked.includes(family), `${family} is on no panel`);
  for (const event of events) assert.ok(text.includes(`phoneauth_events_total{event="${event}"} `), event);
}));
await check('counters are on a port of their own, for this machine alone, and nothing else is there', () => withServer([], {}, async (server) => {
  const url = new URL(await metricsUrl(server));
  assert.equal(url.hostname, '127.0.0.1');
  assert.notEqual(url.port, new URL(server.url).port);
  for (const path of ['/', '/metrics/', '/metrics?x=1', '/api/info'])
    assert.equal((await fetch(new URL(path, url))).status, 404, path);
  assert.equal((await fetch(url, {method: 'POST'})).status, 405);
  assert.ok([400, 404].includes((await fetch(server.url + '/metrics')).status));
  const wire = connect({url: url.origin});
  wire.send('GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n');
  await wire.until(/^HTTP\/1\.1 421 /);
  wire.socket.destroy();
}));
await check('without counters', () => withServer(['--metrics', 'off'], {}, (server) => assert.ok(!/^metrics/m.test(server.lines.join('\n')))));
await check('counters on a port that is in use', () => withServer([], {}, async (server) => {
  const {status, err} = await run(['--listen', '127.0.0.1:0', '--metrics', new URL(server.url).host]);
  assert.equal(status, 1);
  assert.match(err, /cannot listen on http:\/\/127\.0\.0\.1:\d+.*in use/i);
}));

const eventsOf = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const strange = 'b\u009b31m\u202e"\\ \u00e9'; // terminals obey the second character

await check('events: a line of JSON each, on stderr unless told otherwise', async () => {
  const who = person();
  const server = await startServer();
  const agent = {'user-agent': Buffer.from(strange).toString('latin1')};
  const {body} = await postJson(server, '/api/users/register', {phoneNumber: who.phone}, agent);
  await Promise.all(Array.from({length: 50}, () => postJson(server, '/api/services/Twilio/resendCode', body, agent)));
  assert.deepEqual(await server.stop(), {status: 0, signal: null});
  assert.ok(server.errors.endsWith('\n'));
  assert.match(server.errors, /^[\x20-\x7e\n]*$/, 'nothing but ASCII');
  assert.ok(!server.lines.some((line) => line.startsWith('{')), 'not on stdout');
  const events = eventsOf(server.errors);
  const refused = events.filter((e) => e.event === 'refused');
  assert.equal(refused.length, 50);
  const started = events.find((e) => e.event === 'started');
  assert.equal(started.userAgent, strange);
  assert.equal(started.address, '127.0.0.1');
  assert.equal(started.transaction, body.transactionId.slice(0, 8));
  assert.match(started.phone, /^\+1\d\*+\d\d$/);
  assert.ok(!server.errors.includes(who.phone) && !server.errors.includes(body.transactionId));
  assert.ok(refused.every((e) => e.code === 14027 && e.retryAfter > 0 && e.retryAfter <= 30 && Math.abs(e.time - Date.now()) < 60_000));
});
await check('events: to a file that is appended to, for its owner alone', async () => {
  const path = join(scratch, 'events.jsonl');
  for (const count of [1, 2]) {
    await withServer(['--events', path], {}, async (server) => {
      await postJson(server, '/api/users/register', {phoneNumber: person().phone});
      assert.equal(server.errors, '');
    });
    assert.equal(eventsOf(readFileSync(path, 'utf8')).filter((e) => e.event === 'started').length, count);
  }
  assert.equal(statSync(path).mode & 0o777, 0o600);
});
await check('events: to the standard output, and off', async () => {
  for (const [target, count] of [['-', 1], ['off', 0]]) {
    const server = await startServer(['--events', target]);
    await postJson(server, '/api/users/register', {phoneNumber: person().phone});
    await server.stop();
    assert.equal(server.errors, '');
    assert.equal(server.lines.filter((line) => line.startsWith('{"event":"started"')).length, count, target);
  }
});
await check('events: to a file that cannot be', async () => {
  const {status, err} = await run(['--listen', '127.0.0.1:0', '--events', join(scratch, 'none', 'events')]);
  assert.equal(status, 1);
  assert.match(err, /none\/events: No such file/);
});
await check('events: a log that nobody reads holds nobody up, and what it misses is counted', async () => {
  const path = join(scratch, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDWR); // opened, and not read
  const unlimited = file('unlimited.json', '{"max_sends_per_client_and_hour": 0, "max_sends_per_hour": 0}');
  const server = await startServer(['--events', path, '--settings', unlimited]);
  // 64 KB of pipe and 8192 lines hold less than that. Refusals would be left out.
  const one = async () => (await postJson(server, '/api/users/register', {phoneNumber: person().phone})).status;
  let dropped = 0;
  for (let i = 0; i < 60 && !dropped; ++i) {
    for (let j = 0; j < 10; ++j) assert.deepEqual(new Set(await Promise.all(Array.from({length: 20}, one))), new Set([200]));
    dropped = (await metrics(server)).get('phoneauth_events_dropped_total');
  }
  assert.ok(dropped > 0, 'some are dropped');
  assert.deepEqual(await within(server.stop(), 'end'), {status: 0, signal: null});
  closeSync(reader);
});

// ---- Connections ----

const openMany = async (server, count, localAddress) => {
  const {hostname, port} = new URL(server.url);
  let refused = 0;
  const all = await Promise.all(Array.from({length: count}, () => new Promise((resolve) => {
    const socket = net.connect({port, host: hostname, localAddress});
    socket.on('data', () => resolve(socket)).on('error', () => {});
    socket.on('close', () => { ++refused; resolve(socket); });
    socket.write('OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  })));
  const served = count - refused;
  for (const socket of all) socket.removeAllListeners('close').destroy();
  return served;
};

await check('connections: one address does not take all, unless it is a proxy', async () => {
  await withServer([], {}, async (server) => {
    assert.equal(await openMany(server, 1050), 1024);
    assert.equal(await openMany(server, 10, '127.0.0.2'), 10);
  });
  await withServer(['--trusted-proxy', '127.0.0.1'], {}, async (server) => assert.equal(await openMany(server, 1050), 1050));
});

// ---- Proxies ----

const limited = file('limited.json', '{"max_sends_per_client_and_hour": 4}');
const registerFrom = async (server, forwarded) => (await postJson(server, '/api/users/register', {phoneNumber: person().phone},
  forwarded ? {'x-forwarded-for': forwarded} : {})).body.code ?? 200;

await check('limits count for the address that a trusted proxy names', () =>
  withServer(['--settings', limited, '--trusted-proxy', '127.0.0.0/8,10.0.0.7'], {}, async (server) => {
    for (const client of ['192.0.2.1', '192.0.2.2', '2001:db8::1'])
      assert.deepEqual([await registerFrom(server, client), await registerFrom(server, `6.6.6.6, ${client}, 10.0.0.7`), await registerFrom(server, client)],
        [200, 200, 14028], client);
    assert.equal(await registerFrom(server, '2001:db8::2'), 14028, 'the same network');
  }));
await check('limits count for the address that stands where the proxies are counted to', () =>
  withServer(['--settings', limited, '--trusted-hops', '2'], {}, async (server) => {
    for (const client of ['192.0.2.1', '192.0.2.2'])
      assert.deepEqual([await registerFrom(server, `${client}, 10.0.0.7`), await registerFrom(server, `6.6.6.6, ${client}, 10.0.0.8`),
        await registerFrom(server, `7.7.7.7, ${client}, 10.0.0.9`)], [200, 200, 14028], client);
    assert.deepEqual([await registerFrom(server, '1.1.1.1'), await registerFrom(server, '2.2.2.2'), await registerFrom(server, '3.3.3.3')],
      [200, 200, 14028], 'past a proxy');
  }));
await check('anybody else may claim what he likes', () => withServer(['--settings', limited, '--trusted-proxy', '10.0.0.7'], {}, async (server) => {
  assert.deepEqual([await registerFrom(server, '192.0.2.1'), await registerFrom(server, '192.0.2.2'), await registerFrom(server, '192.0.2.3')],
    [200, 200, 14028]);
}));

// ---- Delivery ----

const statusOf = async (server, transactionId) => (await postJson(server, '/api/services/Twilio/transactionStatus', {transactionId})).body;

// Asks as a client does, until it is told.
async function delivered(server, transactionId) {
  const until = Date.now() + 30_000;
  for (;;) {
    const status = await statusOf(server, transactionId);
    if (status.delivery !== 'pending' || Date.now() > until) return status;
    await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
}

await withServer([], {}, async (server) => {
  await check('delivery: a code has arrived', async () => {
    const {body: {transactionId}} = await postJson(server, '/api/users/register', {phoneNumber: person().phone});
    const status = await delivered(server, transactionId);
    assert.ok(status.expiresIn > 280 && status.expiresIn <= 300 && status.resendAfter <= 30, JSON.stringify(status));
    assert.deepEqual({...status, expiresIn: 0, resendAfter: 0},
      {state: 'pending', delivery: 'delivered', triesLeft: 5, expiresIn: 0, resendAfter: 0});
  });
  for (const [phone, code, reason] of [
    ['+15005553003', 30003, /cannot be reached/], ['+15005553005', 30005, /not in use/], ['+15005553006', 30006, /landline/],
  ])
    await check(`delivery: a code will not arrive (${code})`, async () => {
      const {body: {transactionId}} = await postJson(server, '/api/users/register', {phoneNumber: phone});
      const status = await delivered(server, transactionId);
      assert.equal(status.delivery, 'undelivered');
      assert.equal(status.twilioCode, code);
      assert.match(status.reason, reason);
      assert.equal(status.state, 'pending', 'it may be sent again');
    });
  await check('delivery: a login by code tells nothing of who has an account', async () => {
    const who = {...person(), phone: '+15005553004'}; // his phone takes no messages, but his codes are printed
    await register(server, who, await startRegistration(server, who));
    const undelivered = () => metrics(server).then((m) => m.get('phoneauth_events_total{event="undelivered"}'));
    const before = await undelivered();
    const known = (await startLogin(server, who)).reply;
    const {body: unknown} = await post(server, '/api/services/Twilio/loginWithPhoneNumber', '+15005553007');
    // When the report has come and been noted.
    await within((async () => { while (await undelivered() === before); })(), 'report');
    const [one, two] = [await statusOf(server, known.transactionId), await statusOf(server, unknown.transactionId)];
    for (const status of [one, two]) assert.ok(status.expiresIn > 280 && status.resendAfter > 0, JSON.stringify(status));
    const still = {state: 'pending', delivery: 'pending', triesLeft: 5, expiresIn: 0, resendAfter: 0};
    assert.deepEqual({...one, expiresIn: 0, resendAfter: 0}, still);
    assert.deepEqual({...two, expiresIn: 0, resendAfter: 0}, still);
  });
});

await check('reports that Twilio did not sign change nothing', async () => {
  const it = await twilio(({form}) => created(form));
  const callback = 'https://auth.example.com/api/services/Twilio/messageStatus';
  await withServer(['--status-callback', callback], it.env, async (server) => {
    const {body: {transactionId}} = await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    const url = it.requests[0].form.get('StatusCallback');
    assert.equal(url, `${callback}?transaction=${transactionId}&send=1`);
    const form = {MessageSid: 'SM' + '1'.repeat(32), MessageStatus: 'undelivered', ErrorCode: '30006', To: '+15005550006', AccountSid: account, ApiVersion: '2010-04-01'};
    const sign = (key, text = url) => createHmac('sha1', key).update(text + Object.keys(form).sort().map((name) => name + form[name]).join('')).digest('base64');
    const report = (signature, path = new URL(url).pathname + new URL(url).search) => fetch(server.url + path, {method: 'POST', body: new URLSearchParams(form),
      headers: signature === undefined ? {} : {'x-twilio-signature': signature}});
    for (const [what, signature, path] of [
      ['none', undefined], ['an empty one', ''], ['of another token', sign('another token')], ['for another URL', sign(authToken, url + '1')],
      ['for another transaction', sign(authToken), new URL(url).pathname + '?transaction=00000000-0000-4000-8000-000000000000&send=1'],
    ]) {
      const response = await report(signature, path);
      assert.equal(response.status, 403, what);
      assert.equal((await response.json()).code, 14036, what);
    }
    assert.equal((await statusOf(server, transactionId)).delivery, 'pending');
    assert.equal((await report(sign(authToken))).status, 200);
    assert.equal((await statusOf(server, transactionId)).delivery, 'undelivered');
    form.MessageStatus = 'delivered'; // too late: the first news of an end counts, or this is later and counts; either way it is signed
    form.ErrorCode = '';
    assert.equal((await report(sign('another token'))).status, 403);
    assert.equal((await statusOf(server, transactionId)).twilioCode, 30006);
  });
  it.close();
});
await check('nobody is told where to report to unless there is a place', async () => {
  const it = await twilio(({form}) => created(form));
  await withServer([], it.env, async (server) => {
    await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    assert.equal(it.requests[0].form.get('StatusCallback'), null);
  });
  it.close();
  await withServer(['--status-callback', 'off'], {}, async (server) => {
    const {body: {transactionId}} = await postJson(server, '/api/users/register', {phoneNumber: '+15005553003'});
    const first = await statusOf(server, transactionId);
    assert.equal(first.delivery, 'pending');
  });
});
await check('the server reports to itself by its address, whatever it is called', () => withServer(['--hosts', 'auth.example.com'], {}, async (server) => {
  const {hostname, port} = new URL(server.url);
  const ask = (path, body) => new Promise((resolve, reject) => { // fetch sets Host itself
    const request = http.request({hostname, port, path, method: 'POST', headers: {host: 'auth.example.com'}}, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(JSON.parse(text));
    });
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
  const {transactionId} = await ask('/api/users/register', {phoneNumber: person().phone});
  const until = Date.now() + 30_000;
  let status;
  do status = await ask('/api/services/Twilio/transactionStatus', {transactionId}); while (status.delivery === 'pending' && Date.now() < until);
  assert.equal(status.delivery, 'delivered');
}));

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
await check('who may send messages: nobody unless told, where they are sent', () => withServer([], {...sid, TWILIO_AUTH_TOKEN: 'x', TWILIO_BASE_URL: 'http://127.0.0.1:1'}, async (server) => {
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
    assert.match(request.form.get('Body'), /^\d{6} is your code to (sign up|log in)/);
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

// Notes what it is asked for and refuses it, for it is not to be asked for anything but tunnels to Twilio.
async function refusingProxy() {
  const heads = [];
  const server = http.createServer().on('connect', (request, socket) => {
    heads.push([request.url, request.headers['proxy-authorization']]);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {heads, at: `127.0.0.1:${server.address().port}`, close: () => server.close()};
}
await check('the way to Twilio is through the proxy', async () => {
  const proxy = await refusingProxy();
  const password = secret('what the proxy wants to know');
  const url = `http://us%40er:${encodeURIComponent(password)}@${proxy.at}`;
  await withServer([], {...sid, TWILIO_AUTH_TOKEN: 'x', PHONEAUTH_PROXY: url}, async (server) => {
    const reply = await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'});
    assert.equal(reply.status, 503);
    assert.equal(reply.body.code, 14033, 'it is certain that nothing was sent');
    assert.deepEqual(proxy.heads, [['api.twilio.com:443', `Basic ${Buffer.from(`us@er:${password}`).toString('base64')}`]]);
  });
  proxy.close();
});
await check('a proxy is used only if it is named', async () => {
  const proxy = await refusingProxy();
  const others = Object.fromEntries(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'].map((name) => [name, `http://${proxy.at}`]));
  // Nobody listens there: what matters is whether the proxy is asked.
  const nowhere = {...sid, TWILIO_AUTH_TOKEN: 'x', TWILIO_BASE_URL: 'https://127.0.0.1:1'};
  await withServer([], {...nowhere, ...others}, async (server) => {
    assert.equal((await postJson(server, '/api/users/register', {phoneNumber: '+15005550006'})).body.code, 14033);
    assert.deepEqual(proxy.heads, []);
  });
  proxy.close();
});
await check('without trusted certificates it does not start', async () => {
  const none = {SSL_CERT_FILE: join(scratch, 'nowhere'), SSL_CERT_DIR: join(scratch, 'nowhere')};
  const {status, err} = await run(['--listen', '127.0.0.1:0'], {...sid, TWILIO_AUTH_TOKEN: 'x', ...none});
  assert.equal(status, 1);
  assert.match(err, /no trusted certificates.*ca-certificates.*--twilio-ca-file/);
  await withServer([], none, async (server) => assert.equal((await fetch(`${server.url}/health`)).status, 200));
});

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
    assert.ok(eventsOf(server.errors).length > 0, 'events and nothing else');
    it.close();
  });

finish();
