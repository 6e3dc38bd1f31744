#!/usr/bin/env node
// A server that logs what it should not, for secrets.mjs: LEAK says what.

import http from 'node:http';

const secrets = {password: '', code: '123456', token: 'C0FFEE00-0000-4000-8000-0123456789AB', 'auth token': process.env.TWILIO_AUTH_TOKEN};
const server = http.createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  secrets.password = JSON.parse(body).password;
  console.log(`message to +15005550199: ${secrets.code} is your verification code.`);
  const line = {time: 1767225600123, event: 'started', detail: secrets[process.env.LEAK] ?? '1234567'};
  if (process.env.LEAK_AS === 'base64') line.detail = Buffer.from(`Basic:${line.detail}`).toString('base64');
  (process.env.LEAK_TO === 'stderr' ? console.error : console.log)(JSON.stringify(line));
  response.end(JSON.stringify({'user-token': secrets.token}));
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => process.exit(0));
