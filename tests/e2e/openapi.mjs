// The server's description of itself: linters, Prism between it and its clients, and a client that is generated from it.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {copyFileSync, existsSync, readFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {createConfig, lintFromString} from '@redocly/openapi-core';
import openapiTypescript, {astToString} from 'openapi-typescript';
import typescript from 'typescript';
import {check, finish, person, program, scratch, secret, skip, startServer} from './harness.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const stand_in = here('through_prism.mjs');
const settings = join(scratch, 'settings.json');
writeFileSync(settings, JSON.stringify({password_reset: 'code', trusted_device_lifetime: 86400, identity_login_enabled: true, resend_cooldown: 0,
  phone_cooldown: 0, topics: [{name: 'pay', text: 'pay'}], max_sends_per_phone_and_hour: 100, max_sends_per_client_and_hour: 0}));

async function served(args = []) {
  const server = await startServer(args);
  const reply = await fetch(`${server.url}/openapi.json`);
  assert.equal(reply.headers.get('content-type'), 'application/json');
  const text = await reply.text();
  await server.stop();
  return text;
}

// ---- Linters ----

async function problems(source) {
  const config = await createConfig({extends: ['recommended-strict']});
  const found = await lintFromString({source, absoluteRef: 'openapi.json', config});
  return found.map(({ruleId, message, location}) => `${ruleId}: ${message} ${location[0]?.pointer ?? ''}`);
}

const whole = readFileSync(here('../../examples/server/openapi.json'), 'utf8');
const usual = await served();
const own = await served(['--settings', settings]);
await check('the document is well-formed', async () => {
  for (const text of [whole, usual, own]) assert.deepEqual(await problems(text), []);
  const paths = (text) => Object.keys(JSON.parse(text).paths);
  assert.deepEqual(paths(own), paths(whole), 'all of it is on');
  assert.ok(paths(usual).length < paths(whole).length);
  assert.ok(!paths(usual).some((path) => /restore|reset|[tT]rust|users.login/.test(path)), 'what is off is not there');
});
for (const [what, spoil] of [
  ['no operation id', (d) => delete d.paths['/users/login'].post.operationId],
  ['a reference to nowhere', (d) => { d.components.schemas.Account.properties.user.$ref += 's'; }],
  ['a type that is none', (d) => { d.components.schemas.User.properties.objectId.type = 'text'; }],
])
  await check(`a linter finds ${what}`, async () => {
    const document = JSON.parse(whole);
    spoil(document);
    assert.notDeepEqual(await problems(JSON.stringify(document)), []);
  });

// ---- Prism ----

const exchanges = (file) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)) : []);

// What does not agree. A request that is refused may be as wrong as it likes; a reply may not.
function disagreements(file) {
  return exchanges(file).flatMap(({method, path, status, violations}) => violations
    .filter(({location: [side]}) => side !== 'request' || status < 400)
    .map(({location, message}) => `${method} ${path} ${status}: ${location.join('.')}: ${message}`));
}

async function throughPrism(name, command, args) {
  const file = join(scratch, `${name}.exchanges`);
  const child = spawn(command, args, {env: {...process.env, BEHIND_PRISM: program, VIOLATIONS: file}, stdio: ['ignore', 'pipe', 'pipe']});
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { output += data; });
  const [status] = await once(child, 'close');
  assert.equal(status, 0, output.split('\n').filter((line) => !line.startsWith('ok ')).slice(-30).join('\n'));
  assert.deepEqual(disagreements(file), []);
  return exchanges(file).length;
}

await check("Backendless's SDK, four versions of it, says and hears what is described", async () => {
  assert.ok(await throughPrism('sdk', process.execPath, [here('sdk.mjs'), '--server', stand_in]) > 200);
});
const journey = join(dirname(program), 'phoneauth_journey');
if (existsSync(journey))
  await check("so does the example's journey", async () => {
    assert.ok(await throughPrism('journey', journey, ['--server', stand_in, '--storage', 'memory']) > 10);
  });
else
  skip("the example's journey through Prism: it is not built");

