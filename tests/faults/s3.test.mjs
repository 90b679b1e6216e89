// The crash points of archiving and restoring once more, with archives in a bucket instead of a directory.
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { S3 } from '../e2e/lib/s3.mjs';
import { crashPoints, survive } from './lib/points.mjs';
import { Postgres } from './lib/postgres.mjs';

test('killed around archives in a bucket, the story goes on', { concurrency: availableParallelism() }, async (t) => {
  const postgres = await Postgres.create(t);
  const s3 = S3.create(t);
  const points = crashPoints().filter((point) => /ARCHIV|RESTOR|^archive:|^docker:job:/.test(point))
    .filter((point) => new RegExp(process.env.HEARTH_POINTS ?? '').test(point));
  assert.ok(points.length > 0);
  await Promise.all(points.map((point, i) => t.test(point, async (t) => {
    const prefix = `story${i}`;
    t.diagnostic(`${await survive(t, point, { postgres, archiveStore: s3.archiveStore(prefix) })} ms`);
    const parts = s3.keys(prefix).filter((key) => key.startsWith('_multipart_'));
    assert.deepEqual(parts, [], 'no upload stays open');
  })));
});
