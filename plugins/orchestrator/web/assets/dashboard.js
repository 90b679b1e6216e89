// The dashboard: the list of workspaces, live; everything one can do with them.
import {api, leaveIfSignedOut} from './api.js';
import {confirmDelete, createWorkspace, changePassword, showLogs, showShortcuts} from './dialogs.js';
import {announce, byId, refreshTimes, toast, whileBusy} from './dom.js';
import {follow} from './live.js';
import {actionsFor, applyEvent, applyRow, describe, matches, replaceAll, sorted} from './model.js';
import {workspaceRow} from './rows.js';
import {startUsers} from './users.js';

const root = byId('dashboard');
const kSearchFrom = 9;  // a search box for more rows than one sees at a glance

let list = new Map();
let loaded = false;
let live = false;
const shown = new Map();  // id → {element, signature}

function report(error) {
  if (!leaveIfSignedOut(error)) toast(error.message, 'error');
}

function set(next) {
  if (next === list && loaded) return;
  for (const [id, row] of next) {
    const before = list.get(id);
    if (before && describe(before).label !== describe(row).label) {
      const {label, detail} = describe(row);
      announce(`${row.name}: ${label}${detail ? `. ${detail}` : ''}`);
    }
  }
  list = next;
  loaded = true;
  draw();
}

// Rows are replaced only when what they show changed, in place, and the focus stays where it was.
function draw() {
  const query = byId('search').value;
  const rows = sorted(list);
  const visible = rows.filter((row) => matches(row, query));
  const holder = byId('workspaces');
  const focused = document.activeElement?.closest('[data-workspace]');
  const focus = focused && {id: focused.dataset.workspace, action: document.activeElement.dataset.action};

  for (const id of [...shown.keys()]) if (!visible.some((row) => row.id === id)) shown.delete(id);
  const elements = visible.map((row) => {
    const signature = JSON.stringify([row.name, row.description, row.image, row.last_access_at, row.created_at, row.error,
      row.phase, row.op_started_at, describe(row), actionsFor(row)]);
    const known = shown.get(row.id);
    if (known?.signature === signature) return known.element;
    const element = workspaceRow(row, perform);
    shown.set(row.id, {element, signature});
    return element;
  });
  if (elements.length !== holder.children.length || elements.some((element, i) => holder.children[i] !== element)) {
    holder.replaceChildren(...elements);
    restoreFocus(holder, focus);
  }

  byId('skeleton').hidden = loaded;
  byId('empty').hidden = !loaded || rows.length > 0;
  byId('no-match').hidden = rows.length === 0 || visible.length > 0;
  byId('search-box').hidden = rows.length < kSearchFrom && query === '';
  byId('new').hidden = loaded && rows.length === 0;  // the empty state has the one button
  const running = rows.filter((row) => row.phase === 'RUNNING').length;
  byId('count').textContent = rows.length === 0 ? '' : `${rows.length} in all, ${running} running`;
  refreshTimes(holder);
}

function restoreFocus(holder, focus) {
  if (!focus || document.activeElement !== document.body) return;
  const row = [...holder.children].find((each) => each.dataset.workspace === focus.id);
  (row?.querySelector(`[data-action="${focus.action}"]`) ?? row?.querySelector('a, button'))?.focus();
}

async function change(button, work, done) {
  try {
    const row = await whileBusy(button, work);
    if (row?.id) set(applyRow(list, row));
    if (done) toast(done);
  } catch (error) {
    report(error);
  }
}

function perform(action, row, button) {
  const current = list.get(row.id) ?? row;
  switch (action) {
    case 'start': return change(button, () => api.desire(row.id, 'RUNNING'));
    case 'stop': return change(button, () => api.desire(row.id, 'STANDBY'));
    case 'recover': return change(button, () => api.recover(row.id), `Trying ${row.name} again`);
    case 'logs': return showLogs(current);
    case 'delete': return confirmDelete(current, () => {
      set(applyRow(list, {id: row.id, deleted: true}));
      toast(`Deleted ${row.name}`);
      byId(byId('new').hidden ? 'new-first' : 'new').focus();
    });
  }
}

function create() {
  createWorkspace((row) => {
    set(applyRow(list, row));
    announce(`Created ${row.name}`);
    const element = shown.get(row.id)?.element;
    element?.scrollIntoView({block: 'nearest'});
    element?.querySelector('a, button')?.focus();
  });
}

async function poll() {
  try {
    const rows = await api.workspaces();
    if (!live) set(replaceAll(rows));
  } catch (error) {
    if (!leaveIfSignedOut(error) && !loaded) byId('skeleton').dataset.problem = error.message;
  }
}

async function onEvent(type, data) {
  // The snapshot may be cut short for someone with very many.
  const whole = Array.isArray(data?.workspaces) && !(data.total > data.workspaces.length);
  if (type !== 'connected' || whole) return set(applyEvent(list, type, data));
  try {
    set(replaceAll(await api.workspaces()));
  } catch (error) {
    report(error);
  }
}

function moveFocus(step) {
  const links = [...byId('workspaces').querySelectorAll('.row-name')];
  const at = links.findIndex((link) => link.closest('[data-workspace]').contains(document.activeElement));
  links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
}

const kShortcuts = {
  n: create,
  '/': () => {
    byId('search-box').hidden = false;
    byId('search').focus();
  },
  '?': showShortcuts,
  j: () => moveFocus(1),
  k: () => moveFocus(-1),
};

document.addEventListener('keydown', (event) => {
  if (event.target === byId('search') && event.key === 'Escape') {
    byId('search').value = '';
    byId('search').blur();
    return draw();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector('dialog[open]')) return;
  if (event.target.closest?.('input, textarea, select')) return;
  const run = kShortcuts[event.key];
  if (!run) return;
  event.preventDefault();
  run();
});

byId('search').addEventListener('input', draw);
byId('new').addEventListener('click', create);
byId('new-first').addEventListener('click', create);
byId('shortcuts').addEventListener('click', showShortcuts);
byId('password-change')?.addEventListener('click', () => changePassword(root.dataset.userId));
byId('sign-out').addEventListener('click', async (event) => {
  try {
    await whileBusy(event.currentTarget, api.logout);
    location.assign('/login');
  } catch (error) {
    if (error.status === 401) location.assign('/login');
    else report(error);
  }
});
// The account menu closes like a menu.
const menu = byId('account');
document.addEventListener('click', (event) => {
  if (!menu.contains(event.target) || event.target.closest('.menu button')) menu.open = false;
});
menu.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

follow({
  onEvent,
  onState: (state) => {
    live = state === 'live';
    byId('connection').hidden = live;
  },
  poll,
  pauseHidden: true,
});
setInterval(() => refreshTimes(), 5000);
if (root.dataset.admin === 'true') startUsers(root.dataset.userId, report);
