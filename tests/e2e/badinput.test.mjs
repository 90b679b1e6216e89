// Requests that are wrong: each gets its own clear answer, and Hearth goes on serving.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';

let hearth, admin;
const cleanups = [];
before(async () => {
  hearth = await Hearth.create({ after: (fn) => cleanups.push(fn) });
  admin = await hearth.admin();
});
after(async () => { for (const fn of cleanups) await fn(); });

function isError(answer, status, code) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.json?.error?.code, code, answer.body);
  assert.ok(answer.json.error.message.length > 0);
}

test('wrong password and unknown user look alike', async () => {
  const client = hearth.client();
  const wrong = await client.api('POST', '/login', { username: 'admin', password: 'not this' });
  const unknown = await client.api('POST', '/login', { username: 'nobody', password: 'not this' });
  isError(wrong, 401, 'UNAUTHORIZED');
  assert.equal(unknown.status, 401);
  assert.equal(unknown.body, wrong.body);
});

test('repeated failures lock the account for this address', async () => {
  const client = hearth.client();
  let answer;
  for (let i = 0; i < 7; i++) answer = await client.api('POST', '/login', { username: 'victim', password: `guess ${i}` });
  isError(answer, 429, 'TOO_MANY_REQUESTS');
  assert.ok(Number(answer.headers['retry-after']) > 0);
});

test('without a session: 401 for programs, the login page for people', async () => {
  const client = hearth.client();
  isError(await client.api('GET', '/workspaces'), 401, 'UNAUTHORIZED');
  const id = randomUUID();
  assert.equal((await client.request('GET', `/w/${id}/x.js`)).status, 401);
  const page = await client.navigate(`/w/${id}/?a=1`);
  assert.equal(page.status, 302);
  assert.ok(page.headers.location.startsWith('/'), 'stays on this site');
  assert.ok(decodeURIComponent(page.headers.location).includes(`/w/${id}/?a=1`), 'comes back afterwards');
});

test('unknown workspaces', async () => {
  isError(await admin.api('GET', `/workspaces/${randomUUID()}`), 404, 'WORKSPACE_NOT_FOUND');
  assert.equal((await admin.navigate(`/w/${randomUUID()}/`)).status, 404);
  for (const id of ['nonsense', 'A0000000-0000-4000-8000-00000000000A', '%2e%2e']) {
    assert.equal((await admin.navigate(`/w/${id}/`)).status, 404, id);
  }
});

test('dot segments that climb out are refused in every encoding', async () => {
  const id = randomUUID();
  for (const tail of ['../x', '..%2fx', '%2e%2e/x', '%2E%2E%2Fx', 'a/../../x', '.%2e/x']) {
    const text = await admin.raw(`GET /w/${id}/${tail} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 400 /, tail);
  }
});

test('bad JSON and bad fields', async () => {
  const post = (body) => admin.request('POST', '/api/v1/workspaces', {
    body, headers: { 'Content-Type': 'application/json', Origin: hearth.url, 'Sec-Fetch-Site': 'same-origin' } });
  for (const body of ['{', '[]', '{"name":""}', `{"name":"${'x'.repeat(256)}"}`, '{"name":7}', '{}', '{"name":"a","desired_state":"FLYING"}']) {
    const answer = await post(body);
    assert.equal(answer.status, 400, `${body.slice(0, 40)}: ${answer.body}`);
    assert.equal(JSON.parse(answer.body).error.code, 'INVALID_REQUEST');
  }
});

test('a name can be taken once', async () => {
  const first = await admin.api('POST', '/workspaces', { name: 'mine', desired_state: 'STANDBY' });
  assert.equal(first.status, 201, first.body);
  isError(await admin.api('POST', '/workspaces', { name: 'mine', desired_state: 'STANDBY' }), 409, 'NAME_TAKEN');
});

test('a state-changing request from another site is refused', async () => {
  const answer = await admin.api('POST', '/workspaces', { name: 'forged' },
    { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'cross-site' });
  isError(answer, 403, 'FORBIDDEN');
});

const malformed = [
  ['no such method syntax', 'G@T / HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no version', 'GET /\r\n\r\n'],
  ['an unknown version', 'GET / HTTP/3.7\r\nHost: x\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['a space before the colon', 'GET / HTTP/1.1\r\nHost : x\r\n\r\n'],
  ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
  ['Content-Length and Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two Content-Lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
  ['a signed Content-Length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc'],
  ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n'],
  ['bare LF', 'GET / HTTP/1.1\nHost: x\n\n'],
  ['TLS on a plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
];
for (const [name, bytes] of malformed) {
  test(`malformed HTTP: ${name}`, async () => {
    const text = await hearth.client().raw(bytes);
    assert.match(text, /^HTTP\/1\.1 (400|505) /);
    assert.match(text, /\r\nconnection: close\r\n/i);
    assert.equal((await hearth.client().request('GET', '/healthz')).status, 200, 'still serves');
  });
}

test('a head beyond the limit is 431, a target beyond it 414', async () => {
  assert.match(await hearth.client().raw(`GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(1 << 17)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  assert.match(await hearth.client().raw(`GET /${'a'.repeat(1 << 17)} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 (414|431) /);
});
