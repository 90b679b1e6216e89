// Asks for a change and waits until it can be seen: the API accepts at once, the coordinator acts a moment later.
import {api} from './api.js';

const kPollMs = 400;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(id, deadlineMs, reached, tooLate) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const row = await api.workspace(id);
    if (reached(row)) return row;
    if (performance.now() > deadline) throw new Error(tooLate);
    await pause(kPollMs);
  }
}

export async function recover(id) {
  await api.recover(id);
  await until(id, 20000, (row) => row.phase !== 'ERROR', 'It is being tried again. Reload this page to look.');
}

// The workers hear of the new state by message, right after the answer.
export async function start(id) {
  await api.desire(id, 'RUNNING');
  await pause(300);
}

// There is room under the limit once the row neither runs nor wants to.
export async function stop(id) {
  await api.desire(id, 'STANDBY');
  await until(id, 120000, (row) => {
    if (row.phase === 'ERROR') throw new Error(row.error?.message || 'The workspace could not be stopped.');
    return row.phase !== 'RUNNING' && row.desired_state !== 'RUNNING';
  }, 'Stopping takes long. Reload this page to look again.');
}
