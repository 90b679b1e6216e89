// hearth is killed with -9 at every crash point in turn, once; its supervisor starts it again and everything converges.
// HEARTH_POINTS=<regular expression> runs some of them.
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { crashPoints, survive } from './lib/points.mjs';
import { Postgres } from './lib/postgres.mjs';

// Much of a story is waiting, so there are more of them than processors.
test('killed at each crash point, the story goes on', { concurrency: availableParallelism() + 1 }, async (t) => {
  const postgres = await Postgres.create(t);
  const points = crashPoints().filter((point) => new RegExp(process.env.HEARTH_POINTS ?? '').test(point));
  await Promise.all(points.map((point) => t.test(point, async (t) => {
    t.diagnostic(`${await survive(t, point, { postgres })} ms`);
  })));
});
