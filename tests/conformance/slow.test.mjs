// RES-01 to RES-06, RES-11, RES-14, WS-17, WS-18: clients and origins that are slow, stall or never end. Each costs a
// bounded amount of memory, is let go in time, and does not keep others waiting.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, afterEach, before, describe, test } from 'node:test';
import { until } from '../e2e/lib/poll.mjs';
import { Gateway } from './lib/gateway.mjs';
import { converse, probe } from './lib/client.mjs';

const MiB = 1024 * 1024;
// Hearth wants two descriptors for each connection and refuses to start without.
const kFiles = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'))[1]);
const kConnections = Math.min(10500, Math.floor((kFiles - 200) / 2));
const kCrowd = Math.min(10000, kConnections - 100);
const seconds = (n) => n * 1000;

let present = [];
// While the gateway still lives: node leaks the descriptor of a socket that it resets and that is over already.
async function dismiss() {
  const sockets = present.filter((s) => !s.over);
  present = [];
  for (const socket of sockets) socket.resetAndDestroy();
  await until(() => sockets.every((s) => s.over), { what: 'the crowd is gone', timeout: 10000, every: 5 });
}
afterEach(dismiss);

// Sockets that are all connected; they are gone again at the end of the test.
async function crowd(port, size, begin = () => {}) {
  const sockets = [];
  for (let at = 0; at < size; at += 250) { // a listening queue is finite
    await Promise.all(Array.from({ length: Math.min(250, size - at) }, async () => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      socket.bytes = '';
      socket.on('data', (data) => { socket.bytes += data.toString('latin1'); });
      socket.on('error', () => {});
      socket.on('close', () => { socket.over = true; });
      sockets.push(socket);
      present.push(socket);
      await once(socket, 'connect');
      begin(socket);
    }));
  }
  return sockets;
}

// How long a request of somebody else takes, in ms.
async function served(port) {
  const began = performance.now();
  const { read } = await converse(port, { pieces: [probe] });
  assert.equal(read.messages[0]?.status, 200, 'others are served');
  return performance.now() - began;
}

// What happens to the gateway's memory in between, per item.
async function cost(gateway, items, grow) {
  const before = gateway.memory();
  await grow();
  const each = (gateway.memory() - before) / items;
  return each;
}

const allOver = (sockets, what, timeout) => until(() => sockets.every((s) => s.over), { what, timeout, every: 20 });

