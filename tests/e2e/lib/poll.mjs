// Waiting for conditions instead of sleeping.
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

// until(probe, {what, timeout}): the first truthy value of probe(); throws, naming `what` and the last value or error,
// when `timeout` (ms) is over.
export async function until(probe, { what, timeout = 60000, every = 50 }) {
  const deadline = Date.now() + timeout;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      if (error.final) throw error;
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeout} ms: ${what} (last: ${describe(last)})`);
    await delay(every);
  }
}

function describe(value) {
  return value instanceof Error ? value.message : JSON.stringify(value);
}

// A port nobody listens on now. Taken by someone else in between is possible and shows as "address in use".
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
