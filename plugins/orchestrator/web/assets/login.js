// The login page: one form, the server's words when it refuses, a countdown while locked out.
import {api} from './api.js';
import {byId, whileBusy} from './dom.js';
import {duration, safeNext} from './format.js';

const form = byId('login');
const problem = byId('problem');
const button = byId('submit');
let countdown = 0;

function show(message) {
  problem.textContent = message;
  problem.hidden = !message;
}

function lockOut(seconds, message) {
  const until = performance.now() + seconds * 1000;
  clearInterval(countdown);
  button.disabled = true;
  const tick = () => {
    const left = until - performance.now();
    if (left <= 0) {
      clearInterval(countdown);
      button.disabled = false;
      button.textContent = 'Sign in';
      show('You can try again now.');
      return;
    }
    button.textContent = `Wait ${duration(left + 999)}`;
  };
  show(message);
  tick();
  countdown = setInterval(tick, 500);
}

function explain(error) {
  if (error.status === 429) {
    return lockOut(error.retryAfter || 30, 'Too many failed attempts. Signing in is locked for a while.');
  }
  if (error.status === 401 || error.status === 400) {
    show(error.status === 401 ? 'User name or password is wrong.' : error.message);
    byId('password').select();
    byId('password').focus();
    return;
  }
  if (error.status === 503) return show(`Signing in is not possible right now: ${error.message}`);
  show(error.message);
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  show('');
  try {
    await whileBusy(button, () => api.login(byId('username').value.trim(), byId('password').value));
    location.replace(safeNext(form.dataset.next));
  } catch (error) {
    explain(error);
  }
});

byId('reveal').addEventListener('click', (event) => {
  const hidden = byId('password').type === 'password';
  byId('password').type = hidden ? 'text' : 'password';
  event.currentTarget.setAttribute('aria-pressed', String(hidden));
  event.currentTarget.textContent = hidden ? 'Hide' : 'Show';
});
