// A few of the crash points, on every run; the suite faults has them all. And what users run holds none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = new URL('../..', import.meta.url).pathname;
const built = (preset) => ({ binary: join(root, `build/${preset}/gateway/hearth`), modules: join(root, `build/${preset}/modules`) });
const release = { ...built('release'), ...(process.env.HEARTH_MODULES && { modules: process.env.HEARTH_MODULES }),
  ...(process.env.HEARTH_BIN && { binary: process.env.HEARTH_BIN }) };
process.env.HEARTH_BIN = process.env.HEARTH_CRASH_BIN ?? built('crash').binary;
process.env.HEARTH_MODULES = process.env.HEARTH_CRASH_MODULES ?? built('crash').modules;
const { crashPoints, survive } = await import('../faults/lib/points.mjs'); // reads those variables
const { Postgres } = await import('../faults/lib/postgres.mjs');

const few = ['claim:STARTING', 'archive:recorded', 'archive:before-volume', 'act:RESTORING:after', 'delete:between'];

test('killed at the points where most is at stake, the story goes on', { concurrency: 2 }, async (t) => {
  const postgres = await Postgres.create(t);
  const known = crashPoints();
  for (const point of few) assert.ok(known.includes(point), `${point} exists`);
  await Promise.all(few.map((point) => t.test(point, (t) => survive(t, point, { postgres }))));
});

test('what users run has no crash points', () => {
  const holds = (path) => readFileSync(path).includes('HEARTH_CRASH_AT');
  assert.ok(holds(join(process.env.HEARTH_MODULES, 'orchestrator.so')), 'the build for tests has them');
  for (const path of [release.binary, join(release.modules, 'orchestrator.so')]) assert.ok(!holds(path), path);
});
