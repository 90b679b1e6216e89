// hearth is killed with -9 at every crash point in turn, once; its supervisor starts it again, or the other node takes
// over, and everything converges. HEARTH_POINTS=<regular expression> runs some of them.
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { crashPoints, survive } from './lib/points.mjs';
import { Postgres } from './lib/postgres.mjs';

const points = crashPoints().filter((point) => new RegExp(process.env.HEARTH_POINTS ?? '').test(point));

for (const [what, nodes] of [['the story goes on', 1], ['the other node goes on with the story', 2]]) {
  // Much of a story is waiting, so there are more of them than processors.
  test(`killed at each crash point, ${what}`, { concurrency: availableParallelism() + 1 }, async (t) => {
    const postgres = await Postgres.create(t);
    await Promise.all(points.map((point) => t.test(point, async (t) => {
      t.diagnostic(`${await survive(t, point, { postgres, nodes })} ms`);
    })));
  });
}
