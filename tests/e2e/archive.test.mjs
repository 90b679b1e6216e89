// A workspace's files go into an archive and come back: real engine, real storage-job, archives in a directory.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Hearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

const patience = 120000;

// Every file below `folder`, by path from there.
const filesBelow = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1)).sort();

async function archived(hearth, client, id) {
  await workspaces.want(client, id, 'ARCHIVED');
  await workspaces.settled(client, id, 'ARCHIVED', patience);
}

// Names, modes, owners, types, links, sizes, times and contents.
const keptBy = (hearth, id) => hearth.deployment.exec(id,
  "cd ~/kept && find . -printf '%p %m %U:%G %y %l %s %T@ %n\\n' | sort && find . -type f | sort | xargs cat | cksum");

test('archive, find nothing but the archive, restore with the page\'s button, find every file', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'archive_store file:kept-archives;' });
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  await hearth.deployment.exec(id, 'mkdir -p ~/kept && cd ~/kept && echo precious > a.txt && ln a.txt b.txt && ' +
    'ln -s a.txt c && head -c 3000000 /dev/urandom > big && chmod 0400 big && mkdir -m 0700 d && touch -d 2001-02-03T04:05:06.789 "d/gr\u00fc\u00dfe"');
  const before = await keptBy(hearth, id);

  await archived(hearth, client, id);
  await until(async () => (await hearth.deployment.containers()).length === 0, { what: 'no container is left, jobs included' });
  assert.deepEqual(await hearth.deployment.volumes(), []);

  const store = join(hearth.data, 'kept-archives', hearth.deployment.name, id);
  const kept = filesBelow(store);
  await t.test('what is left is one archive and the .meta that says it is whole', () => {
    assert.equal(kept.length, 2, kept.join(', '));
    const [data, meta] = kept;
    assert.match(data, /^[0-9a-f-]{36}\/home\.tar\.zst$/);
    assert.equal(meta, `${data}.meta`);
    const digest = createHash('sha256').update(readFileSync(join(store, data))).digest('hex');
    assert.equal(readFileSync(join(store, meta), 'utf8').split('\n')[0], `sha256:${digest}`);
  });

  await t.test('nothing but its owner\'s word restores it', async () => {
    const plain = await client.request('GET', `/w/${id}/some.js`);
    assert.equal(plain.status, 503);
    assert.equal((await client.upgrade(`/w/${id}/stable-x`)).status, 503);
    const page = await client.navigate(`/w/${id}/`);
    assert.equal(page.status, 502);
    assert.match(page.body, /archived/);
    assert.match(page.body, new RegExp(`data-do="start" data-id="${id}"`));
    assert.equal((await workspaces.get(client, id)).desired_state, 'ARCHIVED');
  });

  await workspaces.want(client, id, 'RUNNING'); // what the button does
  assert.equal((await client.navigate(`/w/${id}/`)).status, 202);
  await workspaces.settled(client, id, 'RUNNING', patience);
  assert.equal(await keptBy(hearth, id), before);
  assert.equal((await hearth.deployment.volumes()).length, 1);
  const marker = JSON.parse(readFileSync(join(store, '.restore_marker'), 'utf8'));
  assert.ok(marker.archive_key.endsWith(`${hearth.deployment.name}/${id}/${kept[0]}`), marker.archive_key);

  await t.test('a second archive holds what was written since', async () => {
    await hearth.deployment.exec(id, 'echo later > ~/kept/later.txt');
    await archived(hearth, client, id);
    await workspaces.want(client, id, 'RUNNING');
    await workspaces.settled(client, id, 'RUNNING', patience);
    assert.equal(await hearth.deployment.exec(id, 'cat ~/kept/later.txt'), 'later');
  });
});

test('with auto_restore, opening an archived workspace is enough', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'auto_restore on;' });
  const client = await hearth.admin();
  const { id } = await workspaces.running(client);
  await hearth.deployment.exec(id, 'echo precious > ~/kept.txt');
  await archived(hearth, client, id);
  assert.equal(filesBelow(join(hearth.data, 'archives', hearth.deployment.name, id)).length, 2, 'below data_dir by default');
  assert.equal((await client.request('GET', `/w/${id}/some.js`)).status, 503, 'a background request is not enough');
  assert.equal((await workspaces.get(client, id)).desired_state, 'ARCHIVED');
  assert.equal((await client.navigate(`/w/${id}/`)).status, 202);
  await workspaces.settled(client, id, 'RUNNING', patience);
  assert.equal(await hearth.deployment.exec(id, 'cat ~/kept.txt'), 'precious');
});

test('a workspace that begins archived begins empty, and opens', async (t) => {
  const hearth = await Hearth.create(t);
  const client = await hearth.admin();
  const { id } = await workspaces.create(client, { desired_state: 'ARCHIVED' });
  await workspaces.settled(client, id, 'ARCHIVED', patience);
  assert.deepEqual(await hearth.deployment.volumes(), []);
  await workspaces.want(client, id, 'RUNNING');
  await workspaces.settled(client, id, 'RUNNING', patience);
  await hearth.deployment.exec(id, 'echo mine > ~/mine.txt');
});

test('an empty directory where the archives should be mounted is not taken for the store', async (t) => {
  const hearth = await Hearth.create(t, { orchestrator: 'archive_store file:kept-archives;' });
  const client = await hearth.admin();
  const [kept, other] = [await workspaces.running(client), await workspaces.running(client)];
  await hearth.deployment.exec(kept.id, 'echo precious > ~/kept.txt');
  await archived(hearth, client, kept.id);

  const store = join(hearth.data, 'kept-archives');
  renameSync(store, `${store}.away`);
  mkdirSync(store);
  await workspaces.want(client, kept.id, 'RUNNING');
  await workspaces.want(client, other.id, 'ARCHIVED');
  await until(async () => {
    const { status, body } = await client.request('GET', '/readyz');
    return status === 200 && JSON.parse(body).degraded?.archive_store?.includes('.hearth_store is missing');
  }, { what: '/readyz says that this is another store', timeout: patience });
  const { phase, error_reason: reason } = await workspaces.get(client, kept.id);
  assert.deepEqual([phase, reason ?? ''], ['ARCHIVED', '']);

  renameSync(store, `${store}.empty`);
  renameSync(`${store}.away`, store);
  await workspaces.settled(client, kept.id, 'RUNNING', patience);
  assert.equal(await hearth.deployment.exec(kept.id, 'cat ~/kept.txt'), 'precious');
  await workspaces.settled(client, other.id, 'ARCHIVED', patience);
});
