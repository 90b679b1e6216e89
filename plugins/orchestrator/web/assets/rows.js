// One workspace in the list.
import {h, icon, time} from './dom.js';
import {relativeTime} from './format.js';
import {actionsFor, describe} from './model.js';

export const addressOf = (row) => (typeof row.url === 'string' && row.url.startsWith('/w/') ? row.url : `/w/${row.id}/`);

function action(row, perform, name, label, iconName, extra = '') {
  return h('button', {type: 'button', class: `button small ${extra}`, 'data-action': name, title: label,
    'aria-label': `${label} ${row.name}`, onclick: (event) => perform(name, row, event.currentTarget)},
    icon(iconName), h('span', {class: 'button-text'}, label));
}

function problem(row) {
  const error = row.error;
  if (!error || !error.reason || !(row.phase === 'ERROR' || error.message)) return null;
  const failed = row.phase === 'ERROR';
  const retry = !failed && error.next_retry_at ? ` Next attempt ${relativeTime(error.next_retry_at)}.` : '';
  return h('p', {class: `row-problem ${failed ? '' : 'mild'}`},
    h('code', {class: 'reason'}, error.reason), ` ${error.message ?? ''}${retry}`);
}

// perform(action, row, button) with action start | stop | recover | logs | delete
export function workspaceRow(row, perform) {
  const {label, tone, detail} = describe(row);
  const can = actionsFor(row);
  const since = tone === 'busy' && row.op_started_at ? row.op_started_at : row.phase_changed_at;
  const name = can.open
    ? h('a', {class: 'row-name', href: addressOf(row), 'data-action': 'name'}, row.name)
    : h('span', {class: 'row-name', tabindex: '-1'}, row.name);
  return h('li', {class: `row tone-${tone}`, 'data-workspace': row.id, 'data-phase': row.phase, 'data-name': row.name},
    h('div', {class: 'row-main'},
      h('h3', {}, name),
      row.description && h('p', {class: 'row-description'}, row.description),
      h('p', {class: 'row-meta'},
        row.last_access_at ? time(row.last_access_at, 'Used ') : time(row.created_at, 'Created '),
        row.image && h('span', {class: 'row-image', title: 'Image'}, row.image))),
    h('div', {class: 'row-state'},
      h('span', {class: `pill pill-${tone}`}, h('span', {class: 'dot', 'aria-hidden': 'true'}), label),
      h('span', {class: 'row-detail'}, detail || (since && tone !== 'error' ? time(since, 'since ') : ''))),
    h('div', {class: 'row-actions'},
      can.recover && action(row, perform, 'recover', 'Try again', 'retry', 'primary'),
      can.open && h('a', {class: 'button small primary', href: addressOf(row), 'data-action': 'open',
        'aria-label': `Open ${row.name}`}, icon('open'), h('span', {class: 'button-text'}, 'Open')),
      can.start && action(row, perform, 'start', 'Start', 'start'),
      can.stop && action(row, perform, 'stop', 'Stop', 'stop'),
      action(row, perform, 'logs', 'Logs', 'logs', 'quiet'),
      can.remove && action(row, perform, 'delete', 'Delete', 'trash', 'quiet danger-quiet')),
    tone === 'busy' && h('div', {class: 'row-bar', 'aria-hidden': 'true'}),
    problem(row));
}
