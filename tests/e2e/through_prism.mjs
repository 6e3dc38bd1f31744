#!/usr/bin/env node
// Stands in for the program phoneauth_server, whose arguments and output are its own: between the clients and the server
// is Prism, once for each root, which compares requests and replies with the server's own /openapi.json.
//
// BEHIND_PRISM is the program; VIOLATIONS a file that gets a line of JSON for each exchange: {method, path, status,
// violations}, and in `violations` what does not agree. DOCUMENT is another document than the server's.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {appendFileSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const scratch = mkdtempSync(join(tmpdir(), 'phoneauth-prism-'));
process.on('exit', () => rmSync(scratch, {recursive: true, force: true}));
const {BEHIND_PRISM: program, VIOLATIONS: report, DOCUMENT: other, ...env} = process.env;
const prism = createRequire(import.meta.url).resolve('@stoplight/prism-cli/dist/index.js');
const children = [];

function start(command, args, options = {}) {
  const child = spawn(command, args, {stdio: ['ignore', 'pipe', 'inherit'], ...options});
  children.push(child);
  return child;
}
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

// Where a Prism in front of `upstream` listens.
async function startPrism(document, upstream) {
  const child = start(process.execPath, [prism, 'proxy', document, upstream, '--port', '0', '--cors=false'], {stdio: ['ignore', 'pipe', 'pipe']});
  let log = '';
  child.stderr.on('data', (data) => { log += data; });
  const lines = createInterface({input: child.stdout});
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      log += `${line}\n`;
      const [, port] = /Prism is listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (!port) return;
      lines.removeAllListeners('line'); // from here on it prints requests
      lines.on('line', () => {});
      resolve(Number(port));
    });
    child.on('close', () => reject(new Error(`Prism has ended: ${log}`)));
  });
}

// Hands a request to the port of a Prism, and notes what Prism says of the exchange.
function pass(request, response, port, path) {
  const {host, ...headers} = request.headers;
  const inner = http.request({host: '127.0.0.1', port, path, method: request.method, headers}, (reply) => {
    const {'sl-violations': found, ...own} = reply.headers;
    const violations = !found ? [] : found.startsWith('[') ? JSON.parse(found) : [{location: ['response'], message: found}];
    if (report) appendFileSync(report, `${JSON.stringify({method: request.method, path: path.replace(/(isvalidusertoken\/).*/, '$1…'), status: reply.statusCode, violations})}\n`);
    response.writeHead(reply.statusCode, own);
    reply.pipe(response);
  });
  inner.on('error', () => response.destroy());
  request.pipe(inner);
}

const server = start(program, process.argv.slice(2), {env});
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill(signal));
const ended = once(server, 'close');

async function standBetween(url) {
  const document = other ?? join(scratch, 'openapi.json');
  if (!other) writeFileSync(document, await (await fetch(`${url}/openapi.json`)).text());
  const key = `/${env.PHONEAUTH_APP_ID ?? 'app'}/${env.PHONEAUTH_API_KEY ?? 'key'}`;
  const [byDomain, byKey] = await Promise.all([startPrism(document, `${url}/api`), startPrism(document, url + key)]);
  const front = http.createServer((request, response) => {
    const path = request.url.replace(/^\/+/, '/');
    for (const [root, port] of [['/api/', byDomain], [`${key}/`, byKey]])
      if (path.startsWith(root)) return pass(request, response, port, path.slice(root.length - 1));
    return pass(request, response, new URL(url).port, request.url); // nothing of the API
  }).listen(0, '127.0.0.1');
  await once(front, 'listening');
  return `http://127.0.0.1:${front.address().port}`;
}

for await (const line of createInterface({input: server.stdout})) {
  const [, url] = /^listening on (http:\/\/\S+)$/.exec(line) ?? [];
  console.log(url ? `listening on ${await standBetween(url)}` : line);
}
const [status] = await ended;
process.exit(status ?? 1);
