// That a secret in a server's log is found: runs against a leaky server, whose output find_secrets.py is then given.
// Whatever --server is, this tests the harness and find_secrets.py.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {check, finish, person, scratch, secret, startServer} from './harness.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

// One run: a person logs in.
if (process.env.LEAK) {
  const {LEAK, LEAK_AS = '', LEAK_TO = ''} = process.env;
  const server = await startServer([], {LEAK, LEAK_AS, LEAK_TO, TWILIO_AUTH_TOKEN: 'a secret that only Twilio knows'}, here('leaky_server.mjs'));
  const reply = await (await fetch(server.url, {method: 'POST', body: JSON.stringify({password: person().password})})).json();
  secret(reply['user-token']);
  await server.stop();
  process.exit(0);
}

function searched(leak, ...logs) {
  const directory = mkdtempSync(join(scratch, 'run-'));
  const run = spawnSync(process.execPath, process.argv.slice(1), {env: {...process.env, ...leak, PHONEAUTH_TEST_SECRETS: directory}, encoding: 'utf8'});
  assert.equal(run.status, 0, run.stderr);
  const paths = logs.map((text, i) => {
    const path = join(directory, `${i}.log`);
    writeFileSync(path, text);
    return path;
  });
  const {status, stdout, stderr} = spawnSync(here('../scripts/find_secrets.py'), [directory, ...paths], {encoding: 'utf8'});
  assert.equal(stderr, '');
  return {status, stdout, directory};
}

await check('a server that logs no secret', () => {
  const {status, stdout, directory} = searched({LEAK: 'nothing'});
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^3 secrets and 1 codes .* none is there$/m);
  const out = readFileSync(join(directory, readdirSync(directory).find((name) => name.endsWith('.out'))), 'utf8');
  assert.match(out, /"event":"started"/, 'its output is looked at');
  assert.doesNotMatch(out, /message to/, 'but not the messages');
});

for (const LEAK of ['password', 'code', 'token', 'auth token'])
  for (const LEAK_TO of ['stdout', 'stderr'])
    await check(`a server that logs a ${LEAK} to ${LEAK_TO}`, () => {
      const {status, stdout} = searched({LEAK, LEAK_TO});
      assert.equal(status, 1, stdout);
      assert.match(stdout, LEAK === 'code' ? /prints a code$/m : /prints a secret that begins with ..$/m);
      assert.doesNotMatch(stdout, /correct horse|123456|C0FFEE|only Twilio/);
    });

await check('a server that logs its credentials as a header has them', () => {
  assert.equal(searched({LEAK: 'auth token', LEAK_AS: 'base64'}).status, 1);
});

await check('a test that prints a secret', () => {
  assert.equal(searched({LEAK: 'nothing'}, 'ok\n').status, 0);
  assert.equal(searched({LEAK: 'nothing'}, 'ok\nuser-token: C0FFEE00-0000-4000-8000-0123456789AB\n').status, 1);
});

await check('nothing to look for is not a success', () => {
  const {status} = spawnSync(here('../scripts/find_secrets.py'), [mkdtempSync(join(scratch, 'run-'))]);
  assert.equal(status, 77);
});

finish();
