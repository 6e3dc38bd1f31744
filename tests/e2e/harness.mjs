// What the end-to-end scripts share: starting the server, reading the codes that it prints, counting checks.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {appendFileSync, existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import {parseArgs} from 'node:util';

const patience = 30_000; // ms for anything that a server on this machine does

export const scratch = mkdtempSync(join(tmpdir(), 'phoneauth-e2e-'));
process.on('exit', () => rmSync(scratch, {recursive: true, force: true}));

export const storages = {
  memory: 'memory',
  sqlite: `sqlite:${join(scratch, 'phoneauth.db')}`,
  postgres: process.env.PHONEAUTH_TEST_POSTGRES, // see tests/scripts/with_servers.sh
  redis: process.env.PHONEAUTH_TEST_REDIS,
};

const {values} = parseArgs({options: {server: {type: 'string'}, storage: {type: 'string', default: 'memory'}}});
if (!values.server || !existsSync(values.server) || !(values.storage in storages)) {
  console.error(`usage: node SCRIPT --server PATH [--storage ${Object.keys(storages).join('|')}]   (PATH: the program phoneauth_server)`);
  process.exit(2);
}
if (!storages[values.storage]) {
  console.error(`${values.storage} is NOT TESTED: PHONEAUTH_TEST_${values.storage.toUpperCase()} names no server`);
  process.exit(77);
}
export const program = values.server;
export const codeKey = 'a code key that all servers of one storage share';

export function within(promise, what, milliseconds = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// ---- The secrets of this run ----
//
// Where PHONEAUTH_TEST_SECRETS names a directory, what must not be printed and what was printed are kept there, for
// tests/scripts/find_secrets.py: PID.secrets, PID.codes and PID.out. The fake Twilio's messages exist to be read.

const secrets = new Set(), codes = new Set(), programs = [];
const message = /^message to \S+: /;

// Takes a note of `text`, and returns it.
export function secret(text) {
  if (text) secrets.add(text);
  return text;
}

// The same for the code in a message.
export function secretIn(text) {
  for (const code of text.match(/(?<!\d)\d{6,9}(?!\d)/g) ?? []) codes.add(code);
  return text;
}

// Something else that a server tells: its counters, for example.
export function printed(text) {
  programs.push({lines: [text], errors: ''});
  return text;
}

process.on('exit', () => {
  const directory = process.env.PHONEAUTH_TEST_SECRETS;
  if (!directory) return;
  const keep = (kind, lines) => appendFileSync(join(directory, `${process.pid}.${kind}`), [...lines, ''].join('\n'));
  keep('secrets', secrets);
  keep('codes', codes);
  for (const {lines, errors} of programs) keep('out', [...lines.filter((line) => !message.test(line)), errors]);
});

// Also if a check has thrown where it did not stop its server.
const children = [];
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

// A running program: its lines as they come, and its end.
class Program {
  lines = [];
  errors = '';
  #waiting = new Set();

  constructor(args, env, path = program) {
    const own = Object.entries(process.env).filter(([name]) => !/^(PHONEAUTH|TWILIO)_/.test(name));
    const storage = storages[values.storage];
    const standard = {PHONEAUTH_STORAGE: storage, ...(storage.includes('://') && {PHONEAUTH_CODE_KEY: codeKey})};
    const all = {...Object.fromEntries(own), ...standard, ...env};
    for (const name of ['TWILIO_AUTH_TOKEN', 'TWILIO_API_SECRET', 'PHONEAUTH_CODE_KEY', 'PHONEAUTH_OPERATOR_TOKEN']) if (all[name]?.length >= 8) secret(all[name]);
    this.child = spawn(path, args, {env: all, stdio: ['ignore', 'pipe', 'pipe']});
    children.push(this.child);
    this.child.stderr.on('data', (data) => { this.errors += data; });
    createInterface({input: this.child.stdout}).on('line', (line) => {
      this.lines.push(line);
      if (message.test(line)) secretIn(line.replace(message, ''));
      for (const look of this.#waiting) look();
    });
    this.ended = once(this.child, 'close').then(([status, signal]) => {
      for (const look of this.#waiting) look();
      return {status, signal};
    });
  }

  // The first match of `pattern` at or after line `from`, as soon as it is there.
  line(pattern, from = 0) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        for (const line of this.lines.slice(from)) {
          const match = pattern.exec(line);
          if (match) return resolve(match);
        }
        if (this.child.exitCode !== null) reject(new Error(`the program ended with ${this.child.exitCode}: ${this.errors}`));
      };
      this.#waiting.add(look);
      look();
    });
    return within(found, `line like ${pattern}`).finally(() => this.#waiting.delete(look));
  }

  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    const killer = setTimeout(() => this.child.kill('SIGKILL'), patience);
    return this.ended.finally(() => clearTimeout(killer));
  }
}

// Runs the program to its end.
export async function run(args, env = {}, path = program) {
  const it = new Program(args, env, path);
  const killer = setTimeout(() => it.child.kill('SIGKILL'), patience);
  const {status, signal} = await it.ended.finally(() => clearTimeout(killer));
  return {status, signal, out: it.lines.join('\n'), err: it.errors};
}

// A server on a free port. `codeFor` sends nothing: it runs `action` and reads the code of the message that follows.
export async function startServer(args = [], env = {}, path = program) {
  const it = new Program(['--listen', '127.0.0.1:0', ...args], {PHONEAUTH_APP_ID: appId, PHONEAUTH_API_KEY: apiKey, ...env}, path);
  programs.push(it);
  const [, url] = await it.line(/^listening on (http:\/\/\S+)$/);
  return Object.assign(it, {
    url,
    async message(phone, action) {
      const from = it.lines.length;
      const printed = it.line(new RegExp(`^message to ${phone.replace('+', '\\+')}: (.*)$`), from);
      printed.catch(() => {}); // it is awaited below
      const reply = await action();
      const [, text] = await printed.catch((e) => {
        throw new Error(`${e.message}; the reply was ${JSON.stringify(reply)}`);
      });
      return {reply, text};
    },
    async codeFor(phone, action) {
      const {reply, text} = await it.message(phone, action);
      return {reply, code: /\b\d{6,9}\b/.exec(text)[0]};
    },
  });
}

export const appId = '0A1B2C3D-0000-4000-8000-0123456789AB';
export const apiKey = 'FEDCBA98-0000-4000-8000-BA9876543210';

// Phones and addresses that nobody in this run has.
let people = 0;
export function person() {
  people += 1;
  return {phone: `+1500555${String(1000 + people)}`, email: `person${people}@example.com`, password: secret(`correct horse ${process.pid}-${people}`)};
}

export function wrong(code) {
  return (code[0] === '9' ? '0' : String(Number(code[0]) + 1)) + code.slice(1);
}

// ---- Checks ----

let passed = 0, failed = 0, skipped = 0;

export async function check(name, test) {
  try {
    await test();
    passed += 1;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(error?.stack ?? error).split('\n').slice(0, 8).join('\n     ')}`);
  }
}

export function skip(name) {
  skipped += 1;
  console.log(`NOT TESTED: ${name}`);
}

// What goes wrong while a check looks elsewhere counts, too.
process.on('unhandledRejection', (error) => {
  failed += 1;
  console.log(`FAIL in the background: ${error}`);
});

export function finish() {
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed || !passed ? 1 : 0);
}