// Each slow client against a gateway with short timeouts.
describe('slow', { concurrency: 1 }, () => {
  let gateway, port, origin;
  before(async () => {
    gateway = await Gateway.start({ connections: 4096,
      http: 'client_header_timeout 1s; client_body_timeout 1s; send_timeout 1s; proxy_read_timeout 1s; keepalive_timeout 1s;' });
    [{ port, origin }] = gateway.lanes;
  });
  after(() => gateway.stop());

  test('RES-01: heads that come a byte at a time end at client_header_timeout', async (t) => {
    const sockets = await crowd(port, 500, (socket) => {
      socket.write('GET / HTTP/1.1\r\nHost: h\r\nA: ');
      socket.drip = setInterval(() => (socket.over ? clearInterval(socket.drip) : socket.write('x')), 100);
    });
    t.after(() => sockets.forEach((s) => clearInterval(s.drip)));
    assert.ok(await served(port) < 1000);
    await allOver(sockets, 'every slow head is over', seconds(10));
    for (const { bytes } of sockets) assert.match(bytes, /^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/);
  });

  test('RES-06: connections without a byte end without a word', async (t) => {
    const sockets = await crowd(port, 500);
    await allOver(sockets, 'every silent connection is over', seconds(10));
    for (const { bytes } of sockets) assert.equal(bytes, '');
  });

  test('RES-02: bodies that stop are refused and never look whole to the origin', async () => {
    origin.expect();
    const sockets = await crowd(port, 200,
      (socket) => socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhello'));
    await allOver(sockets, 'every stalled body is over', seconds(10));
    for (const { bytes } of sockets) assert.match(bytes, /^HTTP\/1\.1 408 /);
    await origin.quiet();
    for (const { read } of origin.connections) assert.ok(read.messages.every((m) => !m.complete));
  });

  test('RES-02: a body that drips is taken as long as it drips', async () => {
    origin.expect();
    const socket = connect(port, '127.0.0.1');
    let bytes = '';
    socket.on('data', (data) => { bytes += data; });
    socket.write('POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 10\r\n\r\n');
    for (let i = 0; i < 10; ++i) { // longer than the timeout in all
      await until((begun => () => performance.now() - begun > 200)(performance.now()),
        { what: 'a fifth of the timeout', every: 10 });
      socket.write('x');
    }
    await once(socket, 'close');
    assert.match(bytes, /^HTTP\/1\.1 200 /);
    assert.equal(origin.connections[0].read.messages[0].body, 'x'.repeat(10));
  });

  test('RES-03: clients that do not read stop the origin, cost little, and end at send_timeout', async (t) => {
    origin.expect({ answer: flood('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n') });
    const kClients = 50;
    const sockets = [];
    const each = await cost(gateway, kClients, async () => {
      sockets.push(...await crowd(port, kClients,
        (socket) => { socket.pause(); socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'); }));
      await until(() => origin.connections.length === kClients &&
        origin.connections.every((c) => c.closed || c.socket.writableNeedDrain),
        { what: 'the origin is held up', timeout: seconds(10), every: 10 });
    });
    assert.ok(each < 256 * 1024, `${Math.round(each / 1024)} KiB for each`);
    assert.ok(await served(port) < 1000);
    await until(() => origin.connections.every((c) => c.closed),
      { what: 'the gateway gives up on them', timeout: seconds(15), every: 20 });
  });

  test('RES-11: an origin that never answers is 504 at proxy_read_timeout', async (t) => {
    origin.expect({ answer: [] });
    const sockets = await crowd(port, 300,
      (socket) => socket.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'));
    await allOver(sockets, 'every waiting client is answered', seconds(10));
    for (const { bytes } of sockets) assert.match(bytes, /^HTTP\/1\.1 504 /);
  });

  test('RES-14: chunks without end go through in bounded memory', async () => {
    origin.expect({ answer: flood('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      `10000\r\n${'z'.repeat(65536)}\r\n`) });
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    let received = 0;
    socket.on('data', (data) => { received += data.length; });
    await until(() => received > 16 * MiB, { what: 'it flows', timeout: seconds(20), every: 5 });
    const grown = await cost(gateway, 1,
      () => until(() => received > 128 * MiB, { what: 'it flows on', timeout: seconds(30), every: 5 }));
    socket.destroy();
    assert.ok(grown < 4 * MiB, `${grown} bytes more`);
    await origin.quiet();
  });

  test('RES-14: an interim response without end is cut off', async () => {
    origin.expect({ answer: flood('', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)) });
    const { read } = await converse(port, { pieces: ['GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'] });
    assert.equal(read.messages.at(-1).status, 502);
    assert.ok(read.messages.length <= 9);
    await origin.quiet();
  });

  for (const [id, who] of [['WS-17', 'client'], ['WS-18', 'origin']]) {
    test(`${id}: a tunnel whose ${who} does not read holds the other up, in bounded memory`, async (t) => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
      origin.expect({ answer: (socket, request, connection) => {
        if (who === 'client') return flood(head)(socket);
        socket.write(head);
        socket.pause();
        connection.ready = true;
      } });
      const grown = await cost(gateway, 1, async () => {
        const [socket] = await crowd(port, 1,
          (s) => s.write('GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'));
        await until(() => socket.bytes !== '', { what: 'the tunnel is open', timeout: seconds(5), every: 5 });
        socket.pause();
        if (who === 'origin') flood('')(socket);
        const writer = who === 'origin' ? socket : origin.connections[0].socket;
        let last = -1;
        await until(() => writer.writableNeedDrain && last === (last = writer.bytesWritten - writer.writableLength),
          { what: 'the writer is held up', timeout: seconds(10), every: 100 });
      });
      assert.ok(grown < 4 * MiB, `${grown} bytes more`);
      assert.ok(await served(port) < 1000);
    });
  }
});

// An answer: `head`, then `piece` again and again as long as it is taken.
function flood(head, piece = 'z'.repeat(65536)) {
  return (socket) => {
    if (head !== '') socket.write(head);
    const more = () => {
      if (socket.destroyed || !socket.writable) return;
      for (let i = 0; i < 16; ++i) if (!socket.write(piece)) break;
      if (!socket.writableNeedDrain) setImmediate(more);
    };
    socket.on('drain', more);
    more();
  };
}

describe('stalled', { concurrency: 1 }, () => {
  // Memory is measured on a process that has not served anybody else.
  async function measure(t, size, limit, grow) {
    const gateway = await Gateway.start({ connections: kConnections });
    try {
      const [{ port, origin }] = gateway.lanes;
      await served(port);
      const each = await cost(gateway, size, () => grow(port, origin));
      t.diagnostic(`${Math.round(each)} bytes of resident memory each`);
      assert.ok(each < limit, `${each} bytes each`);
      assert.ok(await served(port) < 1000, 'others wait');
    } finally {
      await dismiss();
      await gateway.stop();
    }
  }

  for (const [name, begin, limit] of [
    ['without a byte', () => {}, 4 * 1024],
    ['with half a head', (socket) => socket.write('GET / HTTP/1.1\r\nHost: h\r\nCookie: abc'), 16 * 1024],
  ]) {
    test(`RES-04: up to 10 000 connections ${name}`,
      (t) => measure(t, kCrowd, limit, (port) => crowd(port, kCrowd, begin)));
  }

  test('RES-05: 300 connections with a head of 56 kB that does not end', async (t) => {
    const head = `GET / HTTP/1.1\r\nHost: h\r\n${`A: ${'b'.repeat(14000)}\r\n`.repeat(4)}A: b`;
    await measure(t, 300, 2 * head.length + 16 * 1024, async (port) => {
      const sockets = await crowd(port, 300, (socket) => socket.write(head));
      await until(() => sockets.every((s) => s.writableLength === 0),
        { what: 'all is sent', timeout: seconds(10), every: 10 });
      await served(port);
    });
  });

  test('RES-11: 1 000 requests whose origin does not answer', async (t) => {
    const kSize = Math.min(1000, Math.floor(kCrowd / 4));
    await measure(t, kSize, 24 * 1024, async (port, origin) => {
      origin.expect({ answer: [] });
      await crowd(port, kSize, (socket) => socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n'));
      await until(() => origin.connections.filter((c) => c.read.messages.length > 0).length === kSize,
        { what: 'all have arrived', timeout: seconds(20), every: 20 });
    });
  });
});
