// What somebody does to containers and volumes behind Hearth's back.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { docker } from '../e2e/lib/docker.mjs';
import { until } from '../e2e/lib/poll.mjs';
import { holds, nothingLeft, Person, stubHearth } from './lib/story.mjs';
import { stubImage } from './lib/stub.mjs';

const nameOf = (hearth, id) => `hearth-${hearth.deployment.name}-${id}`;
const volumeOf = async (hearth, id) => (await hearth.deployment.volumes()).find((name) => name.includes(id));

// A call to the engine without the client program's start-up time; the answer's status.
const engine = (method, path) => new Promise((resolve, reject) => {
  http.request({ socketPath: '/var/run/docker.sock', method, path }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode)))
    .on('error', reject).end();
});

async function running(person) {
  const { id } = await person.create();
  await person.settled(id, 'RUNNING');
  await person.note(id, 'precious');
  return id;
}

// Another container of that workspace than `old`, settled.
async function restarted(hearth, person, id, old) {
  await until(async () => {
    const now = await hearth.deployment.container(id);
    return now?.State.Running && (now.Id !== old.Id || now.State.StartedAt !== old.State.StartedAt);
  }, { what: 'the container is started again' });
  await person.settled(id, 'RUNNING');
  await holds(hearth, id, { containers: 1, volumes: 1 });
  assert.equal(await person.note(id), 'precious');
}

test('a container that somebody kills, stops or removes comes back with its files', async (t) => {
  const hearth = await stubHearth(t);
  const person = await Person.login(hearth);
  const id = await running(person);
  for (const way of [['kill'], ['stop', '-t', '1'], ['rm', '-f']]) {
    await t.test(way.join(' '), async () => {
      const old = await hearth.deployment.container(id);
      const began = Date.now();
      await docker(...way, old.Id);
      await restarted(hearth, person, id, old);
      t.diagnostic(`docker ${way[0]}: running again after ${Date.now() - began} ms`);
    });
  }
});

test('a container that somebody renames or pauses is still the only one of its workspace', async (t) => {
  const hearth = await stubHearth(t);
  const person = await Person.login(hearth);
  const id = await running(person);
  const old = await hearth.deployment.container(id);
  const name = `renamed-${randomBytes(4).toString('hex')}`;
  await docker('rename', old.Id, name);
  assert.equal(await person.note(id), 'precious', 'it is proxied as before');
  await person.goes(id, 'STANDBY');
  await holds(hearth, id, { containers: 0, volumes: 1 });
  await person.goes(id, 'RUNNING');
  await holds(hearth, id, { containers: 1, volumes: 1 });

  const { Id, State } = await hearth.deployment.container(id);
  await docker('pause', Id);
  await until(async () => (await hearth.deployment.container(id)).State.Status === 'running', { what: 'it is resumed' });
  await person.settled(id, 'RUNNING');
  const now = await hearth.deployment.container(id);
  assert.deepEqual([now.Id, now.State.StartedAt], [Id, State.StartedAt], 'its processes went on');
  assert.equal((await person.get(id)).error, null);
});

test('a container that needs more memory than it may have comes back, and says why it went', async (t) => {
  const hearth = await stubHearth(t);
  const person = await Person.login(hearth);
  const id = await running(person);
  const old = await hearth.deployment.container(id);
  await docker('update', '--memory', '6m', '--memory-swap', '6m', old.Id);
  await until(async () => {
    await person.client.request('GET', `/w/${id}/eat`).catch(() => {});
    return (await hearth.deployment.container(id))?.Id !== old.Id;
  }, { what: 'the container ran out of memory and was replaced' });
  await restarted(hearth, person, id, old);
  assert.match(hearth.log(), /ran out of memory/);
});

