// What can be wrong at the start: each ends in a message that names the cause.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Hearth, runHearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

function configuration(t, text) {
  const dir = mkdtempSync(join(tmpdir(), 'hearth-conf-'));
  mkdirSync(join(dir, 'logs'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'hearth.conf'), text);
  return { dir, run: (...args) => runHearth('-c', join(dir, 'hearth.conf'), '-p', dir, ...args) };
}

const cases = [
  ['an unknown directive, with the nearest known one', 'events {}\nhttp {\n  server {\n    lisen 8080;\n  }\n}\n', /hearth\.conf:4: .*lisen.*listen/s],
  ['a missing semicolon', 'events {}\nhttp {\n  server {\n    listen 127.0.0.1:1\n  }\n}\n', /hearth\.conf:[45]: /],
  ['an unclosed block', 'events {}\nhttp {\n  server {\n', /hearth\.conf:\d+: .*(end of file|\})/],
  ['a wrong unit', 'events {}\nhttp {\n  keepalive_timeout 5parsecs;\n}\n', /hearth\.conf:3: .*5parsecs/],
  ['a wrong context', 'listen 80;\nevents {}\n', /hearth\.conf:1: .*listen/],
  ['a missing module', 'load_module modules/nothing.so;\nevents {}\n', /hearth\.conf:1: .*nothing\.so/],
  ['a missing include', 'include nothing.conf;\nevents {}\n', /hearth\.conf:1: .*nothing\.conf/],
  ['an unknown upstream directive', 'events {}\nhttp {\n  upstream a {\n    sever 127.0.0.1:1;\n  }\n}\n', /hearth\.conf:4: .*sever.*server/s],
];
for (const [name, text, expected] of cases) {
  test(`hearth -t names ${name}`, (t) => {
    const { status, output } = configuration(t, text).run('-t');
    assert.notEqual(status, 0, output);
    assert.match(output, expected);
  });
}

test('hearth -t accepts a right configuration and creates nothing', (t) => {
  const { dir, run } = configuration(t, 'events {}\nhttp {\n  server { listen 127.0.0.1:1; location / { return 204; } }\n}\n');
  const before = readdirSync(dir, { recursive: true }).sort();
  const { status, output } = run('-t');
  assert.equal(status, 0, output);
  assert.deepEqual(readdirSync(dir, { recursive: true }).sort(), before);
});

test('no such configuration file', () => {
  const { status, output } = runHearth('-c', '/nonexistent/hearth.conf', '-t');
  assert.notEqual(status, 0);
  assert.match(output, /\/nonexistent\/hearth\.conf.*No such file/i);
});

test('hearth -v and -V', () => {
  assert.match(runHearth('-v').output, /hearth.*\d+\.\d+\.\d+/i);
  assert.match(runHearth('-V').output, /hearth.*\d+\.\d+\.\d+/i);
});

test('a port in use: it ends and names the address', async (t) => {
  const hearth = await Hearth.create(t, { start: false });
  const holder = createServer().listen(hearth.port, '127.0.0.1');
  t.after(() => holder.close());
  await until(() => holder.listening, { what: 'the port is held' });
  hearth.spawn();
  const { code } = await hearth.exit;
  assert.notEqual(code, 0);
  assert.match(hearth.log(), new RegExp(`127\\.0\\.0\\.1:${hearth.port}.*in use`, 'i'));
});

test('no Docker socket: it serves, /readyz says what is missing, and it recovers when the engine comes', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hearth-sock-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const socket = join(dir, 'docker.sock');
  const hearth = await Hearth.create(t, { socket, start: false });
  hearth.spawn();
  const client = hearth.client();
  const named = () => until(async () => {
    const ready = await client.request('GET', '/readyz');
    return ready.body.includes(socket) && ready;
  }, { what: '/readyz names the socket' });
  assert.equal((await named()).status, 503);
  assert.equal((await client.request('GET', '/healthz')).status, 200);
  assert.ok(hearth.log().includes(socket));

  const streams = new Set();
  const engine = createServer((from) => {
    const to = connect('/var/run/docker.sock');
    for (const stream of [from, to]) {
      streams.add(stream);
      stream.on('error', () => {}).on('close', () => { from.destroy(); to.destroy(); });
    }
    from.pipe(to).pipe(from);
  });
  await new Promise((resolve) => engine.listen(socket, resolve));
  await hearth.ready();
  const admin = await hearth.admin();
  const { id } = await workspaces.running(admin);

  engine.close();
  for (const stream of streams) stream.destroy();
  assert.equal((await named()).status, 503);
  assert.equal((await admin.request('GET', `/w/${id}/healthz`)).status, 200, 'what runs is still proxied');
});

test('PostgreSQL programs missing: it ends and says what to install', async (t) => {
  // A mount namespace of its own, in which the programs' folder is empty.
  const wrap = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /usr/lib/postgresql && PATH=/usr/bin:/bin exec "$@"', 'sh'];
  const hearth = await Hearth.create(t, { start: false, wrap });
  hearth.spawn();
  const { code } = await hearth.exit;
  assert.notEqual(code, 0);
  assert.match(hearth.log(), /postgres/i);
  assert.match(hearth.log(), /install/i);
});
