// Dialogs of the dashboard.
import {api, leaveIfSignedOut} from './api.js';
import {field, formDialog, h, openDialog, toast, whileBusy} from './dom.js';

export function createWorkspace(created) {
  const name = h('input', {name: 'name', required: true, maxlength: 255, autocomplete: 'off', autofocus: true,
    placeholder: 'my-project', spellcheck: 'false'});
  const description = h('input', {name: 'description', maxlength: 500, autocomplete: 'off', placeholder: 'What is it for?'});
  const image = h('input', {name: 'image', maxlength: 512, autocomplete: 'off', spellcheck: 'false', placeholder: 'The usual image'});
  formDialog({
    title: 'New workspace',
    action: 'Create',
    fields: [
      field('Name', name),
      field('Description', description, 'Optional.'),
      h('details', {class: 'more'}, h('summary', {}, 'More settings'),
        field('Image', image, 'A container image with code-server. Leave empty for the usual one.')),
    ],
    submit: async (values) => {
      const fields = {name: values.name.trim()};
      if (!fields.name) throw new Error('Please give it a name.');
      if (values.description.trim()) fields.description = values.description.trim();
      if (values.image.trim()) fields.image = values.image.trim();
      const row = await api.create(fields);
      return () => created(row);
    },
  });
}

export function confirmDelete(row, deleted) {
  const typed = h('input', {name: 'typed', autocomplete: 'off', spellcheck: 'false', autofocus: true});
  const {main} = formDialog({
    title: `Delete ${row.name}?`,
    action: 'Delete workspace and files',
    danger: true,
    fields: [
      h('p', {}, 'The container and ', h('strong', {}, 'all files in its home directory'),
        ' will be deleted. This cannot be undone.'),
      field(h('span', {}, 'Type ', h('strong', {}, row.name), ' to confirm'), typed),
    ],
    submit: async () => {
      await api.remove(row.id);
      return deleted;
    },
  });
  const check = () => (main.disabled = typed.value.trim() !== row.name.trim());
  typed.addEventListener('input', check);
  check();
}

export function showLogs(row) {
  const text = h('pre', {class: 'logs', tabindex: '0', 'aria-label': `Log of ${row.name}`}, 'Loading…');
  const again = h('button', {type: 'button', class: 'button', onclick: load}, 'Refresh');
  const dialog = openDialog(`Logs of ${row.name}`, text,
    h('div', {class: 'dialog-actions'}, again, h('button', {type: 'button', class: 'button primary', onclick: () => dialog.close()}, 'Close')));
  dialog.classList.add('wide');
  async function load() {
    await whileBusy(again, async () => {
      try {
        const log = await api.logs(row.id);
        text.textContent = log || 'The container has written nothing yet.';
        text.scrollTop = text.scrollHeight;
      } catch (error) {
        text.textContent = `No log to show: ${error.message}`;
      }
    });
  }
  load();
}

export function passwordField(label, name = 'password') {
  return field(label, h('input', {name, type: 'password', required: true, minlength: 8, maxlength: 1024, autocomplete: 'new-password'}),
    'At least 8 characters.');
}

export function changePassword(userId, username = '') {
  formDialog({
    title: username ? `New password for ${username}` : 'Change your password',
    action: 'Change password',
    fields: [passwordField('New password')],
    submit: async (values) => {
      await api.changeUser(userId, {password: values.password});
      toast('Password changed');
      // It may have ended this session too.
      await api.session().catch(leaveIfSignedOut);
    },
  });
}

export function confirm({title, text, action, work}) {
  formDialog({title, action, danger: true, fields: [h('p', {}, text)], submit: work});
}

const kKeys = [
  ['n', 'New workspace'],
  ['/', 'Search'],
  ['j', 'Next workspace'],
  ['k', 'Previous workspace'],
  ['Enter', 'Open the focused workspace'],
  ['Esc', 'Close a dialog, clear the search'],
  ['?', 'This list'],
];

export function showShortcuts() {
  openDialog('Keyboard shortcuts',
    h('dl', {class: 'keys'}, kKeys.map(([key, what]) => h('div', {}, h('dt', {}, h('kbd', {}, key)), h('dd', {}, what)))));
}
