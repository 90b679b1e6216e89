// Runs a table of byte-level cases (cases.mjs says what a case is): each in every way of cutting its bytes, each time
// with the same outcome, everything that was forwarded read by two more parsers.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Gateway } from './gateway.mjs';
import { Oracle } from './oracle.mjs';
import { converse, probe } from './client.mjs';
import { cut, ways } from './pieces.mjs';

const kLanes = 8;

export function table(topic, cases, options = {}) {
  describe(topic, { concurrency: kLanes }, () => {
    let gateway, oracle;
    before(async () => {
      oracle = new Oracle();
      gateway = await Gateway.start({ lanes: kLanes, ...options });
    });
    after(async () => {
      oracle.stop();
      await gateway.stop();
    });
    const names = new Set();
    for (const each of cases) {
      const name = `${each.rfc}: ${each.name}`;
      assert.ok(!names.has(name), `two cases are called ${name}`);
      names.add(name);
      test(name, async () => {
        for (const way of each.ways ?? ways) {
          await gateway.lane((lane) => run(each, way, lane, oracle)).catch((error) => {
            error.message = `[${way}] ${error.message}`;
            throw error;
          });
        }
      });
    }
  });
}

async function run(each, way, { port, origin }, oracle) {
  const byOrigin = each.answer !== undefined && each.cut === 'answer';
  origin.expect({ ...each, answer: byOrigin ? cut(each.answer, way) : each.answer });
  const client = await converse(port, {
    pieces: byOrigin ? [each.send] : cut(each.send, way),
    methods: each.methods, fin: each.fin, upgraded: each.upgraded,
    expected: each.out.filter((o) => o.status >= 200).length, stays: !each.closes && !each.leaves,
  });
  if (!client.probed) await converse(port, { pieces: [probe] });
  await origin.quiet();
  checkDownstream(each, client);
  checkUpstream(each, origin);
  for (const connection of origin.connections) await oracle.agreesOnRequests(connection.bytes, connection.read);
  await oracle.agreesOnResponses(client.bytes, client.read, [...each.methods, ...(client.probed ? ['GET'] : [])],
    client.ended);
}

const statuses = (messages) => messages.map((m) => m.status).join(' ');

function checkDownstream(each, { read, bytes, ended, probed }) {
  const messages = [...read.messages];
  if (each.cutShort && probed) { // the fault came before anything had been sent
    assert.equal(statuses(messages), '502 200', `received ${JSON.stringify(bytes.slice(0, 1000))}`);
    return;
  }
  if (!each.closes && !each.leaves && !each.cutShort) {
    assert.ok(probed, `closed, or never answered; received ${JSON.stringify(bytes.slice(0, 1000))}`);
    const last = messages.pop();
    assert.equal(last?.status, 200,
      `the connection does not serve the next request; received ${JSON.stringify(bytes.slice(0, 1000))}`);
  }
  const hinted = each.hints ? messages.filter((m) => m.status >= 200) : messages;
  assert.equal(statuses(hinted), statuses(each.out), `statuses; received ${JSON.stringify(bytes.slice(0, 1000))}`);
  const last = messages.at(-1);
  if (each.closes && last && last.status !== 101) assert.ok(last.last,
    `no Connection: close in ${JSON.stringify(last.head)}`);
  if (!each.cutShort) assert.ok(ended || read.upgrade || messages.length === 0, 'closed by a reset');
  hinted.forEach((message, i) => {
    const wanted = each.out[i];
    if (each.cutShort && message === last) assert.ok(!message.complete, 'what was cut short looks complete');
    else assert.ok(message.complete, 'an unfinished response');
    if (wanted.head !== undefined) assert.equal(withoutDate(message.head, wanted), wanted.head);
    if (wanted.body !== undefined) assert.equal(message.body, wanted.body);
    if (wanted.bodyStarts !== undefined) assert.ok(wanted.bodyStarts.startsWith(message.body),
      JSON.stringify(message.body.slice(0, 200)));
    if (wanted.trailers !== undefined) assert.deepEqual(message.trailers, wanted.trailers);
    for (const pattern of [wanted.has ?? []].flat()) assert.match(message.head, pattern);
    for (const pattern of [wanted.lacks ?? []].flat()) assert.doesNotMatch(message.head, pattern);
  });
  if (each.tunnel !== undefined) assert.equal(read.rest, each.tunnel);
}

// Hearth dates what an origin did not.
function withoutDate(head, wanted) {
  if (/\r\nDate: /.test(wanted.head)) return head;
  return head.replace(/\r\nDate: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n/, '\r\n');
}

const added = /X-Request-Id: [0-9a-f]{32}\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\n(X-Forwarded-Host: .*\r\n)?\r\n$/;

function checkUpstream(each, origin) {
  const seen = [];
  for (const { error, read } of origin.connections) {
    assert.equal(error, undefined, `the origin cannot read what it got: ${error?.message}`);
    for (const message of read.messages) if (message.target !== '/barrier') seen.push(message);
    if (read.upgrade && each.upTunnel !== undefined) assert.equal(read.rest, each.upTunnel);
    else assert.equal(read.rest, '', 'half a head, or bytes behind the requests, at the origin');
  }
  const complete = seen.filter((m) => m.complete);
  assert.equal(complete.length, each.up.length,
    `requests at the origin: ${JSON.stringify(complete.map((m) => m.head))}`);
  complete.forEach((message, i) => compare(message, each.up[i], origin.port));
  const half = seen.filter((m) => !m.complete);
  assert.ok(half.length <= (each.half ? 1 : 0), `half a request reached the origin: ${JSON.stringify(half[0]?.head)}`);
  for (const message of half) {
    compare({ ...message, body: '' }, { ...each.half, body: '' }, origin.port);
    assert.ok(each.half.body.startsWith(message.body), `sent up: ${JSON.stringify(message.body)}`);
  }
}

function compare(message, wanted, port) {
  assert.match(message.head, added, 'the fields Hearth adds');
  const head = message.head.replace(/\r\nHost: origin\d+\r\n/, '\r\nHost: {origin}\r\n').replace(added,
    (_, host) => host ?? '');
  assert.equal(head, wanted.head);
  assert.equal(message.body, wanted.body);
  assert.deepEqual(message.trailers, wanted.trailers);
}
