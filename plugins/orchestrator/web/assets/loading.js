// The loading page at /w/<id>/: shows the steps of waking up, and goes to the workspace once it runs.
import {api, ApiError, leaveIfSignedOut} from './api.js';
import {announce, byId, h, icon, whileBusy} from './dom.js';
import {duration} from './format.js';
import {follow} from './live.js';
import {isGone, reasonText, reloadDelay, steps, verdict} from './model.js';
import * as settle from './settle.js';

const root = byId('loading');
const id = root.dataset.id;
const opened = performance.now();
const kFreshMs = 60000;
const kPollMs = 1000;

let row = {id, name: root.dataset.name, phase: root.dataset.phase, operation: root.dataset.operation,
           desired_state: root.dataset.desired, conditions: []};
let sawWanted = row.desired_state === 'RUNNING';
let leaving = false;
let outcome = 'wait';
let shownSteps = '';

// Survives the reload of this page by itself: when waiting began and how often it reloaded.
const memoryKey = `hearth-loading-${id}`;
function recall() {
  try {
    const memory = JSON.parse(sessionStorage.getItem(memoryKey) ?? 'null');
    if (memory && Date.now() - memory.last < kFreshMs) return memory;
  } catch {
    // Storage is off: start anew.
  }
  return {since: Date.now(), reloads: 0, last: 0};
}
const memory = recall();

function leave() {
  if (leaving) return;
  leaving = true;
  live.stop();
  byId('headline').textContent = 'Opening the editor…';
  announce('Ready. Opening the editor.');
  setTimeout(() => {
    try {
      sessionStorage.setItem(memoryKey, JSON.stringify({since: memory.since, reloads: memory.reloads + 1, last: Date.now()}));
    } catch {
      // Storage is off: only the pause between reloads is lost.
    }
    location.reload();
  }, reloadDelay(memory.reloads));
}

function drawSteps() {
  const list = steps(row);
  const signature = JSON.stringify(list);
  if (signature === shownSteps) return;
  shownSteps = signature;
  byId('steps').replaceChildren(...list.map((step) => h('li', {class: `step step-${step.state}`, 'data-step': step.key,
    'aria-current': step.state === 'now' ? 'step' : null},
    h('span', {class: 'step-mark'}, step.state === 'done' ? icon('check') : step.state === 'failed' ? icon('close') : null),
    h('span', {class: 'step-body'}, h('span', {class: 'step-title'}, step.title), h('span', {class: 'step-text'}, step.text)))));
  const now = list.find((step) => step.state === 'now');
  const done = list.filter((step) => step.state === 'done').length;
  byId('progress').value = Math.min(done + (now ? 0.5 : 0), list.length);
  if (now?.text) announce(`${now.title}: ${now.text}`);
}

const kEndings = {
  failed: () => ['This workspace could not start', `${reasonText(row.error?.reason)}.`, row.error?.message ?? ''],
  gone: () => ['This workspace was deleted', 'It no longer exists, so there is nothing to wait for.', ''],
  stopped: () => ['This workspace was stopped', 'It was put back to sleep before it was ready. Your files are kept.', ''],
};

function drawOutcome() {
  const ended = outcome in kEndings;
  byId('ending').hidden = !ended;
  byId('elapsed').hidden = ended;
  byId('progress').hidden = ended;
  byId('steps').hidden = outcome === 'gone';
  byId('retry').hidden = outcome !== 'failed';
  byId('start').hidden = outcome !== 'stopped';
  root.dataset.outcome = outcome;
  if (!ended) {
    byId('headline').textContent = row.operation === 'STOPPING' ? 'Restarting your workspace' : 'Waking your workspace';
    return;
  }
  const [headline, text, message] = kEndings[outcome]();
  byId('headline').textContent = headline;
  byId('ending-text').textContent = text;
  byId('ending-message').textContent = message;
  byId('ending-message').hidden = !message;
  announce(`${headline}. ${text}`);
}

function consider() {
  if (leaving) return;
  sawWanted ||= row.desired_state === 'RUNNING';
  drawSteps();
  const next = verdict(row, sawWanted, performance.now() - opened);
  if (next !== outcome) {
    outcome = next;
    if (outcome === 'go') return leave();
  }
  drawOutcomeOnce();
}

let shownOutcome = '';
function drawOutcomeOnce() {
  const signature = `${outcome}|${row.operation}|${row.error?.message ?? ''}`;
  if (signature === shownOutcome) return;
  shownOutcome = signature;
  drawOutcome();
}

function update(next) {
  if (!next || next.id !== id) return;
  row = {...row, ...next};
  consider();
}

async function poll() {
  try {
    update(await api.workspace(id));
  } catch (error) {
    if (leaveIfSignedOut(error)) return;
    if (error instanceof ApiError && error.status === 404) update({id, deleted: true});
  }
}

function onEvent(type, data) {
  if (type === 'workspace') return update(data?.workspace ?? data);
  const rows = Array.isArray(data?.workspaces) ? data.workspaces : null;
  const mine = rows?.find((each) => each.id === id);
  if (mine) update(mine);
  else poll();
}

// Afterwards the page starts over: a navigation is what wakes a workspace, and its answer says what is so now.
function act(button, work) {
  byId(button).addEventListener('click', () => whileBusy(byId(button), async () => {
    try {
      await work();
      location.reload();
    } catch (error) {
      if (leaveIfSignedOut(error)) return;
      byId('ending-message').textContent = error.message;
      byId('ending-message').hidden = false;
    }
  }));
}
act('retry', () => settle.recover(id));
act('start', () => settle.start(id));

const live = follow({
  onEvent,
  onState: (state) => (byId('connection').hidden = state === 'live'),
  poll,
  pollMs: kPollMs,
});

// An event may be lost; the stream alone must not leave anyone waiting here for ever.
setInterval(() => {
  if (!leaving && !isGone(row)) poll();
}, 5000);
setInterval(() => {
  byId('elapsed-time').textContent = duration(Date.now() - memory.since);
  consider();
}, 1000);
consider();
