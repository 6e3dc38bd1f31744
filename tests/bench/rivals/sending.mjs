// SPDX-License-Identifier: BSL-1.0
// Node's own http and https: what bench_sending's clients do, and the line that they print.
//     node sending.mjs ORIGIN CA_FILE PATH FORM HEADERS IN_FLIGHT UNMEASURED MEASURED      (HEADERS: JSON)

import {readFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const [origin, caFile, path, form, headersText, ...numbers] = process.argv.slice(2);
const [inFlight, unmeasured, measured] = numbers.map(Number);
const {protocol, port} = new URL(origin);
const tls = protocol === 'https:';
const agent = new (tls ? https : http).Agent({keepAlive: true, maxSockets: inFlight, noDelay: true, ...(tls && {ca: readFileSync(caFile)})});
const headers = {...JSON.parse(headersText), 'Content-Length': Buffer.byteLength(form)};
const options = {agent, host: 'localhost', family: 4, port, path, method: 'POST', headers, timeout: 30_000};
const times = [];
let begun = 0, ended = 0, failed = 0, before, after;

const send = () => new Promise((resolve, reject) => {
  const start = performance.now();
  const request = (tls ? https : http).request(options, (reply) => {
    const parts = [];
    reply.on('data', (part) => parts.push(part));
    reply.on('end', () => {
      if (reply.statusCode !== 201 || Buffer.concat(parts).toString().length < 100) ++failed;
      if (++ended > unmeasured) times.push((performance.now() - start) * 1000);
      if (ended === unmeasured) before = process.cpuUsage();
      if (ended === unmeasured + measured) after = process.cpuUsage(before);
      resolve();
    });
  });
  request.on('error', reject);
  request.end(form);
});
await Promise.all(Array.from({length: inFlight}, async () => {
  while (begun++ < unmeasured + measured) await send();
}));
times.sort((a, b) => a - b);
const share = (part) => times[Math.floor(part * (times.length - 1))];
const {maxRSS} = process.resourceUsage();
console.log(failed, (after.user + after.system) / measured, after.system / measured, share(0.5), share(0.99), maxRSS);
agent.destroy();
