// Two nodes on one database: the leader is killed, stopped and cut off while operations run; the other one takes over,
// and the old one writes nothing afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../e2e/lib/poll.mjs';
import { logText, Nodes } from './lib/nodes.mjs';
import { Postgres } from './lib/postgres.mjs';
import { Relay } from './lib/relay.mjs';
import { converged, nothingLeft } from './lib/story.mjs';

const failoverLimit = 10000; // ms

// Three workspaces asleep, each with a note.
async function workspaces(nodes) {
  const ids = [];
  for (let i = 0; i < 3; i++) {
    const { id } = await nodes.person.create();
    await nodes.person.settled(id, 'RUNNING');
    await nodes.person.note(id, `precious-${i}`);
    await nodes.person.goes(id, 'STANDBY');
    ids.push(id);
  }
  return ids;
}

async function underWay(nodes, ids) {
  for (const id of ids) await nodes.person.want(id, 'RUNNING');
  await until(() => nodes.sql("SELECT count(*) FROM workspaces WHERE operation <> 'NONE'") !== '0', { what: 'an operation runs', every: 5 });
}

async function allRunning(nodes, ids) {
  for (const [i, id] of ids.entries()) {
    await converged(nodes.second, nodes.person, id, 'RUNNING');
    assert.equal(await nodes.person.note(id), `precious-${i}`);
  }
}

// How long, from `began` on, until the second node leads and until what was wanted meanwhile is there.
async function failover(t, nodes, began) {
  const elected = await nodes.takenOver(began, 60000);
  const { id } = await nodes.person.create({ desired_state: 'STANDBY' });
  await nodes.person.settled(id, 'STANDBY');
  t.diagnostic(`the other node leads after ${elected} ms and has provisioned a workspace after ${Date.now() - began} ms`);
  return { elected, acted: Date.now() - began };
}

async function deleted(nodes) {
  for (const id of nodes.sql('SELECT id FROM workspaces WHERE deleted_at IS NULL').split('\n')) await nodes.person.remove(id);
  await nothingLeft(nodes.second);
}

test('the leader is killed, supervisor and server: the other node takes over', async (t) => {
  const nodes = await Nodes.create(t, { postgres: await Postgres.create(t) });
  const ids = await workspaces(nodes);
  await underWay(nodes, ids);
  nodes.first.kill9();
  const { acted } = await failover(t, nodes, Date.now());
  await allRunning(nodes, ids);
  assert.ok(acted < failoverLimit, `${acted} ms`);
  assert.ok(nodes.epochsOnlyRise());
  await deleted(nodes);
});

test('the leader is stopped for 15 s and goes on: it writes nothing, the other one leads', async (t) => {
  const nodes = await Nodes.create(t, { postgres: await Postgres.create(t) });
  const ids = await workspaces(nodes);
  await underWay(nodes, ids);
  const stopped = nodes.first.pids();
  for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  const resume = () => { for (const pid of stopped) { try { process.kill(pid, 'SIGCONT'); } catch { /* gone */ } } };
  t.after(resume);
  const began = Date.now();
  const failed = failover(t, nodes, began);
  await delay(15000); // how long it stands still is the test
  resume();
  const { elected, acted } = await failed;
  const epoch = nodes.epoch();
  await allRunning(nodes, ids);
  await until(() => logText(nodes.first).includes('not leading any more'), { what: 'the old leader steps down', timeout: 15000 });
  await deleted(nodes);
  assert.equal(nodes.writes('first', epoch), 0, 'the old leader wrote after the new one was elected');
  assert.ok(nodes.writes('second', epoch) > 0);
  assert.ok(nodes.epochsOnlyRise());
  assert.ok(acted < failoverLimit, `led after ${elected} ms, acted after ${acted} ms`);
});

test('the leader is cut off from PostgreSQL: it steps down, the other one takes over', async (t) => {
  const postgres = await Postgres.create(t);
  const relay = await Relay.to(t, postgres.port);
  const nodes = await Nodes.create(t, { postgres, relay });
  const ids = await workspaces(nodes);
  await underWay(nodes, ids);
  relay.cut();
  const began = Date.now();
  const steppedDown = until(() => logText(nodes.first).includes('not leading any more'), { what: 'the old leader steps down' })
    .then(() => Date.now() - began);
  const { elected, acted } = await failover(t, nodes, began);
  const epoch = nodes.epoch();
  const ms = await steppedDown;
  t.diagnostic(`the old leader stepped down after ${ms} ms`);
  await allRunning(nodes, ids);
  relay.heal();
  await nodes.first.ready();
  await deleted(nodes);
  assert.equal(nodes.leader(), nodes.second, 'the one that came back stands by');
  assert.equal(nodes.writes('first', epoch), 0, 'the old leader wrote after the new one was elected');
  assert.ok(nodes.epochsOnlyRise());
  assert.ok(ms < elected + 1000, `stepped down after ${ms} ms, the other led after ${elected} ms`);
  assert.ok(acted < failoverLimit, `led after ${elected} ms, acted after ${acted} ms`);
});
