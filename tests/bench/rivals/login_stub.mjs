// SPDX-License-Identifier: BSL-1.0
// The least that a login can cost a Node server: it reads JSON and answers fixed JSON. Prints its port.

import http from 'node:http';

const begun = JSON.stringify({transactionId: '01234567-89AB-CDEF-0123-456789ABCDEF', expiresIn: 300, resendIn: 30});
const done = JSON.stringify({objectId: '01234567-89AB-CDEF-0123-456789ABCDEF', 'user-token': '01234567-89AB-CDEF-0123-456789ABCDEF', phoneNumber: '+15005551000'});
const server = http.createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString());
    response.writeHead(200, {'Content-Type': 'application/json'});
    response.end(body.transactionId ? done : begun);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
