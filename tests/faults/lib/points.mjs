// The crash points (gateway/base/crash_point.h), found by reading the sources, and the story that must survive a kill -9
// at each of them.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { until } from '../../e2e/lib/poll.mjs';
import { holds, nothingLeft, Person, stubHearth } from './story.mjs';
import { guardColumns, trespasses } from './writers.mjs';

const root = new URL('../../..', import.meta.url).pathname;

const sources = () => readdirSync(join(root, 'plugins'), { recursive: true }).filter((name) => /\.(cc|h)$/.test(name))
  .map((name) => readFileSync(join(root, 'plugins', name), 'utf8'));

// Every operation, as the model names them: the story goes through all.
function operations() {
  const model = readFileSync(join(root, 'plugins/orchestrator/model/workspace.cc'), 'utf8');
  return [.../kOperations = \{([^}]*)\}/.exec(model)[1].matchAll(/"(\w+)"/g)].map((m) => m[1]).filter((name) => name !== 'NONE');
}

// A deleted workspace's row is purged; its operation is never recorded as complete.
const never = /^completed?:DELETING$/;

// The name of every point; "{}" in a name stands for each operation.
export function crashPoints() {
  const names = new Set();
  for (const text of sources()) {
    for (const [, name] of text.matchAll(/HEARTH_CRASH_POINT\(\s*"([^"]+)"\)/g)) names.add(name);
    for (const [, pattern] of text.matchAll(/HEARTH_CRASH_POINT_OF\(\s*"([^"]+)"/g)) {
      for (const operation of operations()) names.add(pattern.replace('{}', operation));
    }
  }
  return [...names].filter((name) => !never.test(name)).sort();
}

// Runs the story with that point armed; with two nodes, the first leads and the person asks the second. Archives go where
// `archiveStore` (a directive) says. Answers how long the whole took, in ms.
export async function survive(t, point, { postgres, nodes = 1, archiveStore }) {
  const began = Date.now();
  const flag = join(tmpdir(), `hearth-crashed-${randomBytes(6).toString('hex')}`);
  t.after(() => rmSync(flag, { force: true }));
  const env = { HEARTH_CRASH_AT: point, HEARTH_CRASH_ONCE: flag };
  const archives = mkdtempSync(join(tmpdir(), 'hearth-archives-')); // the same for both, as a bucket would be
  chmodSync(archives, 0o755);
  const orchestrator = `${archiveStore ?? `archive_store file:${archives};`} gc_interval 1s; gc_orphan_delay 1s;`;
  const hearth = await stubHearth(t, { postgres, env, orchestrator });
  t.after(() => rmSync(archives, { recursive: true, force: true })); // once nobody makes it again
  guardColumns(postgres, hearth.database, hearth.deployment.name);
  const asked = nodes === 1 ? hearth : await stubHearth(t, {
    env, orchestrator, database: hearth.options.database, deployment: hearth.deployment.name, password: hearth.password,
  });
  const person = await Person.login(asked);
  const { id } = await person.create({ desired_state: 'RUNNING' });
  await person.settled(id, 'RUNNING');
  await holds(hearth, id, { containers: 1, volumes: 1 });
  await person.note(id, 'precious');

  await person.goes(id, 'STANDBY');
  await holds(hearth, id, { containers: 0, volumes: 1 });
  await person.goes(id, 'ARCHIVED');
  await holds(hearth, id, { containers: 0, volumes: 0 });
  const empty = await person.create({ desired_state: 'ARCHIVED' });
  await person.settled(empty.id, 'ARCHIVED');
  await person.remove(empty.id);
  await person.goes(id, 'RUNNING');
  await holds(hearth, id, { containers: 1, volumes: 1 });
  assert.equal(await person.note(id), 'precious');

  await person.remove(id);
  await nothingLeft(hearth);
  await until(() => postgres.sql('SELECT count(*) FROM workspaces', hearth.database) === '0', { what: 'the row is gone', timeout: 10000 });
  const left = () => readdirSync(archives, { recursive: true }).filter((name) => name.includes('home.tar'));
  await until(() => left().length === 0, { what: 'no archive is left', timeout: 30000 });
  assert.ok(existsSync(flag), `the story never passed ${point}`);
  assert.equal(trespasses(postgres, hearth.database), '');
  for (const node of [hearth, asked]) assert.equal(node.ended, undefined, 'the supervisor lives');
  return Date.now() - began;
}
