// kill -9 at many moments of every operation, restart: the workspace and its files are there, no orphan, nothing stuck.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

// Milliseconds after the request, spread over what each operation takes.
const moments = { STARTING: [0, 120, 350, 700, 1100, 1600], STOPPING: [0, 40, 90, 150, 250, 400], PROVISIONING: [0, 15, 40], DELETING: [0, 40, 120] };

// Three ways to die, in turn: everything, the server process alone, everything and the database with it.
const ends = [
  async (hearth) => { await everything(hearth); await hearth.start(); },
  async (hearth) => { hearth.kill9(hearth.servers()); await hearth.ready(); },
  async (hearth) => { await everything(hearth); hearth.killDatabase('SIGKILL'); await hearth.start(); },
];
async function everything(hearth) {
  hearth.kill9();
  await until(() => hearth.pids().length === 0, { what: 'all hearth processes are gone', timeout: 5000 });
}

let turn = 0;
async function crash(hearth, pause) {
  await delay(pause); // the moment of the crash is what varies here
  await ends[turn++ % ends.length](hearth);
  return hearth.admin();
}

test('hearth killed at twelve moments of starting and stopping', async (t) => {
  const hearth = await Hearth.create(t);
  let client = await hearth.admin();
  const { id } = await workspaces.running(client);
  await hearth.deployment.exec(id, 'echo precious > ~/project/f');
  const volumes = await hearth.deployment.volumes();
  for (let round = 0; round < 12; round++) {
    const [operation, target] = round % 2 ? ['STARTING', 'RUNNING'] : ['STOPPING', 'STANDBY'];
    const pause = moments[operation][round >> 1];
    await workspaces.want(client, id, target);
    client = await crash(hearth, pause);
    const row = await workspaces.settled(client, id, target);
    assert.equal(row.error, null, `round ${round}`);
    const containers = await hearth.deployment.containers();
    assert.equal(containers.length, target === 'RUNNING' ? 1 : 0, `round ${round}, killed after ${pause} ms of ${operation}`);
    assert.deepEqual(await hearth.deployment.volumes(), volumes);
    if (target === 'RUNNING') assert.equal(await hearth.deployment.exec(id, 'cat ~/project/f'), 'precious');
  }
});

test('hearth killed while workspaces are created and deleted', async (t) => {
  const hearth = await Hearth.create(t);
  let client = await hearth.admin();
  for (let round = 0; round < 3; round++) {
    const { id } = await workspaces.create(client, { desired_state: 'STANDBY' });
    client = await crash(hearth, moments.PROVISIONING[round]);
    await workspaces.settled(client, id, 'STANDBY');
    assert.equal((await hearth.deployment.volumes()).length, 1, 'one volume, whoever made it');
    assert.equal((await client.api('DELETE', `/workspaces/${id}`)).status, 204);
    client = await crash(hearth, moments.DELETING[round]);
    await until(async () => (await hearth.deployment.containers()).length + (await hearth.deployment.volumes()).length === 0,
      { what: `container and volume are gone in round ${round}` });
    assert.equal((await client.api('GET', '/workspaces')).json.total, 0);
  }
});

test('the supervisor starts a killed server process again within a second or two', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  hearth.kill9(hearth.servers());
  const began = Date.now();
  await until(async () => (await client.request('GET', '/healthz', { timeout: 500 })).status === 200,
    { what: '/healthz answers again', timeout: 5000 });
  t.diagnostic(`alive again after ${Date.now() - began} ms`);
  await until(async () => (await client.request('GET', `/w/${id}/healthz`)).status === 200,
    { what: 'the workspace is proxied again', timeout: 15000 });

  await t.test('the database killed beside a running hearth comes back by itself', async () => {
    hearth.killDatabase('SIGKILL');
    assert.equal((await client.request('GET', `/w/${id}/healthz`)).status, 200, 'what runs is still proxied');
    await until(async () => (await client.api('GET', '/workspaces')).status === 200, { what: 'the API answers again' });
    await hearth.ready();
    await workspaces.want(client, id, 'STANDBY');
    await workspaces.settled(client, id, 'STANDBY');
  });
});
