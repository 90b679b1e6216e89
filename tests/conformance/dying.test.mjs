// RES-12, RES-13: an origin that dies at every byte of its response. What the client gets must be whole, or an error,
// or visibly cut short; never something short that looks whole.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Gateway } from './lib/gateway.mjs';
import { converse, probe } from './lib/client.mjs';

const kLanes = 8;
const text = 'hello, world';
const answers = {
  counted: `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  chunked: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\nA: b\r\n\r\n`,
  'until close': `HTTP/1.1 200 OK\r\nA: b\r\n\r\n${text}`,
  'behind an interim response': `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  'large enough for splice': `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'z'.repeat(200000)}`,
};

// Every byte, or of a large answer its head, its last bytes and some places between.
function cuts(answer) {
  const all = Array.from({ length: answer.length + 1 }, (_, i) => i);
  return answer.length < 1000 ? all : all.filter((i) => i < 60 || i > answer.length - 20 || i % 9973 === 0);
}

describe('an origin that dies', { concurrency: 2 }, () => {
  let gateway;
  before(async () => { gateway = await Gateway.start({ lanes: kLanes }); });
  after(() => gateway.stop());
  for (const [kind, answer] of Object.entries(answers)) {
    for (const then of ['end', 'reset']) {
      for (const version of ['1.1', '1.0']) {
        test(`${kind}, ${then === 'end' ? 'FIN' : 'RST'} at every byte, HTTP/${version} client`, async () => {
          await Promise.all(cuts(answer).map((at) =>
            gateway.lane((lane) => die(lane, kind, answer, at, then, version))));
        });
      }
    }
  }
});

// libuv tells an end when bytes and a reset come in one turn of its loop; an answer without a length must not fall for
// it.
test('RFC 9112 8: bytes and RST at the same moment, until close', async (t) => {
  const gateway = await Gateway.start({});
  t.after(() => gateway.stop());
  const { port, origin } = gateway.lanes[0];
  for (const version of ['1.1', '1.0']) {
    let resumed;
    origin.expect({ answer: (socket) => {
      gateway.process.kill('SIGSTOP'); // so that both are there when it looks next
      socket.write(answers['until close'], () => setImmediate(() => {
        socket.once('close', () => { resumed = gateway.process.kill('SIGCONT'); });
        socket.resetAndDestroy();
      }));
    } });
    const { read, ended, bytes } = await converse(port,
      { pieces: [`GET / HTTP/${version}\r\nHost: h\r\nConnection: close\r\n\r\n`] });
    assert.ok(resumed);
    const final = read.messages.at(-1);
    assert.ok(final?.status === 502 || !(final?.complete && ended), `looks whole: ${JSON.stringify(bytes)}`);
  }
});

async function die({ port, origin }, kind, answer, at, then, version) {
  const where = `cut at ${at} of ${answer.length}`;
  origin.expect({ answer: answer.slice(0, at), then });
  const { read, ended, bytes } = await converse(port,
    { pieces: [`GET / HTTP/${version}\r\nHost: h\r\nConnection: close\r\n\r\n`] });
  const final = read.messages.find((m) => m.status >= 200);
  const whole = kind === 'until close' ? at >= answer.indexOf('\r\n\r\n') + 4 && then === 'end' : at === answer.length;
  const full = kind === 'large enough for splice' ? answer.slice(-200000) : text;
  if (whole && then === 'end') {
    assert.ok(final?.complete && ended, `${where}: not delivered: ${JSON.stringify(bytes.slice(0, 300))}`);
    assert.equal(final.body, kind === 'until close' ? text.slice(0, at - answer.length + text.length) : full, where);
  } else if (final?.complete && final.status === 200) { // RST may come before or after the last byte was read
    assert.ok(whole && kind !== 'until close',
      `${where}: ${then} looks like an end: ${JSON.stringify(bytes.slice(0, 300))}`);
    assert.equal(final.body, full, where);
  } else if (final?.complete) {
    assert.equal(final.status, 502, where);
  } else {
    assert.ok(full.startsWith(final?.body ?? ''), `${where}: other bytes than the origin's`);
  }
  const after = await converse(port, { pieces: [probe] });
  assert.equal(after.read.messages[0]?.status, 200, `${where}: the next client is served`);
  await origin.quiet();
}
