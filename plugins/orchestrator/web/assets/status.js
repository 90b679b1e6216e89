// Error and limit pages: buttons that ask the API for something and then load the page again.
// <button data-do="recover|start|stop" data-id="…">; the page's #problem shows a refusal.
import {leaveIfSignedOut} from './api.js';
import {byId, whileBusy} from './dom.js';
import * as settle from './settle.js';

for (const button of document.querySelectorAll('button[data-do]')) {
  button.addEventListener('click', () => whileBusy(button, async () => {
    const problem = byId('problem');
    problem.hidden = true;
    try {
      await settle[button.dataset.do](button.dataset.id);
      location.reload();
    } catch (error) {
      if (leaveIfSignedOut(error)) return;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  }));
}

byId('reload')?.addEventListener('click', () => location.reload());
