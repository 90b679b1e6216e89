import assert from 'node:assert/strict';
import test from 'node:test';

import {actionsFor, applyEvent, applyRow, describe, matches, reloadDelay, replaceAll, sorted, steps, verdict}
  from '../../../plugins/orchestrator/web/assets/model.js';

const row = (fields) => ({id: 'a', name: 'one', phase: 'STANDBY', desired_state: 'STANDBY', operation: 'NONE', conditions: [], ...fields});

test('connected replaces the list', () => {
  const list = applyEvent(replaceAll([row({id: 'old'})]), 'connected', {workspaces: [row({id: 'a'}), row({id: 'b'})]});
  assert.deepEqual([...list.keys()], ['a', 'b']);
});

test('a workspace event adds and changes', () => {
  let list = applyEvent(new Map(), 'workspace', row({}));
  list = applyEvent(list, 'workspace', row({phase: 'RUNNING'}));
  assert.equal(list.size, 1);
  assert.equal(list.get('a').phase, 'RUNNING');
});

test('deleted rows leave the list, however it is said', () => {
  for (const fields of [{phase: 'DELETED'}, {phase: 'DELETING'}, {deleted: true}, {deleted_at: 'x'}, {desired_state: 'DELETED'}]) {
    assert.equal(applyEvent(replaceAll([row({})]), 'workspace', row(fields)).size, 0, JSON.stringify(fields));
  }
});

test('an older answer does not undo a newer event', () => {
  const list = replaceAll([row({phase: 'RUNNING', updated_at: '2026-01-01T00:00:02Z'})]);
  assert.equal(applyRow(list, row({phase: 'STANDBY', updated_at: '2026-01-01T00:00:01Z'})), list);
  assert.equal(applyRow(list, row({phase: 'STANDBY', updated_at: '2026-01-01T00:00:03Z'})).get('a').phase, 'STANDBY');
});

test('other events and nonsense change nothing', () => {
  const list = replaceAll([row({})]);
  assert.equal(applyEvent(list, 'heartbeat', {}), list);
  assert.equal(applyEvent(list, 'workspace', null), list);
  assert.equal(applyEvent(list, 'connected', {}), list);
});

test('newest first', () => {
  const list = replaceAll([row({id: 'a', created_at: '2026-01-01T00:00:00Z'}), row({id: 'b', created_at: '2026-01-02T00:00:00Z'})]);
  assert.deepEqual(sorted(list).map((each) => each.id), ['b', 'a']);
});

test('words for every state', () => {
  const cases = [
    [{phase: 'PENDING', desired_state: 'RUNNING', operation: 'PROVISIONING'}, 'Creating', 'busy'],
    [{phase: 'STANDBY', desired_state: 'RUNNING'}, 'Starting', 'busy'],
    [{phase: 'STANDBY', desired_state: 'RUNNING', operation: 'STARTING'}, 'Starting', 'busy'],
    [{phase: 'RUNNING', desired_state: 'RUNNING'}, 'Running', 'ok'],
    [{phase: 'RUNNING', desired_state: 'RUNNING', operation: 'STOPPING'}, 'Restarting', 'busy'],
    [{phase: 'RUNNING', desired_state: 'STANDBY', operation: 'STOPPING'}, 'Stopping', 'busy'],
    [{phase: 'STANDBY', desired_state: 'STANDBY'}, 'Sleeping', 'idle'],
    [{phase: 'ARCHIVED', desired_state: 'ARCHIVED'}, 'Archived', 'idle'],
    [{phase: 'ARCHIVED', desired_state: 'RUNNING', operation: 'RESTORING'}, 'Restoring', 'busy'],
    [{phase: 'STANDBY', desired_state: 'ARCHIVED', operation: 'ARCHIVING'}, 'Archiving', 'busy'],
    [{phase: 'ERROR', desired_state: 'RUNNING', error: {reason: 'CrashLoop'}}, 'Error', 'error'],
  ];
  for (const [fields, label, tone] of cases) {
    const words = describe(row(fields));
    assert.equal(words.label, label, JSON.stringify(fields));
    assert.equal(words.tone, tone, JSON.stringify(fields));
  }
});

test('a failure that is retried shows while the phase is still good', () => {
  const words = describe(row({phase: 'PENDING', desired_state: 'RUNNING', error: {reason: 'Unreachable', message: 'x'}}));
  assert.match(words.detail, /cannot be reached; trying again/);
});

test('buttons follow the state', () => {
  const names = (fields) => Object.entries(actionsFor(row(fields))).filter(([, on]) => on).map(([name]) => name);
  assert.deepEqual(names({}), ['open', 'start', 'remove']);
  assert.deepEqual(names({phase: 'RUNNING', desired_state: 'RUNNING'}), ['open', 'stop', 'remove']);
  assert.deepEqual(names({phase: 'ERROR', desired_state: 'RUNNING'}), ['recover', 'remove']);
  assert.deepEqual(names({phase: 'DELETING'}), []);
});

test('search looks at words in any order', () => {
  const one = row({name: 'Payments API', description: 'bank'});
  assert.ok(matches(one, ''));
  assert.ok(matches(one, 'bank pay'));
  assert.ok(matches(one, 'sleeping'));
  assert.ok(!matches(one, 'bank zebra'));
});

const states = (fields) => steps(row(fields)).map((step) => step.state).join(' ');
const condition = (...types) => types.map((type) => ({type, status: 'True'}));

test('the steps of waking up', () => {
  assert.equal(states({phase: 'PENDING', operation: 'PROVISIONING'}), 'now todo todo');
  assert.equal(states({phase: 'STANDBY'}), 'done now todo');
  assert.equal(states({phase: 'STANDBY', operation: 'STARTING', conditions: condition('VolumePresent', 'ContainerRunning')}), 'done done now');
  assert.equal(states({phase: 'RUNNING', desired_state: 'RUNNING'}), 'done done done');
  assert.equal(states({phase: 'ARCHIVED', operation: 'RESTORING', conditions: condition('VolumePresent')}), 'now todo todo');
  assert.equal(states({phase: 'ERROR', conditions: condition('VolumePresent')}), 'done failed todo');
  assert.equal(states({phase: 'ERROR', error: {reason: 'ImagePullFailed'}}), 'done failed todo');
  assert.match(steps(row({phase: 'ARCHIVED'}))[0].text, /Restoring/);
});

test('waking while a stop is under way starts over', () => {
  assert.equal(states({phase: 'RUNNING', desired_state: 'RUNNING', operation: 'STOPPING'}), 'now todo todo');
});

test('what the loading page does', () => {
  assert.equal(verdict(row({phase: 'RUNNING', desired_state: 'RUNNING'}), true, 0), 'go');
  assert.equal(verdict(row({phase: 'ERROR'}), true, 0), 'failed');
  assert.equal(verdict(row({deleted: true}), true, 0), 'gone');
  assert.equal(verdict(row({desired_state: 'RUNNING'}), true, 60000), 'wait');
  assert.equal(verdict(row({}), false, 100), 'wait', 'the wake may not be committed yet');
  assert.equal(verdict(row({}), false, 6000), 'stopped');
  assert.equal(verdict(row({}), true, 100), 'stopped');
  assert.equal(verdict(row({phase: 'RUNNING', desired_state: 'STANDBY'}), true, 100), 'stopped');
});

test('reloads slow down', () => {
  assert.deepEqual([0, 1, 2, 3, 9].map(reloadDelay), [0, 250, 500, 1000, 5000]);
});