test('a volume that somebody removes is an error that says so, of that workspace alone', async (t) => {
  const hearth = await stubHearth(t, { orchestrator: 'max_running_per_user 10;' });
  const person = await Person.login(hearth);
  const other = await running(person);
  const lost = { asleep: await running(person), awake: await running(person) };
  const volumes = {};
  for (const [name, id] of Object.entries(lost)) volumes[name] = await volumeOf(hearth, id);

  await t.test('asleep', async () => {
    await person.goes(lost.asleep, 'STANDBY');
    await docker('volume', 'rm', volumes.asleep);
  });
  await t.test('awake, with its container', async () => {
    // Hearth starts the container again within milliseconds, so it takes quick hands.
    await until(async () => {
      await engine('DELETE', `/containers/${nameOf(hearth, lost.awake)}?force=1`);
      return await engine('DELETE', `/volumes/${volumes.awake}`) === 204;
    }, { what: 'container and volume are removed', every: 1 });
  });
  for (const [name, id] of Object.entries(lost)) {
    const { error } = await person.settled(id, 'ERROR');
    assert.match(error.reason, /^(DataLost|ContainerWithoutVolume)$/, name);
    assert.match(error.message, /volume/, name);
    assert.equal(await docker('volume', 'ls', '-q', '--filter', `name=${volumes[name]}`), '', 'no empty home is made in its place');
    await holds(hearth, id, { containers: 0, volumes: 0 });
    assert.equal((await person.get(other)).phase, 'RUNNING');
  }
  await person.goes(other, 'STANDBY');
  await person.goes(other, 'RUNNING');
  assert.equal(await person.note(other), 'precious');
  for (const id of [other, ...Object.values(lost)]) await person.remove(id);
  await nothingLeft(hearth);
});

test('a volume removed right before its container is made does not become an empty home', async (t) => {
  const flag = join(tmpdir(), `hearth-stopped-${randomBytes(6).toString('hex')}`);
  const hearth = await stubHearth(t, { env: { HEARTH_CRASH_AT: 'docker:start:image-here=stop', HEARTH_CRASH_ONCE: flag } });
  t.after(() => rmSync(flag, { force: true }));
  const person = await Person.login(hearth);
  const { id } = await person.create({ desired_state: 'STANDBY' });
  await person.settled(id, 'STANDBY');
  const volume = await volumeOf(hearth, id);
  const [server] = hearth.servers();
  await person.want(id, 'RUNNING');
  await until(() => existsSync(flag) && /^State:\tT/m.test(readFileSync(`/proc/${server}/status`, 'utf8')),
    { what: 'hearth has looked at the volume and stands still', every: 5 });
  await docker('volume', 'rm', volume);
  process.kill(server, 'SIGCONT');
  const { error } = await person.settled(id, 'ERROR');
  assert.equal(error.reason, 'DataLost');
  await holds(hearth, id, { containers: 0, volumes: 0 });
  assert.equal(await docker('volume', 'ls', '-q', '--filter', `name=${volume}`), '', 'the one made by accident is gone');
});

test('a foreign container with our name is an error, and nobody touches it', async (t) => {
  const hearth = await stubHearth(t);
  const person = await Person.login(hearth);
  const { id } = await person.create({ desired_state: 'STANDBY' });
  await person.settled(id, 'STANDBY');
  const foreign = await docker('run', '-d', '--name', nameOf(hearth, id), '--network', 'none', stubImage());
  t.after(() => docker('rm', '-f', foreign));
  await person.want(id, 'RUNNING');
  const { error } = await person.settled(id, 'ERROR');
  assert.equal(error.reason, 'NameConflict');
  const untouched = async () => {
    const [now] = JSON.parse(await docker('inspect', foreign));
    assert.ok(now.State.Running, 'it runs on');
    assert.equal(now.RestartCount, 0);
  };
  await untouched();

  await t.test('deleting the workspace removes its volume and leaves the foreign container alone', async () => {
    await person.remove(id);
    await nothingLeft(hearth);
    await untouched();
  });
});