for (const [what, side, spoil] of [
  ['a reply without a member', 'response', (d) => d.components.schemas.Challenge.required.push('shoe')],
  ['a member of another type', 'response', (d) => { d.components.schemas.TransactionStatus.properties.triesLeft.type = 'string'; }],
  ['a status that is not described', 'response', (d) => { delete d.paths['/services/Twilio/transactionStatus'].post.responses[400]; }],
  ['an argument that is missing', 'request', (d) => { d.paths['/services/Twilio/transactionStatus'].post.requestBody.content['application/json'].schema.oneOf[0].required.push('shoe'); }],
  ['a route that is not described', 'request', (d) => { delete d.paths['/services/Twilio/transactionStatus']; }],
])
    await check(`Prism notices ${what}`, async () => {
    const document = JSON.parse(usual);
    spoil(document);
    const spoilt = join(scratch, 'spoilt.json'), file = join(scratch, `${what}.exchanges`);
    writeFileSync(spoilt, JSON.stringify(document));
    const server = await startServer([], {BEHIND_PRISM: program, VIOLATIONS: file, DOCUMENT: spoilt}, stand_in);
    const post = async (path, body) => (await fetch(`${server.url}/api${path}`, {method: 'POST', headers: {'content-type': 'application/json'}, body: JSON.stringify(body)})).json();
    const {transactionId} = await post('/users/register', {phoneNumber: person().phone});
    assert.equal((await post('/services/Twilio/transactionStatus', {transactionId})).state, 'pending');
    await post('/services/Twilio/transactionStatus', {transactionId: '00000000-0000-4000-8000-000000000000'});
    await server.stop();
    assert.equal(exchanges(file).length, 3);
    assert.ok(disagreements(file).some((line) => line.includes(`: ${side}`)), disagreements(file).join('\n'));
  });

// ---- A generated client ----

// Compiles client.ts with what is generated from `text`; → the compiler's complaints.
async function compile(text) {
  writeFileSync(join(scratch, 'api.d.ts'), astToString(await openapiTypescript(text)));
  const {ModuleKind, ModuleResolutionKind, ScriptTarget} = typescript;
  const compilation = typescript.createProgram([join(scratch, 'client.ts')], {
    strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, target: ScriptTarget.ES2022, lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    module: ModuleKind.NodeNext, moduleResolution: ModuleResolutionKind.NodeNext, types: [], skipLibCheck: true, outDir: scratch});
  const complaints = typescript.getPreEmitDiagnostics(compilation);
  compilation.emit();
  return complaints.map(({messageText, file, start}) => `${file?.getLineAndCharacterOfPosition(start).line + 1}: ${typescript.flattenDiagnosticMessageText(messageText, ' ')}`);
}
copyFileSync(here('client.ts'), join(scratch, 'client.ts'));
writeFileSync(join(scratch, 'package.json'), '{"type": "module"}');
symlinkSync(here('node_modules'), join(scratch, 'node_modules'));

await check('a client that is generated does not compile if what it needs is not described', async () => {
  const document = JSON.parse(own);
  delete document.components.schemas.LoggedInUser.allOf[1].properties['user-token'];
  delete document.paths['/users/logout'];
  const complaints = await compile(document);
  assert.ok(complaints.some((line) => /logout/.test(line)) && complaints.length >= 2, complaints.join('\n'));
});
await check('with the first form of arguments alone (see CLIENTS.md) it compiles, too', async () => {
  const document = JSON.parse(own);
  for (const {requestBody} of Object.values(document.paths).flatMap((methods) => Object.values(methods))) {
    const json = requestBody?.content['application/json'];
    if (json?.schema.oneOf) json.schema = json.schema.oneOf[0];
  }
  assert.deepEqual(await problems(JSON.stringify(document)), []);
  assert.deepEqual(await compile(document), []);
});
await check('a generated client compiles, and makes the whole journey', async () => {
  assert.deepEqual(await compile(JSON.parse(own)), []);
  const file = join(scratch, 'client.exchanges');
  const server = await startServer(['--settings', settings], {BEHIND_PRISM: program, VIOLATIONS: file}, stand_in);
  const {connect} = await import(pathToFileURL(join(scratch, 'client.js')).href);
  const codeFor = (phone, send) => server.codeFor(phone, send);
  const {journey: make, everythingElse} = connect(`${server.url}/api`, codeFor);
  await make(person(), secret(`another password ${process.pid}`));
  await everythingElse(person(), person().phone);
  await server.stop();
  assert.deepEqual(disagreements(file), []);

  // And each route has been answered with what its success looks like.
  const answered = new Set(exchanges(file).filter(({status}) => status === 200).map(({method, path}) => `${method} ${path}`));
  for (const [path, methods] of Object.entries(JSON.parse(own).paths))
    for (const method of Object.keys(methods)) {
      if (path.endsWith('/messageStatus')) continue; // Twilio's
      const pattern = new RegExp(`^${method.toUpperCase()} ${path.replace(/\{\w+\}/g, '[^/]+')}$`);
      assert.ok([...answered].some((one) => pattern.test(one)), `${method} ${path} was not asked for`);
    }
});

finish();
