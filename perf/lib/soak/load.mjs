// The clients of the soak test. Each kind is a small story on a connection of its own; what becomes of it is counted.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Cut, Wire, bytes, random } from './wire.mjs';

const GATEWAY = [502, 503, 504];
const place = (n) => ({ at: random(1 << 20), n });
const url = (name, { at, n }) => `/${name}?at=${at}&n=${n}`;
const get = (target) => `GET ${target} HTTP/1.1\r\nHost: soak\r\n\r\n`;
const key = 'dGhlIHNhbXBsZSBub25jZQ==';

class Wrong extends Error {}
class Gateway extends Error {}

function judge({ status, body }, expected, want = 200) {
  if (GATEWAY.includes(status)) throw new Gateway(String(status));
  if (status !== want) throw new Wrong(`status ${status} instead of ${want}`);
  if (expected && !body.equals(expected)) throw new Wrong(`${body.length} wrong bytes for ${expected.length}`);
}

function something() {
  const kind = random(20);
  if (kind < 16) return { name: 'bytes', part: place(random(2000)) };
  if (kind < 19) return { name: 'chunked', part: place(random(40000)) };
  return { name: 'bytes', part: place(200000) };
}

async function fetchOne(hearth, wire, { name, part } = something()) {
  await wire.write(get(url(name, part)));
  const answer = await wire.answer();
  judge(answer, bytes(part.at, part.n));
  hearth.requests++;
  return answer;
}

async function upload(hearth, wire, pace = () => {}) {
  const { at, n } = place(random(10) ? random(60000) : 900000);
  const data = bytes(at, n);
  const chunked = random(2);
  await wire.write(`POST /up HTTP/1.1\r\nHost: soak\r\n${chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${n}`}\r\n\r\n`);
  for (let sent = 0; sent < n; sent += 16384) {
    const part = data.subarray(sent, sent + 16384);
    await wire.write(chunked ? Buffer.concat([Buffer.from(part.length.toString(16) + '\r\n'), part, Buffer.from('\r\n')]) : part);
    await pace();
  }
  if (chunked) await wire.write('0\r\n\r\n');
  judge(await wire.answer(), Buffer.from(`${n} ${createHash('md5').update(data).digest('hex')}`));
  hearth.requests++;
}

const malformed = [
  'GET / HTTP/1.1\r\n\r\n', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 'no such thing\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', 'POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  'POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', `GET /${'a'.repeat(70000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(9000)}\r\n`, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n',
];

// name → [how many begin per second and hearth, the story]
export const kinds = {
  keepalive: [1.3, async (hearth, wire) => {
    for (let n = 5 + random(60); n > 0; --n) {
      if ((await fetchOne(hearth, wire)).headers.connection === 'close') return;
      await delay(random(200));
    }
  }],
  fresh: [12, (hearth, wire) => fetchOne(hearth, wire)],
  rest: [1, (hearth, wire) => fetchOne(hearth, wire, { name: 'rest', part: place(random(100000)) })],
  upload: [3, (hearth, wire) => upload(hearth, wire)],
  slowUpload: [0.3, (hearth, wire) => upload(hearth, wire, () => delay(random(120)))],
  refused: [0.5, async (hearth, wire) => {
    await wire.write('POST /refuses HTTP/1.1\r\nHost: soak\r\nContent-Length: 500000\r\n\r\n');
    for (let n = 0; n < 5 && !wire.waiting && !wire.ended; ++n) await wire.write(bytes(0, 100000));
    judge(await wire.answer(), undefined, 403);
  }],
  pipelining: [1.5, async (hearth, wire) => {
    const list = Array.from({ length: 2 + random(8) }, something);
    await wire.write(list.map(({ name, part }) => get(url(name, part))).join(''));
    for (const { part } of list) {
      const answer = await wire.answer();
      judge(answer, bytes(part.at, part.n));
      hearth.requests++;
      if (answer.headers.connection === 'close') return; // a reload: the others were not begun
    }
  }],
  malformed: [2, async (hearth, wire) => {
    await wire.write(Buffer.from(malformed[random(malformed.length)], 'latin1'));
    const { status } = await wire.answer();
    if (!(GATEWAY.includes(status) || (status >= 400 && status < 506))) throw new Wrong(`status ${status}`);
  }],
  stopsReading: [0.7, async (hearth, wire) => {
    await wire.write(Array.from({ length: 1 + random(4) }, () => get(url('bytes', place(1000000)))).join(''));
    await wire.some();
    wire.socket.pause();
    await delay(random(6000));
  }],
  leaves: [5, async (hearth, wire) => {
    const { name, part } = something();
    const text = random(4) ? get(url(name, part)) : `POST /up HTTP/1.1\r\nHost: soak\r\nContent-Length: 99999\r\n\r\n${'x'.repeat(random(90000))}`;
    await wire.write(random(3) ? text : text.slice(0, random(text.length)));
    await delay(random(20));
  }],
  slowRequest: [0.5, async (hearth, wire) => {
    const part = place(500);
    for (const letter of get(url('bytes', part))) { await wire.write(letter); await delay(random(60)); }
    judge(await wire.answer(), bytes(part.at, part.n));
  }],
  slowReader: [0.5, async (hearth, wire) => {
    const part = place(900000);
    await wire.write(get(url('bytes', part)));
    for (let n = 0; n < 20; ++n) { wire.socket.pause(); await delay(random(150)); wire.socket.resume(); await delay(1); }
    judge(await wire.answer(), bytes(part.at, part.n));
  }],
  events: [0.5, async (hearth, wire) => {
    await wire.write(get('/events'));
    judge(await wire.head().then(({ first }) => ({ status: Number(first[1]) })));
    const ends = Date.now() + random(8000);
    for (let n = 0; Date.now() < ends; ++n) {
      const expected = `data: ${n}\n\n`;
      await wire.upTo('\r\n'); // the length of the chunk
      const got = await wire.upTo('\r\n');
      if (got !== expected) throw new Wrong(`event ${JSON.stringify(got)} for ${JSON.stringify(expected)}`);
    }
  }],
  webSocket: [1, async (hearth, wire) => {
    await wire.write(`GET /echo HTTP/1.1\r\nHost: soak\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    judge(await wire.answer(), undefined, 101);
    for (const ends = Date.now() + random(10000); Date.now() < ends;) {
      const { at, n } = place(1 + (random(10) ? random(500) : random(100000)));
      wire.write(bytes(at, n)).catch(() => {});
      if (!(await wire.take(n)).equals(bytes(at, n))) throw new Wrong(`echo of ${n} bytes`);
      hearth.requests++;
      await delay(random(200));
    }
    if (!random(3)) wire.write(bytes(0, 100000)).catch(() => {}); // and away, with an echo under way
  }],
  originDies: [0.5, async (hearth, wire) => {
    await wire.write(get(url('dies', place(50000))));
    const { status } = await wire.answer().catch((error) => { if (error instanceof Cut) return { status: 'cut' }; throw error; });
    if (status === 200) throw new Wrong('a response whose origin died in the middle looks complete');
  }],
};

