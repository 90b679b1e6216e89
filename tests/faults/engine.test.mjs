// The Docker engine is restarted and killed while operations run: nothing becomes an error, everything converges.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from './lib/engine.mjs';
import { converged, nothingLeft, Person, stubHearth } from './lib/story.mjs';

const outages = {
  'restarted': async (engine) => { await engine.stop('SIGTERM'); await engine.start(); },
  'killed and started': async (engine) => { await engine.stop('SIGKILL'); await engine.start(); },
  'away for 20 s': async (engine) => {
    await engine.stop('SIGTERM');
    await delay(20000); // the length of the outage is the test
    await engine.start();
  },
};

test('the Docker engine goes away while operations run', async (t) => {
  const engine = await Engine.create(t);
  process.env.DOCKER_HOST = `unix://${engine.socket}`; // for every docker command of this file
  await t.test('in three ways', (t) => survives(t, engine)); // its hearth ends before the engine does
});

async function survives(t, engine) {
  const hearth = await stubHearth(t, { socket: engine.socket, orchestrator: 'max_running_per_user 20;' });
  const person = await Person.login(hearth);
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
      await outage(engine);
      const began = Date.now();
      for (const id of moving) await converged(hearth, person, id, target);
      await converged(hearth, person, steady, 'RUNNING');
      t.diagnostic(`${how}: all converged ${Date.now() - began} ms after the engine was back`);
      assert.equal(await person.note(steady), 'steady');
    });
    target = target === 'RUNNING' ? 'STANDBY' : 'RUNNING';
  }
  for (const id of [steady, ...moving]) await person.remove(id);
  await nothingLeft(hearth);
}
