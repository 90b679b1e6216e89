// What a program inside a workspace sees of a request that came through Hearth, by way of code-server's port proxy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

// Answers every request with what it saw of it, and echoes what a WebSocket sends.
const echo = `const http = require('http'), crypto = require('crypto');
http.createServer((q, r) => { let body = ''; q.on('data', (d) => body += d).on('end', () =>
  r.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/']).end(JSON.stringify({ method: q.method, url: q.url, headers: q.headers, body }))); })
.on('upgrade', (q, s) => { const accept = crypto.createHash('sha1')
  .update(q.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  s.write('HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nX-Cookie: ' + (q.headers.cookie ?? 'none') +
    '\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n'); s.pipe(s); }).listen(3999)`;

let hearth, client, path;
const cleanups = [];
before(async () => {
  hearth = await Hearth.create({ after: (fn) => cleanups.push(fn) });
  client = await hearth.admin();
  const { id } = await workspaces.running(client);
  path = `/w/${id}/proxy/3999/`;
  await hearth.deployment.spawn(id, 'node', '-e', echo);
  await until(async () => (await client.request('GET', path)).status === 200, { what: 'the echo answers' });
});
after(async () => { for (const fn of cleanups) await fn(); });

const session = () => [...client.cookies].find(([name]) => /session/.test(name));

test('the session cookie stays behind; other cookies pass', async () => {
  const [name, secret] = session();
  const answer = await client.request('GET', `${path}x?y=1`, {
    headers: { Cookie: `first=1; ${name}=${secret}; last=2`, 'X-Forwarded-For': '6.6.6.6', 'X-Hearth-User': 'root', Forwarded: 'for=6.6.6.6' } });
  assert.equal(answer.status, 200, answer.body);
  assert.ok(!answer.body.includes(secret), 'the secret is nowhere in what the workspace saw');
  const { headers } = JSON.parse(answer.body);
  assert.deepEqual(headers.cookie.split(/; */), ['first=1', 'last=2']);
  assert.ok(!answer.body.includes('6.6.6.6') && !('x-hearth-user' in headers), 'nothing a client may not set');
  assert.match(headers['x-forwarded-for'], /127\.0\.0\.1/);
  assert.equal(headers.host, `127.0.0.1:${hearth.port}`);
});

test('a body goes up, several Set-Cookie come down', async () => {
  const answer = await client.request('POST', path, { body: 'x'.repeat(200000) });
  assert.equal(JSON.parse(answer.body).body.length, 200000);
  assert.deepEqual(answer.headers['set-cookie'].filter((c) => /^[ab]=/.test(c)), ['a=1; Path=/', 'b=2; Path=/']);
});

test('a WebSocket is a tunnel in both directions, without the session cookie', async () => {
  const { status, headers, socket } = await client.upgrade(path, { Cookie: `${session().join('=')}; other=1` });
  assert.equal(status, 101);
  assert.ok(headers['x-cookie'] && !headers['x-cookie'].includes(session()[1]), headers['x-cookie']);
  const sent = Buffer.alloc(300000, 'tunnel ');
  let got = 0;
  socket.on('data', (bytes) => { got += bytes.length; });
  socket.write(sent);
  await until(() => got === sent.length, { what: 'every byte came back', timeout: 10000 });
  socket.destroy();
});
