// Storage jobs that are killed at any moment of their lives: the workspace gets where it was wanted, byte for byte.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { docker } from '../e2e/lib/docker.mjs';
import { until } from '../e2e/lib/poll.mjs';
import { S3 } from '../e2e/lib/s3.mjs';
import { holds, Person, stubHearth } from './lib/story.mjs';

const rounds = 8;
const digest = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');

// Kills the job that appears, `after` ms later. Answers whether it was still alive.
async function killJob(hearth, id, after) {
  const [job] = await until(async () => {
    const jobs = (await hearth.deployment.jobs(id)).filter((each) => each.State.Status !== 'exited');
    return jobs.length > 0 && jobs;
  }, { what: 'a job runs', every: 5 });
  await delay(after); // the moment of death is the test
  return docker('kill', job.Id).then(() => true, () => false);
}

async function killJobs(t, archiveStore) {
  const directory = mkdtempSync(join(tmpdir(), 'hearth-job-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const sent = join(directory, 'sent'), back = join(directory, 'back');
  writeFileSync(sent, randomBytes(96 << 20));
  const hearth = await stubHearth(t, { orchestrator: `gc_interval 1s; gc_orphan_delay 1s; ${archiveStore}` });
  const person = await Person.login(hearth);
  const { id } = await person.create();
  await person.settled(id, 'RUNNING');
  await docker('cp', sent, `${(await hearth.deployment.container(id)).Id}:/home/coder/large`);
  await person.goes(id, 'STANDBY');

  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    for (const state of ['ARCHIVED', 'STANDBY']) {
      if (state === 'ARCHIVED') { // else nothing has changed, and a copy in the store is all there is to do
        await person.goes(id, 'RUNNING');
        await person.note(id, `round${round}`);
        await person.goes(id, 'STANDBY');
      }
      await person.want(id, state);
      if (await killJob(hearth, id, (round * 1000) / rounds)) killed++;
      const row = await person.settled(id, state, 120000);
      assert.equal(row.error, null);
      // A volume that was half filled is the garbage collector's.
      await until(() => holds(hearth, id, { containers: 0, volumes: state === 'ARCHIVED' ? 0 : 1 }).then(() => true),
        { what: 'nothing is left of what failed', timeout: 30000, every: 200 });
    }
  }
  t.diagnostic(`${killed} of ${2 * rounds} jobs were killed alive`);
  assert.ok(killed >= rounds / 2, 'most jobs had ended before they could be killed');
  await person.goes(id, 'RUNNING');
  assert.equal(await person.note(id), `round${rounds - 1}`);
  await docker('cp', `${(await hearth.deployment.container(id)).Id}:/home/coder/large`, back);
  assert.equal(digest(back), digest(sent));
}

test('a storage job that is killed is made again, archives in a directory', (t) => killJobs(t, ''));
test('a storage job that is killed is made again, archives in a bucket', async (t) => {
  const s3 = S3.create(t);
  await killJobs(t, s3.archiveStore('jobs'));
  assert.deepEqual(s3.keys('jobs').filter((key) => key.startsWith('_multipart_')), [], 'no upload stays open');
});
