// One scenario, every proxy in turn. A result: {scenario, unit, of: {proxy: {value, rounds, errors, latency…}}}, where
// `value` is the best of the rounds: what other work on the machine does to a round only makes it worse.
import { PROXY_CORE, answers, cpuTime, freePort, memory, openLoad, start, stop } from './machine.mjs';
import { proxies } from './proxies.mjs';
import { best } from './rounds.mjs';
import { measureWorkspace } from './workspace.mjs';

const MIB = 1 << 20;

export async function startProxy(name, scenario, { folder, programs, origins }) {
  const port = await freePort();
  const child = start(PROXY_CORE, ...proxies(programs)[name](folder, port, origins[scenario.origin ?? 'nginx']));
  await answers(port, child);
  return { port, child };
}

async function round(proxy, scenario, { programs }, args, seconds) {
  const load = await openLoad(programs.load, proxy.port, args);
  const before = cpuTime(proxy.child);
  const result = await load.run(seconds);
  const used = cpuTime(proxy.child) - before;
  await load.close();
  return { ...result, cpu_us: used, value: used / (scenario.unit === 'MiB' ? result.bytes / MIB : result.units) };
}

// Idle connections: memory of a process that has served one such connection, then all of them.
async function idleRound(proxy, scenario, { programs }) {
  const one = scenario.load.map((each, i) => (scenario.load[i - 1] === '--connections' ? 1 : each));
  await (await openLoad(programs.load, proxy.port, one)).close();
  const before = memory(proxy.child);
  const load = await openLoad(programs.load, proxy.port, scenario.load);
  const after = memory(proxy.child);
  await load.close();
  const count = scenario.load[scenario.load.indexOf('--connections') + 1];
  return { value: (after.pss - before.pss) / count, private_dirty: (after.dirty - before.dirty) / count, errors: 0 };
}

// Requests at a fixed rate, half of what the slowest proxy can do; the value is the 99th percentile.
async function halfLoad(running, scenario, setting) {
  const rates = [];
  for (const proxy of Object.values(running)) {
    rates.push((await round(proxy, scenario, setting, scenario.load, setting.seconds)).units / setting.seconds);
  }
  const rate = Math.floor(Math.min(...rates) / 2);
  return async (proxy) => {
    const result = await round(proxy, scenario, setting, [...scenario.load, '--rate', rate], setting.seconds * 2);
    return { ...result, value: result.p99_us, rate };
  };
}

export async function measure(scenario, setting) {
  if (scenario.workspace) return measureWorkspace(scenario, setting);
  const running = {};
  for (const name of setting.proxies) if (!scenario.memory) running[name] = await startProxy(name, scenario, setting);
  let one = (proxy) => round(proxy, scenario, setting, scenario.load, setting.seconds);
  if (scenario.memory) one = (proxy) => idleRound(proxy, scenario, setting);
  if (scenario.latency) one = await halfLoad(running, scenario, setting);

  const rounds = Object.fromEntries(setting.proxies.map((name) => [name, []]));
  for (let i = 0; i < (scenario.memory ? Math.ceil(setting.rounds / 3) : setting.rounds); ++i) {
    for (const name of setting.proxies) {
      const proxy = running[name] ?? (await startProxy(name, scenario, setting)); // memory: a fresh one each time
      rounds[name].push(await one(proxy));
      if (scenario.memory) await stop(proxy.child);
    }
  }
  for (const { child } of Object.values(running)) await stop(child);

  const of = Object.fromEntries(setting.proxies.map((name) => [name, best(rounds[name])]));
  return { scenario: scenario.name, unit: scenario.unit, targets: scenario.targets ?? [], of };
}
