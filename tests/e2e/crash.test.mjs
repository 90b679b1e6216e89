// kill -9 at any moment, restart: the workspace and its files are there, no orphan, no stuck operation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

const rounds = Number(process.env.HEARTH_CRASH_ROUNDS ?? 8);

test('hearth killed at random moments of starting and stopping', async (t) => {
  const hearth = await Hearth.create(t);
  let client = await hearth.admin();
  const { id } = await workspaces.running(client);
  await hearth.deployment.exec(id, 'echo precious > ~/project/f');
  const volumes = await hearth.deployment.volumes();
  for (let round = 0; round < rounds; round++) {
    const target = round % 2 ? 'RUNNING' : 'STANDBY';
    const pause = Math.random() * 900;
    await workspaces.want(client, id, target);
    await delay(pause); // the moment of the crash is what varies here
    hearth.kill9();
    await until(() => hearth.pids().length === 0, { what: 'all hearth processes are gone', timeout: 5000 });
    if (round % 4 === 3) hearth.killDatabase();
    await hearth.start();
    client = await hearth.admin();
    await workspaces.settled(client, id, target);
    const containers = await hearth.deployment.containers();
    assert.equal(containers.length, target === 'RUNNING' ? 1 : 0, `round ${round}, killed after ${pause.toFixed(0)} ms`);
    assert.deepEqual(await hearth.deployment.volumes(), volumes);
    t.diagnostic(`round ${round}: killed ${pause.toFixed(0)} ms after asking for ${target}; settled`);
  }
  await workspaces.want(client, id, 'RUNNING');
  await workspaces.settled(client, id, 'RUNNING');
  assert.equal(await hearth.deployment.exec(id, 'cat ~/project/f'), 'precious');
});

test('hearth killed while a workspace is created and while it is deleted', async (t) => {
  const hearth = await Hearth.create(t);
  let client = await hearth.admin();
  const { id } = await workspaces.create(client);
  await delay(Math.random() * 500);
  hearth.kill9();
  await hearth.start();
  client = await hearth.admin();
  await workspaces.settled(client, id, 'RUNNING');
  assert.equal((await hearth.deployment.volumes()).length, 1);

  assert.equal((await client.api('DELETE', `/workspaces/${id}`)).status, 204);
  await delay(Math.random() * 300);
  hearth.kill9();
  await hearth.start();
  await until(async () => (await hearth.deployment.containers()).length + (await hearth.deployment.volumes()).length === 0,
    { what: 'container and volume are gone' });
});

test('the supervisor starts a killed server process again within a second', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  const servers = hearth.pids().filter((pid) => pid !== hearth.process.pid);
  assert.ok(servers.length >= 1, 'there is a server process besides the supervisor');
  hearth.kill9(servers);
  const began = Date.now();
  await until(async () => (await client.request('GET', '/healthz', { timeout: 500 })).status === 200,
    { what: '/healthz answers again', timeout: 5000 });
  t.diagnostic(`alive again after ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 2000);
  await until(async () => (await client.request('GET', `/w/${id}/healthz`)).status === 200,
    { what: 'the workspace is proxied again', timeout: 15000 });
});
