// Building elements, toasts, dialogs. Text is only ever set as text, never as HTML.
import {absoluteTime, relativeTime, span} from './format.js';

// h('button', {class: 'button', onclick: f, 'data-id': 'x'}, 'text', child)
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

const kSvg = 'http://www.w3.org/2000/svg';
const kSprite = new URL('./icons.svg', import.meta.url).pathname;

// An icon from icons.svg.
export function icon(name) {
  const svg = document.createElementNS(kSvg, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(kSvg, 'use');
  use.setAttribute('href', `${kSprite}#${name}`);
  svg.append(use);
  return svg;
}

const kForms = {span, relative: relativeTime};

// form: relative ("5 minutes ago") or span ("for 5 minutes"). Kept current by refreshTimes().
export function time(value, prefix = '', form = 'relative') {
  return h('time', {datetime: value, title: absoluteTime(value), 'data-prefix': prefix, 'data-form': form},
    prefix + kForms[form](value));
}

export function refreshTimes(root = document) {
  for (const element of root.querySelectorAll('time[datetime]')) {
    const text = (element.dataset.prefix ?? '') + kForms[element.dataset.form](element.dateTime);
    if (element.textContent !== text) element.textContent = text;
  }
}

export function toast(message, tone = 'info') {
  const box = h('div', {class: `toast toast-${tone}`, role: tone === 'error' ? 'alert' : 'status'},
    h('span', {}, message),
    h('button', {type: 'button', class: 'icon-button', 'aria-label': 'Dismiss', onclick: () => box.remove()}, icon('close')));
  box.dataset.message = message;
  // The same words once are enough.
  [...byId('toasts').children].find((other) => other.dataset.message === message)?.remove();
  byId('toasts').append(box);
  setTimeout(() => box.remove(), tone === 'error' ? 12000 : 5000);
}

export function announce(message) {
  const region = byId('announce');
  if (region) region.textContent = message;
}

// A modal <dialog> with the content given; removed from the page when closed. Escape and a click outside close it.
export function openDialog(title, ...content) {
  const titleId = `dialog-${Math.random().toString(36).slice(2)}`;
  const dialog = h('dialog', {class: 'dialog', 'aria-labelledby': titleId},
    h('div', {class: 'dialog-head'},
      h('h2', {id: titleId}, title),
      h('button', {type: 'button', class: 'icon-button', 'aria-label': 'Close', onclick: () => dialog.close()}, icon('close'))),
    ...content);
  // Only a press that also began outside: selecting text and letting go outside must not close it.
  let pressedOutside = false;
  dialog.addEventListener('pointerdown', (event) => (pressedOutside = event.target === dialog));
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog && pressedOutside) dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// A busy button ignores clicks, and with them Enter in its form. It is not disabled: that would drop the focus.
document.addEventListener('click', (event) => {
  if (!event.target.closest?.('[aria-busy="true"]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// Runs `work` with the button showing that it is busy; answers what work answered.
export async function whileBusy(button, work) {
  button.setAttribute('aria-busy', 'true');
  button.setAttribute('aria-disabled', 'true');
  try {
    return await work();
  } finally {
    button.removeAttribute('aria-busy');
    button.removeAttribute('aria-disabled');
  }
}

// A form in a dialog: fields, an error line, Cancel and a main button. submit(values, form) may throw an Error, whose
// message is then shown in the dialog; otherwise the dialog closes, and the function it answered, if any, runs. Only then
// can it move the focus: closing gives it back to what opened the dialog.
export function formDialog({title, fields, action, danger = false, submit}) {
  const problem = h('p', {class: 'form-error', role: 'alert', hidden: true});
  const main = h('button', {type: 'submit', class: danger ? 'button danger' : 'button primary'}, action);
  const form = h('form', {class: 'form'}, ...fields, problem,
    h('div', {class: 'dialog-actions'},
      h('button', {type: 'button', class: 'button', onclick: () => dialog.close()}, 'Cancel'), main));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const closed = await whileBusy(main, () => submit(Object.fromEntries(new FormData(form)), form));
      dialog.close();
      closed?.();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
  const dialog = openDialog(title, form);
  return {dialog, form, main};
}

export function field(label, input, hint = '') {
  const id = `field-${input.getAttribute('name')}`;
  input.id = id;
  if (hint) input.setAttribute('aria-describedby', `${id}-hint`);
  return h('div', {class: 'field'}, h('label', {for: id}, label), input,
    hint && h('p', {class: 'hint', id: `${id}-hint`}, hint));
}
