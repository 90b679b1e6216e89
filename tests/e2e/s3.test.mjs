// A workspace's files go into a bucket and come back: real engine, real storage-job, real S3 server behind TLS.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import { S3 } from './lib/s3.mjs';
import * as workspaces from './lib/workspaces.mjs';

const patience = 180000;

// Names, modes, owners, types, links, sizes, times and contents.
const keptBy = (hearth, id) => hearth.deployment.exec(id,
  "cd ~/kept && find . -printf '%p %m %U:%G %y %l %s %T@ %n\\n' | sort && find . -type f | sort | xargs cat | sha256sum");

async function goes(client, id, state) {
  await workspaces.want(client, id, state);
  await workspaces.settled(client, id, state, patience);
}

test('archive into a bucket, find nothing but the archive, restore, find every byte', async (t) => {
  const s3 = S3.create(t, { tls: true });
  const hearth = await Hearth.create(t, { orchestrator: s3.archiveStore('homes/here') });
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  await hearth.deployment.exec(id, 'mkdir -p ~/kept && cd ~/kept && echo precious > a.txt && ln a.txt b.txt && ' +
    'ln -s a.txt c && head -c 30000000 /dev/urandom > big && truncate -s 200M sparse && chmod 0400 big && mkdir -m 0700 d && ' +
    'touch -d 2001-02-03T04:05:06.789012345 "d/gr\u00fc\u00dfe"');
  const before = await keptBy(hearth, id);

  await goes(client, id, 'ARCHIVED');
  await until(async () => (await hearth.deployment.containers()).length === 0, { what: 'no container is left, jobs included' });
  assert.deepEqual(await hearth.deployment.volumes(), []);
  const prefix = `homes/here/${hearth.deployment.name}/${id}/`;
  const kept = s3.keys(prefix);
  assert.equal(kept.length, 2, kept.join(', '));
  assert.match(kept[0].slice(prefix.length), /^[0-9a-f-]{36}\/home\.tar\.zst$/);
  assert.equal(kept[1], `${kept[0]}.meta`);

  await goes(client, id, 'RUNNING');
  assert.equal(await keptBy(hearth, id), before);
  assert.ok(s3.keys(prefix).includes(`${prefix}.restore_marker`));
  assert.ok(!hearth.log().includes(s3.secret), 'no secret in the log');

  await t.test('a store that is away for a while only delays', async () => {
    await hearth.deployment.exec(id, 'echo later > ~/kept/later.txt');
    const later = await keptBy(hearth, id);
    s3.kill();
    await workspaces.want(client, id, 'ARCHIVED');
    await until(async () => {
      const row = await workspaces.get(client, id);
      return row.operation === 'ARCHIVING' || row.phase === 'ERROR';
    }, { what: 'archiving has begun' });
    assert.equal((await hearth.deployment.volumes()).length, 1, 'the volume stays while there is no archive');
    s3.restart();
    await workspaces.settled(client, id, 'ARCHIVED', patience);
    await goes(client, id, 'RUNNING');
    assert.equal(await keptBy(hearth, id), later);
  });
});
