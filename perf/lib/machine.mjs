// Processes of a measurement: each pinned to a core, with what the kernel says about their CPU time and memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

export const PROXY_CORE = 0;
export const OTHER_CORE = 1;

const running = new Set();

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// Before other work on the machine, where that is allowed.
export function start(core, command, args, stdio = ['ignore', 'ignore', 'pipe']) {
  const child = spawn('nice', ['-n', '-15', 'taskset', '-c', core, command, ...args].map(String), { stdio });
  child.said = '';
  child.stderr.on('data', (text) => { child.said = (child.said + text).slice(-4000); });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', (error) => { child.said += error.message; });
  return child;
}

export async function stop(child) {
  if (!running.has(child)) return;
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
  await once(child, 'exit');
  clearTimeout(kill);
}

export const stopAll = () => Promise.all([...running].map(stop));

// Once `child` answers on `port`; the answers also warm it up.
export async function answers(port, child) {
  for (let attempt = 0; attempt < 200; ++attempt) {
    if (!running.has(child)) throw new Error(`${child.spawnargs.join(' ')} ended:\n${child.said}`);
    try {
      if ((await fetch(`http://127.0.0.1:${port}/small`)).ok) return;
    } catch { /* not yet */ }
    await sleep(25);
  }
  throw new Error(`${child.spawnargs.join(' ')}: nothing answers on port ${port}\n${child.said}`);
}

// Servers fork; the work is done somewhere below the process that was started.
export function family(pid) {
  const children = readdirSync(`/proc/${pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean));
  return [pid, ...children.flatMap(family)];
}

// User and system time of each thread, in µs, from the scheduler's own clock (no ticks).
export function threadTimes(pids) {
  const times = new Map();
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      times.set(thread, Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1000);
    }
  }
  return times;
}

export const cpuTime = (child) => [...threadTimes(family(child.pid)).values()].reduce((sum, each) => sum + each, 0);

// User memory in bytes: pages of its own, and its share of shared ones.
export function memory(child) {
  const sum = { pss: 0, dirty: 0 };
  for (const pid of family(child.pid)) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    sum.pss += Number(/^Pss: +(\d+)/m.exec(text)[1]) * 1024;
    sum.dirty += Number(/^Private_Dirty: +(\d+)/m.exec(text)[1]) * 1024;
  }
  return sum;
}

// A perf_load with its connections open. run() drives them for some seconds, close() ends it.
export async function openLoad(program, port, args) {
  const child = start(OTHER_CORE, program, [args[0], '--port', port, ...args.slice(1)], ['pipe', 'pipe', 'pipe']);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`perf_load ${args.join(' ').slice(0, 80)}: ${child.said}`);
    return value;
  };
  await line();
  return {
    run: async (seconds) => {
      child.stdin.write(`${seconds}\n`);
      return JSON.parse(await line());
    },
    close: async () => {
      child.stdin.end();
      if (running.has(child)) await once(child, 'exit');
    },
  };
}
