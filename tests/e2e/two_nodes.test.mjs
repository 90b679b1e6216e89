// Two hearth processes on one database and one Redis: both serve, one coordinates, and neither Redis nor the one that
// coordinates may be missed for long.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import { Postgres } from './lib/postgres.mjs';
import { Redis } from './lib/redis.mjs';
import * as workspaces from './lib/workspaces.mjs';

const leads = (node) => /leading deployment/.test(readFileSync(join(node.data, 'logs/error.log'), 'utf8'));

async function nodes(t) {
  const postgres = await Postgres.create(t);
  const redis = await Redis.create(t);
  const options = {
    database: postgres.url, eventBus: redis.url, deployment: `t${randomBytes(4).toString('hex')}`,
    password: `pw-${randomBytes(9).toString('hex')}`,
  };
  const a = await Hearth.create(t, options);
  await until(() => leads(a), { what: 'the first process leads' });
  const b = await Hearth.create(t, options);
  return { postgres, redis, a, b };
}

async function readiness(node) {
  const { status, body } = await node.client().request('GET', '/readyz');
  return { status, ...JSON.parse(body) };
}

test('two processes on one database, through one Redis', async (t) => {
  const { postgres, redis, a, b } = await nodes(t);
  const here = await a.admin();
  const there = await b.admin();
  const seen = [];
  const stream = there.events('/api/v1/events', (event) => seen.push(event));
  t.after(() => stream.close());
  const sees = (what, predicate, timeout = 15000) =>
    until(() => seen.some((e) => e.event === 'workspace' && predicate(e.data)), { what, timeout, every: 2 });
  const listeners = () => postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
  const relies = () => until(async () => listeners() === '1' && !(await readiness(b)).degraded && !(await readiness(a)).degraded,
    { what: 'only the leader listens to the database', timeout: 20000 });
  let id;

  await t.test('a session and a workspace of one are known to the other', async () => {
    const roaming = b.client();
    for (const [name, value] of here.cookies) roaming.cookies.set(name, value);
    assert.equal((await roaming.api('GET', '/session')).status, 200);
    await relies();
    ({ id } = await workspaces.create(there));
    await workspaces.settled(there, id, 'RUNNING');
    await workspaces.settled(here, id, 'RUNNING');
    await sees('B tells of RUNNING', (row) => row.id === id && row.phase === 'RUNNING');
    for (const client of [here, there]) {
      assert.equal((await client.request('GET', `/w/${id}/healthz`)).status, 200);
    }
    assert.ok(leads(a) && !leads(b), 'one coordinates');
    assert.equal((await a.deployment.containers()).length, 1);
  });

  await t.test('a change made at A is told at B within 100 ms', async () => {
    const waits = [];
    for (let round = 0; round < 15; round++) {
      const memo = `round ${round}`;
      const began = performance.now();
      assert.equal((await here.api('PATCH', `/workspaces/${id}`, { memo })).status, 200);
      await sees(memo, (row) => row.memo === memo);
      waits.push(performance.now() - began);
    }
    waits.sort((x, y) => x - y);
    t.diagnostic(`from the request at A to the event at B: median ${waits[7].toFixed(1)} ms, longest ${waits[14].toFixed(1)} ms`);
    assert.ok(waits[7] < 100, waits.map((w) => w.toFixed(0)).join(' '));
  });

  await t.test('an event id of B gets a snapshot at A', async () => {
    const last = seen.findLast((e) => e.id);
    const events = [];
    const other = here.events('/api/v1/events', (event) => events.push(event), { 'Last-Event-ID': last.id });
    await until(() => events.some((e) => e.event === 'connected' && e.data.workspaces[0].id === id), { what: 'a snapshot' });
    other.close();
  });

  await t.test('Redis killed: everything goes on', async () => {
    await redis.kill();
    await until(async () => (await readiness(b)).degraded, { what: 'B says so' });
    const state = await readiness(b);
    assert.equal(state.status, 200, 'it serves');
    assert.match(state.degraded.event_bus, new RegExp(`Redis at 127.0.0.1:${redis.port}`));
    await workspaces.want(there, id, 'STANDBY');
    await workspaces.settled(here, id, 'STANDBY');
    await sees('B tells of STANDBY', (row) => row.id === id && row.phase === 'STANDBY');
    assert.equal((await there.navigate(`/w/${id}/`)).status, 202, 'B wakes it');
    await workspaces.settled(there, id, 'RUNNING');
    await until(async () => (await there.request('GET', `/w/${id}/healthz`)).status === 200, { what: 'served through B' });
  });

  await t.test('Redis back, then hanging', async () => {
    await redis.start();
    await relies();
    redis.suspend();
    assert.equal((await here.api('PATCH', `/workspaces/${id}`, { memo: 'hangs' })).status, 200);
    await sees('a change while Redis hangs', (row) => row.memo === 'hangs');
    redis.resume();
    await relies();
  });

  await t.test('the leader killed: the other one takes over', async () => {
    const began = performance.now();
    a.kill9();
    await workspaces.want(there, id, 'STANDBY');
    await workspaces.settled(there, id, 'STANDBY');
    t.diagnostic(`asleep ${(performance.now() - began).toFixed(0)} ms after the leader was killed`);
    assert.ok(leads(b));
    await sees('B tells of STANDBY', (row) => row.id === id && row.phase === 'STANDBY');
    await until(() => listeners() === '1', { what: 'B alone listens to the database' });
  });
});
