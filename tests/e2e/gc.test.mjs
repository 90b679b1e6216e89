// What no workspace needs is removed after its delay: real engine, archives in a directory. And what is needed, or
// somebody else's, stays. `hearth --gc-dry-run` says it beforehand.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { docker } from './lib/docker.mjs';
import { Hearth, runHearth } from './lib/hearth.mjs';
import { until } from './lib/poll.mjs';
import * as workspaces from './lib/workspaces.mjs';

const patience = 120000;

test('orphans go when their time is over, and nothing else does', async (t) => {
  const hearth = await Hearth.create(t, {
    orchestrator: 'archive_store file:kept-archives; gc_interval 1s; gc_orphan_delay 15s;' });
  const { name } = hearth.deployment;
  const client = await hearth.admin();
  const dryRun = () => runHearth('-c', hearth.conf, '-p', hearth.data, '--gc-dry-run');

  const { id: archived } = await workspaces.create(client, { desired_state: 'ARCHIVED' });
  const { id: asleep } = await workspaces.create(client, { desired_state: 'STANDBY' });
  await workspaces.settled(client, archived, 'ARCHIVED', patience);
  await workspaces.settled(client, asleep, 'STANDBY', patience);
  const needed = await hearth.deployment.volumes();
  assert.equal(needed.length, 1);

  const file = (...parts) => join(hearth.data, 'kept-archives', ...parts);
  const write = (path) => { mkdirSync(dirname(path), { recursive: true }); writeFileSync(path, 'x'); return path; };
  const volume = async (volumeName, labels) => {
    t.after(() => docker('volume', 'rm', '-f', volumeName).catch(() => {}));
    return docker('volume', 'create', ...Object.entries(labels).flatMap(([k, v]) => ['--label', `hearth.${k}=${v}`]), volumeName);
  };
  const other = randomUUID(), strange = randomUUID();
  const { id: gone } = await workspaces.create(client, { desired_state: 'STANDBY' });
  await workspaces.settled(client, gone, 'STANDBY', patience);
  await client.api('DELETE', `/workspaces/${gone}`);
  await until(async () => (await hearth.deployment.volumes()).length === 1, { what: 'its volume is gone' });
  const unknown = join(strange, randomUUID(), 'home.tar.zst'); // of a workspace that this database never had
  const kept = [write(file(name, unknown)), write(file(name, gone, 'notes.txt')), write(file('elsewhere', gone, randomUUID(), 'home.tar.zst'))];
  const keptVolumes = [
    await volume(`hearth-${name}-${other}-home-a`, { deployment: name, workspace: randomUUID() }), // not its workspace's
    await volume(`hearth-${name}-${other}-home-b`, { deployment: 'elsewhere', workspace: other }),
    await volume(`hearth-${name}-${other}-home-c`, {}),
    await volume(`hearth-${name}-${strange}-home-x`, { deployment: name, workspace: strange }),
    await volume(`precious-${other}`, { deployment: name, workspace: other }),
  ];
  const began = Date.now();
  const orphanVolume = await volume(`hearth-${name}-${gone}-home-x`, { deployment: name, workspace: gone });
  const archive = join(gone, randomUUID(), 'home.tar.zst');
  const orphans = [write(file(name, archive)), write(file(name, `${archive}.meta`)), write(file(name, gone, '.restore_marker'))];

  await t.test('the dry run names them, since when, and why, and removes nothing', async () => {
    const { output } = await until(() => {
      const result = dryRun();
      assert.equal(result.status, 0, result.output);
      assert.doesNotMatch(result.output, /not marked yet/);
      assert.match(result.output, /KIND/);
      return result;
    }, { what: 'the orphans are marked' });
    const since = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ';
    assert.match(output, new RegExp(`^wait +volume +${since} +${orphanVolume}: its workspace does not exist$`, 'm'));
    assert.match(output, new RegExp(`^wait +archive +${since} +${name}/${archive}: its workspace does not exist$`, 'm'));
    assert.match(output, new RegExp(`^keep +archive +- +${name}/${unknown}: its workspace does not exist, and this database`, 'm'));
    assert.match(output, /would remove 0; 3 wait until nobody has needed them for 15s/);
    for (const path of orphans) assert.ok(existsSync(path), path);
  });

  await until(async () => orphans.every((path) => !existsSync(path)) &&
    !(await docker('volume', 'ls', '-q')).split('\n').includes(orphanVolume), { what: 'the orphans are gone', timeout: 60000 });
  assert.ok(Date.now() - began >= 15000, `they were there for ${Date.now() - began} ms only`);
  for (const path of kept) assert.ok(existsSync(path), path);
  const volumes = (await docker('volume', 'ls', '-q')).split('\n');
  for (const volumeName of [...keptVolumes, ...needed]) assert.ok(volumes.includes(volumeName), volumeName);
  const { output, status } = await until(() => {
    const result = dryRun();
    assert.match(result.output, /would remove 0; 0 wait/);
    return result;
  }, { what: 'nothing is left to remove' });
  assert.equal(status, 0, output);
  const metrics = (await client.request('GET', '/metrics')).body;
  assert.match(metrics, /^hearth_gc_deleted_total\{kind="archive"\} 2$/m); // with the restore marker
  assert.match(metrics, /^hearth_gc_deleted_total\{kind="volume"\} 1$/m);
  assert.match(metrics, /^hearth_gc_unknown\{kind="volume"\} 1$/m);

  await t.test('a deleted workspace leaves no archive', async () => {
    await client.api('DELETE', `/workspaces/${archived}`);
    await until(() => !existsSync(file(name, archived)), { what: 'its archive is gone', timeout: 60000 });
  });
  await workspaces.want(client, asleep, 'RUNNING');
  await workspaces.settled(client, asleep, 'RUNNING', patience);
});

test('the dry run says what it could not ask', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'hearth-dry-run-'));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const hearth = await Hearth.create(t, { start: false });
  const nobody = runHearth('-c', hearth.conf, '-p', hearth.data, '--gc-dry-run');
  assert.equal(nobody.status, 1);
  assert.match(nobody.output, /^hearth: \[emerg\] database: .*(No such file|refused)/m);
  assert.ok(!existsSync(join(hearth.data, 'archives')), 'nothing was made');
  const conf = join(data, 'hearth.conf');
  writeFileSync(conf, readFileSync(hearth.conf, 'utf8').replace(/load_module.*|orchestrator \{[^]*?\n\}|location .*(workspace|api|dashboard);.*/g, ''));
  const noModule = runHearth('-c', conf, '-p', data, '--gc-dry-run');
  assert.equal(noModule.status, 1);
  assert.match(noModule.output, /load_module orchestrator\.so\?/);
});
