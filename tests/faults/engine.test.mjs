// The Docker engine is restarted and killed while operations run, has no room left, and waits for a registry that does
// not answer: what can go on goes on, everything converges, and no file is lost.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Engine } from './lib/engine.mjs';
import { until } from '../e2e/lib/poll.mjs';
import { Postgres } from './lib/postgres.mjs';
import { converged, holds, nothingLeft, Person, stubHearth } from './lib/story.mjs';

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
  await t.test('no room left', (t) => noRoom(t, engine));
  await t.test('a registry that does not answer', (t) => slowPull(t, engine));
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

// Its data directory is a file system of its own, small, and something else fills it.
async function noRoom(t, engine) {
  const hearth = await stubHearth(t, { socket: engine.socket });
  const person = await Person.login(hearth);
  const { id } = await person.create();
  await person.settled(id, 'RUNNING');
  await person.note(id, 'precious');
  await person.goes(id, 'STANDBY');
  engine.fill();
  await person.want(id, 'RUNNING');
  const row = await until(async () => {
    const now = await person.get(id);
    return now.error?.reason === 'ActionFailed' && now;
  }, { what: 'the start fails' });
  assert.match(row.error.message, /no space left/i);
  assert.equal(row.desired_state, 'RUNNING');
  await holds(hearth, id, { containers: 0, volumes: 1 });
  engine.makeRoom();
  await converged(hearth, person, id, 'RUNNING');
  assert.equal(await person.note(id), 'precious');
  await person.remove(id);
  await nothingLeft(hearth);
}

async function slowPull(t, engine) {
  const sockets = new Set();
  const registry = net.createServer((socket) => sockets.add(socket.on('error', () => {}))); // accepts, and says nothing
  await new Promise((resolve) => registry.listen(0, '127.0.0.1', resolve));
  t.after(() => { registry.close(); for (const socket of sockets) socket.destroy(); });
  const postgres = await Postgres.create(t);
  const hearth = await stubHearth(t, { postgres, socket: engine.socket, pull: 'missing', orchestrator: 'max_running_per_user 20;' });
  const person = await Person.login(hearth);
  const stuck = [];
  for (let i = 0; i < 3; i++) stuck.push((await person.create({ desired_state: 'STANDBY' })).id);
  for (const id of stuck) await person.settled(id, 'STANDBY');
  postgres.sql(`UPDATE workspaces SET image_ref = '127.0.0.1:${registry.address().port}/some/image:latest'`, hearth.database);
  for (const id of stuck) await person.want(id, 'RUNNING');
  await until(() => sockets.size > 0, { what: 'the engine asks the registry' });
  for (const id of stuck) {
    await until(async () => (await person.get(id)).operation === 'STARTING', { what: 'each of them waits for it' });
  }
  const { id } = await person.create();
  await person.settled(id, 'RUNNING', 20000);
  await person.goes(id, 'STANDBY');
  registry.close();
  for (const socket of sockets) socket.destroy();
  for (const one of stuck) {
    const { error } = await person.settled(one, 'ERROR');
    assert.equal(error.reason, 'ImagePullFailed');
  }
  for (const one of [id, ...stuck]) await person.remove(one);
  await nothingLeft(hearth);
}
