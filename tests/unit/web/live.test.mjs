import assert from 'node:assert/strict';
import {afterEach, beforeEach, mock, test} from 'node:test';

import {follow} from '../../../plugins/orchestrator/web/assets/live.js';

class FakeSource extends EventTarget {
  static all = [];
  constructor(url) {
    super();
    this.url = url;
    this.closed = false;
    FakeSource.all.push(this);
  }
  close() {
    this.closed = true;
  }
  say(type, data) {
    this.dispatchEvent(Object.assign(new Event(type), {data: JSON.stringify(data)}));
  }
}

let seen;
let stream;
const last = () => FakeSource.all.at(-1);

beforeEach(() => {
  mock.timers.enable({apis: ['setTimeout']});
  FakeSource.all = [];
  seen = {events: [], states: [], polls: 0};
  globalThis.EventSource = FakeSource;
  globalThis.document = Object.assign(new EventTarget(), {hidden: false});
  globalThis.addEventListener = () => {};
  stream = null;
});
afterEach(() => {
  stream?.stop();
  mock.timers.reset();
});

function start(options = {}) {
  stream = follow({
    onEvent: (type, data) => seen.events.push([type, data]),
    onState: (state) => seen.states.push(state),
    poll: async () => void seen.polls++,
    ...options,
  });
}

test('events are handed on, heartbeats and broken data are not', () => {
  start();
  last().dispatchEvent(new Event('open'));
  last().say('connected', {workspaces: []});
  last().say('heartbeat', {});
  last().dispatchEvent(Object.assign(new Event('workspace'), {data: '{'}));
  assert.deepEqual(seen.events, [['connected', {workspaces: []}]]);
  assert.deepEqual(seen.states, ['live']);
});

test('a broken stream polls at once and is opened again', async () => {
  start();
  last().dispatchEvent(new Event('open'));
  last().dispatchEvent(new Event('error'));
  assert.deepEqual(seen.states, ['live', 'reconnecting']);
  assert.equal(seen.polls, 1);
  assert.ok(FakeSource.all[0].closed);
  mock.timers.tick(1000);
  assert.equal(FakeSource.all.length, 2);
  last().dispatchEvent(new Event('open'));
  assert.equal(seen.states.at(-1), 'live');
});

test('polling goes on while the stream stays down', async () => {
  start({pollMs: 1000});
  last().dispatchEvent(new Event('error'));
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    mock.timers.tick(1000);
  }
  assert.equal(seen.polls, 4);
});

test('silence counts as broken', () => {
  start();
  last().dispatchEvent(new Event('open'));
  mock.timers.tick(39000);
  last().say('heartbeat', {});
  mock.timers.tick(39000);
  assert.deepEqual(seen.states, ['live']);
  mock.timers.tick(2000);
  assert.deepEqual(seen.states, ['live', 'reconnecting']);
});

test('a hidden tab lets go of its connection', () => {
  start({pauseHidden: true});
  last().dispatchEvent(new Event('open'));
  document.hidden = true;
  document.dispatchEvent(new Event('visibilitychange'));
  assert.ok(FakeSource.all[0].closed);
  document.hidden = false;
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal(FakeSource.all.length, 2);
});

test('after stop nothing happens', () => {
  start();
  stream.stop();
  last().dispatchEvent(new Event('error'));
  mock.timers.tick(60000);
  assert.equal(FakeSource.all.length, 1);
  assert.equal(seen.polls, 0);
});
