// perf/soak: what it is to find is found. Its clients are pointed at its own origin, and at servers that cheat.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { kinds, story } from '../../perf/lib/soak/load.mjs';
import { fit } from '../../perf/lib/soak/samples.mjs';
import { serve } from '../../perf/lib/soak/serve.mjs';

// What `kind` says of a server that handles connections with `handle`.
async function told(t, kind, handle) {
  const server = createServer({ allowHalfOpen: true }, handle);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const hearth = { port: server.address().port, requests: 0, outcomes: {}, findings: [], unexplained: [], disturbed: () => false };
  await story(hearth, kind, kinds[kind][1]);
  return hearth;
}
const says = (text) => (socket) => socket.on('error', () => {}).once('data', () => socket.end(text));

test('an honest origin: nothing is found', async (t) => {
  for (const kind of ['fresh', 'rest', 'upload', 'refused', 'pipelining', 'originDies', 'slowRequest']) {
    const { findings, unexplained, outcomes } = await told(t, kind, serve);
    assert.deepEqual([findings, unexplained], [[], []], kind);
    assert.deepEqual(outcomes, { [`${kind}: ok`]: 1 });
  }
});

test('wrong bytes, a wrong status, no HTTP: found', async (t) => {
  for (const text of ['HTTP/1.1 200 OK\r\nContent-Length: 3001\r\n\r\n' + 'x'.repeat(3001), 'HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n', 'nonsense\r\n\r\n']) {
    assert.equal((await told(t, 'fresh', says(text))).findings.length, 1, text.slice(0, 30));
  }
});

test('a response cut short is told apart; complete although its origin died: found', async (t) => {
  const cut = await told(t, 'fresh', says('HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\nabc'));
  assert.deepEqual([cut.findings.length, cut.unexplained.length, cut.requests], [0, 1, 0]);
  const looks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  assert.equal((await told(t, 'originDies', says(looks))).findings.length, 1);
});

test('what is malformed must not be answered with 200', async (t) => {
  assert.equal((await told(t, 'malformed', says('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))).findings.length, 1);
});

test('the line through samples, and how sure it is', () => {
  const points = Array.from({ length: 600 }, (_, n) => [n * 5, 1000 + n * 0.1 + (n % 2 ? 30 : -30)]); // 72 an hour
  const { perHour, error } = fit(points);
  assert.ok(Math.abs(perHour - 72) < 2 && error < 2, `${perHour} ± ${error}`);
});