export async function story(hearth, name, run) {
  const begun = Date.now();
  const count = (what) => { hearth.outcomes[`${name}: ${what}`] = (hearth.outcomes[`${name}: ${what}`] ?? 0) + 1; };
  let wire;
  try {
    wire = await Wire.connect(hearth.port);
    await run(hearth, wire);
    count('ok');
  } catch (error) {
    const what = error instanceof Cut ? `cut (${error.message})` : `${error.constructor.name} ${error.message}`;
    count(what);
    const sought = name === 'malformed' || name === 'leaves' || name === 'stopsReading';
    if (!(error instanceof Cut) && !(error instanceof Gateway)) hearth.findings.push(`${new Date().toISOString()} ${name}: ${what}`);
    else if (!sought && !hearth.disturbed(begun)) hearth.unexplained.push(`${new Date().toISOString()} ${name}: ${what}`);
    if (wire?.ended === 'stuck') hearth.findings.push(`${new Date().toISOString()} ${name}: nothing for 30 s`);
  }
  if (!wire) return;
  if (random(2)) wire.leave(); else wire.end();
}

// Many at once, so that a worker has as many exchanges to reuse as it will ever keep. Otherwise rare peaks of the load make
// memory grow in ever rarer steps for hours. Small ones: memory freed here would hide a leak later.
export async function burst(hearth, many = 160) {
  const wires = await Promise.all(Array.from({ length: many }, () => Wire.connect(hearth.port)));
  await Promise.all(wires.map((wire) => wire.write(get('/events')).then(() => wire.head())));
  for (const wire of wires) wire.leave();
}

// Begins stories until `signal` says stop; resolves when all of them are over.
export async function load(hearth, signal) {
  const running = new Set();
  await Promise.all(Object.entries(kinds).map(async ([name, [rate, run]]) => {
    while (!signal.aborted) {
      await delay((-Math.log(1 - Math.random()) * 1000) / rate, undefined, { signal }).catch(() => {});
      if (signal.aborted || running.size >= 400) continue;
      const one = story(hearth, name, run).finally(() => running.delete(one));
      running.add(one);
    }
  }));
  await Promise.all(running);
}
