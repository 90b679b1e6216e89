import assert from 'node:assert/strict';
import {afterEach, beforeEach, test} from 'node:test';

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

// A clock moved by hand; node's own mock timers changed their interface between the releases in use.
const kReal = {setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout};
const clock = {
  now: 0,
  serial: 1,
  timers: new Map(),
  install() {
    this.now = 0;
    this.timers.clear();
    globalThis.setTimeout = (run, delay = 0) => {
      this.timers.set(this.serial, {at: this.now + delay, run});
      return this.serial++;
    };
    globalThis.clearTimeout = (id) => this.timers.delete(id);
  },
  tick(ms) {
    const end = this.now + ms;
    for (;;) {
      const [next] = [...this.timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at);
      if (!next) break;
      this.timers.delete(next[0]);
      this.now = next[1].at;
      next[1].run();
    }
    this.now = end;
  },
};

let seen;
let stream;
const last = () => FakeSource.all.at(-1);

beforeEach(() => {
  clock.install();
  FakeSource.all = [];
  seen = {events: [], states: [], polls: 0};
  globalThis.EventSource = FakeSource;
  globalThis.document = Object.assign(new EventTarget(), {hidden: false});
  globalThis.addEventListener = () => {};
  stream = null;
});
afterEach(() => {
  stream?.stop();
  Object.assign(globalThis, kReal);
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
  clock.tick(1000);
  assert.equal(FakeSource.all.length, 2);
  last().dispatchEvent(new Event('open'));
  assert.equal(seen.states.at(-1), 'live');
});

test('polling goes on while the stream stays down', async () => {
  start({pollMs: 1000});
  last().dispatchEvent(new Event('error'));
  for (let i = 0; i < 3; i++) {
    await new Promise(setImmediate);
    clock.tick(1000);
  }
  assert.equal(seen.polls, 4);
});

test('silence counts as broken', () => {
  start();
  last().dispatchEvent(new Event('open'));
  clock.tick(39000);
  last().say('heartbeat', {});
  clock.tick(39000);
  assert.deepEqual(seen.states, ['live']);
  clock.tick(2000);
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
  clock.tick(60000);
  assert.equal(FakeSource.all.length, 1);
  assert.equal(seen.polls, 0);
});
