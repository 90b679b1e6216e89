// PostgreSQL goes away while operations run, refuses to write, and comes back with less than it knew.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Postgres } from './lib/postgres.mjs';
import { docker } from '../e2e/lib/docker.mjs';
import { until } from '../e2e/lib/poll.mjs';
import { converged, holds, Person, stubHearth } from './lib/story.mjs';

const outages = {
  'restarted fast': (postgres) => postgres.restart('fast'),
  'restarted immediately': (postgres) => postgres.restart('immediate'),
  'stopped for 20 s': async (postgres) => {
    await postgres.stop('fast');
    await delay(20000); // the length of the outage is the test
    await postgres.start();
  },
};

test('PostgreSQL goes away while operations run', async (t) => {
  const postgres = await Postgres.create(t);
  const hearth = await stubHearth(t, { postgres, orchestrator: 'max_running_per_user 20;' });
  const person = await Person.login(hearth, { timeout: 60000 });
  const steady = (await person.create()).id;
  await person.settled(steady, 'RUNNING');
  await person.note(steady, 'steady');
  const moving = [];
  for (let i = 0; i < 4; i++) moving.push((await person.create({ desired_state: 'STANDBY' })).id);
  for (const id of moving) await person.settled(id, 'STANDBY');

  let target = 'RUNNING';
  for (const [how, outage] of Object.entries(outages)) {
    await t.test(how, async () => {
      for (const id of moving) await person.want(id, target);
      const gone = outage(postgres);
      const answer = await person.client.request('GET', `/w/${steady}/read/note`);
      assert.equal(answer.body, 'steady', 'what runs is proxied all the while');
      await gone;
      const began = Date.now();
      for (const id of moving) {
        const row = await converged(hearth, person, id, target);
        assert.equal(row.error, null);
      }
      t.diagnostic(`${how}: all ${moving.length} are ${target} ${Date.now() - began} ms after the database was back`);
      assert.equal((await person.get(steady)).phase, 'RUNNING');
    });
    target = target === 'RUNNING' ? 'STANDBY' : 'RUNNING';
  }
});

test('PostgreSQL refuses to write for a while', async (t) => {
  const postgres = await Postgres.create(t);
  const hearth = await stubHearth(t, { postgres });
  const person = await Person.login(hearth);
  const { id } = await person.create();
  await person.settled(id, 'RUNNING');
  await person.note(id, 'precious');
  const readOnly = (on) => {
    postgres.sql(`ALTER SYSTEM SET default_transaction_read_only = ${on}`);
    postgres.sql('SELECT pg_reload_conf()');
  };
  readOnly('on');
  await until(async () => {
    const answer = await person.client.api('PATCH', `/workspaces/${id}`, { memo: 'x' });
    return answer.status === 503;
  }, { what: 'a change is refused as "not now"' });
  assert.equal((await person.client.request('GET', `/w/${id}/read/note`)).body, 'precious', 'what runs is proxied all the while');
  const { Id } = await hearth.deployment.container(id);
  await docker('rm', '-f', Id);
  await holds(hearth, id, { containers: 0, volumes: 1 });
  readOnly('off');
  await until(async () => (await hearth.deployment.container(id))?.State.Running, { what: 'the container is made again' });
  await converged(hearth, person, id, 'RUNNING');
  assert.equal(await person.note(id), 'precious');
});

// The rows are older than the world: nothing that holds data may be taken for garbage or replaced by an empty home.
test('PostgreSQL comes back without the last changes', async (t) => {
  const postgres = await Postgres.create(t);
  const orchestrator = 'max_running_per_user 20; gc_interval 1s; gc_orphan_delay 1s;';
  const hearth = await stubHearth(t, { postgres, orchestrator });
  const person = await Person.login(hearth);
  const made = async (state, note) => {
    const { id } = await person.create();
    await person.settled(id, 'RUNNING');
    await person.note(id, note);
    if (state !== 'RUNNING') await person.goes(id, state);
    return id;
  };
  const woken = await made('STANDBY', 'woken'), stopped = await made('RUNNING', 'stopped');
  const archived = await made('STANDBY', 'archived'), restored = await made('ARCHIVED', 'restored');
  await postgres.stop('fast');
  postgres.keepCopy();
  await postgres.start();
  await hearth.ready();

  await person.goes(woken, 'RUNNING');
  await person.note(woken, 'newer');
  await person.goes(stopped, 'STANDBY');
  await person.goes(archived, 'ARCHIVED');
  await person.goes(restored, 'RUNNING');
  await person.note(restored, 'newer');
  const unknown = await made('RUNNING', 'unknown');
  const archives = () => execFileSync('find', [hearth.data, '-name', 'home.tar.zst*', '-path', `*${archived}*`], { encoding: 'utf8' })
    .split('\n').filter(Boolean).length;
  assert.equal(archives(), 2, 'the archive and its .meta');
  await postgres.stop('immediate');
  postgres.backToCopy();
  await postgres.start();
  await hearth.ready();

  await converged(hearth, person, woken, 'STANDBY');
  await person.goes(woken, 'RUNNING');
  assert.equal(await person.note(woken), 'newer');
  await converged(hearth, person, stopped, 'RUNNING');
  assert.equal(await person.note(stopped), 'stopped');
  const collected = async () => Number(/^hearth_gc_runs_total (\d+)$/m.exec((await person.client.request('GET', '/metrics')).body)[1]);
  const runs = await collected();
  await until(async () => await collected() > runs + 3, { what: 'the garbage collector has been there' });
  const lost = await person.settled(archived, 'ERROR');
  assert.equal(lost.error.reason, 'DataLost', 'never an empty home');
  assert.equal(archives(), 2, 'its archive is kept');
  const odd = await person.settled(restored, 'ERROR');
  assert.equal(odd.error.reason, 'ContainerWithoutVolume');
  await holds(hearth, restored, { containers: 1, volumes: 1 });
  await until(async () => !(await hearth.deployment.container(unknown)), { what: 'what no row knows does not run' });
  await holds(hearth, unknown, { containers: 0, volumes: 1 });
});
