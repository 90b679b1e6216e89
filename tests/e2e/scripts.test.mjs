// scripts/up and scripts/down on a data directory of their own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from './lib/client.mjs';
import { freePort } from './lib/poll.mjs';

const run = promisify(execFile);
const script = (name) => new URL(`../../scripts/${name}`, import.meta.url).pathname;
const lastLine = (text) => text.trim().split('\n').at(-1);

test('up serves and logs in; up again changes nothing; down stops; up finds the same password', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'hearth-up-'));
  const port = await freePort();
  t.after(async () => {
    await run(script('down'), ['--data', data]).catch(() => {});
    rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
  const up = (...more) => run(script('up'), ['--detach', '--json', '--data', data, ...more], { timeout: 300000 });

  const first = JSON.parse(lastLine((await up('--port', String(port))).stdout));
  assert.equal(first.url, `http://127.0.0.1:${port}/`);
  await new Client(first.url).login(first.username, first.password);
  assert.equal(statSync(join(data, 'admin-password')).mode & 0o777, 0o600);
  const conf = readFileSync(join(data, 'hearth.conf'), 'utf8');

  const began = Date.now();
  assert.deepEqual(JSON.parse(lastLine((await up()).stdout)), first);
  assert.ok(Date.now() - began < 15000, 'the second run is quick');
  assert.equal(readFileSync(join(data, 'hearth.conf'), 'utf8'), conf);

  await run(script('down'), ['--data', data]);
  assert.throws(() => process.kill(first.pid, 0));
  const again = JSON.parse(lastLine((await up()).stdout));
  assert.equal(again.password, first.password);
  await new Client(again.url).login(again.username, again.password);
});

test('up says what is wrong with its arguments', async () => {
  for (const [args, message] of [
    [['--port', 'eighty'], /not a port/], [['--port', '70000'], /not a port/], [['--nonsense'], /unknown option.*--help/], [['--data'], /needs a directory/]]) {
    await assert.rejects(run(script('up'), args), (error) => error.code !== 0 && message.test(error.stderr));
  }
});

test('every script explains itself', async () => {
  for (const name of ['up', 'down', 'test', 'install-deps', 'format', 'tidy', 'check_includes']) {
    assert.match((await run(script(name), ['--help'])).stdout, new RegExp(`usage: scripts/${name}`));
  }
});
