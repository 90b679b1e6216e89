// Origins whose connections are kept and used again: no byte of one exchange may ever be taken for a part of another
// (RFC 9112 9.3). One lane at a time, with the pool as it comes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Gateway } from './lib/gateway.mjs';
import { Oracle } from './lib/oracle.mjs';
import { converse } from './lib/client.mjs';

const kRounds = 40;
const body = (n) => `<${n}>`.padEnd(1 + (n * 37) % 300, 'x');
const say = (text, fields = `Content-Length: ${text.length}\r\n`) => `HTTP/1.1 200 OK\r\n${fields}\r\n${text}`;
const request = (n, last) => `GET /${n} HTTP/1.1\r\nHost: h\r\n${last ? 'Connection: close\r\n' : ''}\r\n`;

let gateway, oracle;
before(async () => {
  oracle = new Oracle();
  gateway = await Gateway.start({ upstream: '' });
});
after(async () => {
  oracle.stop();
  await gateway.stop();
});

// One client connection, kRounds requests of which the origin answers each with `answer(n)` ; every answer must be its
// own.
async function rounds(answer, { statuses } = {}) {
  const { port, origin } = gateway.lanes[0];
  for (const { socket } of origin.connections) socket.destroy();
  origin.expect({ answer: (socket, { target }, connection) =>
    socket.write(Buffer.from(answer(Number(target.slice(1)), connection), 'latin1')) });
  const seen = [];
  for (let n = 0; n < kRounds; ++n) {
    const { bytes, read, ended } = await converse(port, { pieces: [request(n, true)] });
    const message = read.messages.find((m) => m.status >= 200);
    assert.ok(message && message.complete, JSON.stringify(bytes));
    seen.push(message);
    if (statuses) assert.ok(statuses.includes(message.status), bytes);
    if (message.status === 200) assert.equal(message.body, body(n), 'an answer to something else');
    await oracle.agreesOnResponses(bytes, read, ['GET'], ended);
  }
  for (const { bytes, read, error } of origin.connections) {
    assert.equal(error, undefined);
    await oracle.agreesOnRequests(bytes, read);
  }
  return { seen, connections: origin.connections.length };
}

test('RFC 9112 9.3: counted answers share a connection', async () => {
  const { connections } = await rounds((n) => say(body(n)));
  assert.equal(connections, 1);
});

test('RFC 9112 9.3: chunked answers with trailers share a connection', async () => {
  const { connections } = await rounds((n) =>
    say(`${body(n).length.toString(16)}\r\n${body(n)}\r\n0\r\nA: b\r\n\r\n`, 'Transfer-Encoding: chunked\r\n'));
  assert.equal(connections, 1);
});

test('RFC 9112 9.3: an answer with bytes behind it ends its connection', async () => {
  const { connections } = await rounds((n) => `${say(body(n))}HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled`);
  assert.equal(connections, kRounds);
});

test('RFC 9112 9.3: bytes behind the last chunk end its connection', async () => {
  const { connections } = await rounds((n) =>
    say(`${body(n).length.toString(16)}\r\n${body(n)}\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`,
      'Transfer-Encoding: chunked\r\n'));
  assert.equal(connections, kRounds);
});

test('RFC 9112 9.6: Connection: close from the origin is obeyed', async () => {
  const { connections } = await rounds((n) =>
    say(body(n), `Content-Length: ${body(n).length}\r\nConnection: x, close\r\n`));
  assert.equal(connections, kRounds);
});

test('RFC 9112 9.3: HTTP/1.0 answers end their connection unless they say otherwise', async () => {
  const old = (n, more) => say(body(n), `Content-Length: ${body(n).length}\r\n${more}`).replace('HTTP/1.1', 'HTTP/1.0');
  assert.equal((await rounds((n) => old(n, ''))).connections, kRounds);
  assert.equal((await rounds((n) => old(n, 'Connection: keep-alive\r\n'))).connections, 1);
});

test('RFC 9112 6.3: a 204 that announces bytes ends its connection', async () => {
  const { connections } = await rounds(() => 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    { statuses: [204] });
  assert.equal(connections, kRounds);
});

test('RFC 9112 9.3.2: pipelined over one client connection, each gets its own answer', async () => {
  const { port, origin } = gateway.lanes[0];
  for (const { socket } of origin.connections) socket.destroy();
  origin.expect({ answer: (socket, { target }) => socket.write(say(body(Number(target.slice(1))))) });
  const all = Array.from({ length: kRounds }, (_, n) => request(n, n === kRounds - 1)).join('');
  const { read } = await converse(port, { pieces: [all], methods: Array(kRounds).fill('GET') });
  assert.deepEqual(read.messages.map((m) => m.body), Array.from({ length: kRounds }, (_, n) => body(n)));
});

test('RFC 9110 9.2.2: a kept connection that dies under a GET is no error, under a POST no second try', async () => {
  const { port, origin } = gateway.lanes[0];
  for (const { socket } of origin.connections) socket.destroy();
  const targets = [];
  origin.expect({ answer: (socket, { method, target }, connection) => {
    targets.push(`${method} ${target}`);
    connection.count = (connection.count ?? 0) + 1;
    if (connection.count === 1) socket.write(say('first'));
    else socket.resetAndDestroy(); // as an origin does that has just timed the connection out
  } });
  const ask = async (method, target) => {
    const { read } = await converse(port,
      { pieces: [`${method} ${target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`],
      methods: [method] });
    return read.messages.at(-1).status;
  };
  assert.equal(await ask('GET', '/a'), 200);
  assert.equal(await ask('GET', '/b'), 200, 'tried again on a new connection');
  assert.equal(await ask('POST', '/c'), 502);
  assert.deepEqual(targets, ['GET /a', 'GET /b', 'GET /b', 'POST /c']);
});
