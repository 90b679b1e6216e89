// scripts/check_includes: each rule is shown to bite, on small made-up trees.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const script = new URL('../../scripts/check_includes', import.meta.url).pathname;

function check(files) {
  const root = mkdtempSync(join(tmpdir(), 'hearth-includes-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return spawnSync(script, [root], { encoding: 'utf8' });
  } finally {
    rmSync(root, { recursive: true });
  }
}

function refuses(files, message) {
  const { status, stdout } = check(files);
  assert.equal(status, 1, `accepted: ${JSON.stringify(files)}`);
  assert.match(stdout, message);
}

test('a tree that points down passes', () => {
  const { status, stdout } = check({
    'gateway/proxy/exchange.cc': '#include "http/headers.h"\n#include "base/result.h"\n#include "proxy/tunnel.h"\n',
    'gateway/runtime/loop.cc': '#include <uv.h>\n',
    'gateway/main.cc': '#include "server/worker.h"\n',
    'plugins/orchestrator/api/rest.cc': '#include "hearth/module.h"\n#include "orchestrator/store/store.h"\n',
    'plugins/orchestrator/decide/judge.cc': '#include "orchestrator/model/phase.h"\n#include "base/clock.h"\n',
  });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});

test('a lower layer of the gateway may not include a higher one', () => {
  refuses({ 'gateway/base/a.h': '\n#include "http/uri.h"\n' }, /^gateway\/base\/a\.h:2: .*http/);
  refuses({ 'gateway/http/a.h': '#include "proxy/exchange.h"\n' }, /http may not include gateway\/proxy/);
});

test('the gateway knows no plugin, and a plugin neither proxy nor server nor another plugin', () => {
  refuses({ 'gateway/proxy/a.cc': '#include "orchestrator/model/phase.h"\n' }, /knows no plugin/);
  refuses({ 'plugins/orchestrator/api/a.cc': '#include "proxy/exchange.h"\n' }, /never gateway\/proxy/);
  refuses({ 'plugins/activity/a.cc': '#include "orchestrator/model/phase.h"\n' }, /never include each other/);
});

test('of storage-job, one folder of one plugin sees one folder', () => {
  const store = '#include "object_store/object_store.h"\n';
  assert.equal(check({ 'plugins/orchestrator/archives/a.cc': store }).status, 0);
  refuses({ 'plugins/orchestrator/runtime/a.cc': store }, /only with plugins\/orchestrator\/archives/);
  refuses({ 'plugins/orchestrator/archives/a.cc': '#include "walk/walk.h"\n' }, /only object_store/);
});

test('model and decide are pure', () => {
  refuses({ 'plugins/orchestrator/decide/a.cc': '#include "orchestrator/store/store.h"\n' }, /pure/);
  refuses({ 'plugins/orchestrator/model/a.h': '#include "runtime/loop.h"\n' }, /see only base/);
});

test('uv.h and foreign libraries stay where they belong', () => {
  refuses({ 'gateway/http/a.cc': '#include <uv.h>\n' }, /uv\.h/);
  refuses({
    'gateway/clients/pg.cc': '#include <libpq-fe.h>\n',
    'plugins/orchestrator/store/a.cc': '#include <libpq-fe.h>\n',
  }, /libpq is already used/);
});
