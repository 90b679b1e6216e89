// PostgreSQL goes away while operations run, in three ways; afterwards everything is where it was wanted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Postgres } from './lib/postgres.mjs';
import { converged, Person, stubHearth } from './lib/story.mjs';

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
