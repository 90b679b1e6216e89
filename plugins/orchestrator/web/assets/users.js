// The administrators' section: list, create, new password, rights, disable, delete.
import {api} from './api.js';
import {changePassword, confirm, passwordField} from './dialogs.js';
import {byId, field, formDialog, h, icon, time, toast, whileBusy} from './dom.js';

export function startUsers(ownId, report) {
  let users = [];

  async function load() {
    try {
      users = await api.users();
      draw();
    } catch (error) {
      report(error);
    }
  }

  async function change(button, user, fields) {
    try {
      await whileBusy(button, () => api.changeUser(user.id, fields));
      await load();
    } catch (error) {
      report(error);
    }
  }

  function button(user, label, onclick, extra = '') {
    return h('button', {type: 'button', class: `button small quiet ${extra}`, 'aria-label': `${label}: ${user.username}`, onclick}, label);
  }

  function remove(user) {
    confirm({
      title: `Delete user ${user.username}?`,
      text: 'This user can no longer sign in, and all workspaces and files of this user are deleted. This cannot be undone.',
      action: 'Delete user',
      work: async () => {
        await api.removeUser(user.id);
        toast(`Deleted user ${user.username}`);
        await load();
      },
    });
  }

  function userRow(user) {
    const own = user.id === ownId;
    return h('li', {class: 'user', 'data-user': user.username},
      h('div', {class: 'user-main'},
        h('span', {class: 'user-name'}, user.username),
        user.is_admin && h('span', {class: 'tag'}, 'administrator'),
        user.disabled && h('span', {class: 'tag tag-error'}, 'disabled'),
        own && h('span', {class: 'tag'}, 'you'),
        user.created_at && h('span', {class: 'row-meta'}, time(user.created_at, 'Created '))),
      h('div', {class: 'row-actions'},
        button(user, 'New password', () => changePassword(user.id, user.username)),
        !own && button(user, user.is_admin ? 'Make ordinary user' : 'Make administrator',
          (event) => change(event.currentTarget, user, {is_admin: !user.is_admin})),
        !own && button(user, user.disabled ? 'Enable' : 'Disable',
          (event) => change(event.currentTarget, user, {disabled: !user.disabled})),
        !own && button(user, 'Delete', () => remove(user), 'danger-quiet')));
  }

  function draw() {
    byId('users').replaceChildren(...users.map(userRow));
  }

  function create() {
    formDialog({
      title: 'New user',
      action: 'Create user',
      fields: [
        field('User name', h('input', {name: 'username', required: true, maxlength: 255, autocomplete: 'off', autofocus: true, spellcheck: 'false'})),
        passwordField('Password'),
        h('label', {class: 'check'}, h('input', {type: 'checkbox', name: 'is_admin'}), ' Administrator: may manage users'),
      ],
      submit: async (values) => {
        await api.createUser({username: values.username.trim(), password: values.password, is_admin: values.is_admin === 'on'});
        toast(`Created user ${values.username.trim()}`);
        await load();
      },
    });
  }

  byId('new-user').append(icon('plus'), 'New user');
  byId('new-user').addEventListener('click', create);
  const section = byId('users-section');
  section.addEventListener('toggle', () => section.open && load());
  if (section.open) load();
}
