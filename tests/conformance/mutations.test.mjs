// Requests and answers spoiled at random: whatever Hearth lets through, three parsers must read it alike, and it lives on.
// The seed of each is its number, so a failure can be had again.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Gateway } from './lib/gateway.mjs';
import { Oracle } from './lib/oracle.mjs';
import { converse, probe } from './lib/client.mjs';
import { generator } from './lib/pieces.mjs';
import { readRequests } from './lib/strict.mjs';

const kLanes = 8, kBatches = 8, kBatch = 150;

const requests = [
  'GET /a?b HTTP/1.1\r\nHost: h\r\nCookie: c=d\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /2 HTTP/1.1\r\nHost: h\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET http://h/x HTTP/1.1\r\nHost: h\r\nConnection: X-A, TE\r\nX-A: 1\r\nTE: trailers\r\nX_Forwarded_For: 1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n',
  'POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nokGET / HTTP/1.0\r\n\r\n',
];
const answers = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\n\r\nhello',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno',
  'HTTP/1.0 200 OK\r\nConnection: keep-alive, X-A\r\nX-A: 1\r\n\r\nhello',
  'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
];
const words = ['\r', '\n', '\r\n', '\r\n\r\n', '\0', ' ', '\t', '\x0b', '\x7f', '\x80', ':', ',', ';', '"', '=', '0',
  '1', 'f', '-', '+', '_', '/', '%2e',
  'Content-Length: 3\r\n', 'Content-Length: 5\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: x\r\n',
  'Host: i\r\n',
  'Connection: close\r\n', 'Connection: Content-Length\r\n', 'HTTP/1.0', 'HTTP/1.1', ' chunked', '0\r\n\r\n',
  '5\r\nhello\r\n'];

function spoil(text, random) {
  const pick = (n) => Math.floor(random() * n);
  for (let times = 1 + pick(3); times > 0; --times) {
    const at = pick(text.length + 1), size = 1 + pick(random() < 0.8 ? 3 : 30);
    const [before, middle, behind] = [text.slice(0, at), text.slice(at, at + size), text.slice(at + size)];
    text = [
      () => before + behind, () => before + middle + middle + behind,
      () => before + words[pick(words.length)] + middle + behind, () => before + words[pick(words.length)] + behind,
      () => before + String.fromCharCode(pick(256)) + middle.slice(1) + behind,
      () => before + middle.toUpperCase() + behind,
    ][pick(6)]();
  }
  return text;
}

describe('mutations', { concurrency: kLanes }, () => {
  let gateway, oracle;
  before(async () => {
    oracle = new Oracle();
    gateway = await Gateway.start({ lanes: kLanes });
  });
  after(async () => {
    oracle.stop();
    await gateway.stop();
  });

  async function batch(batchNumber, seeds, use) {
    for (let i = 0; i < kBatch; ++i) {
      const number = batchNumber * kBatch + i;
      const text = spoil(seeds[number % seeds.length], generator(number));
      try {
        await gateway.lane((lane) => use(lane, text));
      } catch (error) {
        error.message = `[${number}] ${JSON.stringify(text)}: ${error.message}`;
        throw error;
      }
    }
  }

  async function spoiledRequest({ port, origin }, text) {
    origin.expect({ answer: (socket, { method }) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${method === 'HEAD' ? '' : 'ok'}`) });
    const methods = text.match(/\b(?:HEAD|GET|POST)(?= )/g) ?? [];
    await converse(port, { pieces: [text], methods, fin: true });
    await converse(port, { pieces: [probe] });
    await origin.quiet();
    for (const { bytes, read, error } of origin.connections) {
      assert.equal(error, undefined, `the origin cannot read ${JSON.stringify(bytes)}`);
      assert.deepEqual(readRequests(bytes), read);
      await oracle.agreesOnRequests(bytes, read);
    }
  }

  async function spoiledAnswer({ port, origin }, text) {
    origin.expect({ answer: text, then: 'end' });
    const { bytes, read, ended } = await converse(port,
      { pieces: ['GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'] });
    assert.ok(read.messages.length > 0 || !ended, 'an end without an answer');
    await oracle.agreesOnResponses(bytes, read, ['GET'], ended);
    await origin.quiet();
  }

  for (let n = 0; n < kBatches; ++n) {
    test(`requests ${n * kBatch} to ${(n + 1) * kBatch - 1}`, () => batch(n, requests, spoiledRequest));
    test(`answers ${n * kBatch} to ${(n + 1) * kBatch - 1}`, () => batch(n, answers, spoiledAnswer));
  }
});
