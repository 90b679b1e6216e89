// /w/<id>/, with session and owner checked, beside a plain proxy_pass to the same code-server in the same process: CPU time
// of the worker's thread per request. Needs a Docker engine and the workspace image.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { OTHER_CORE, PROXY_CORE, openLoad, threadTimes } from './machine.mjs';
import { best } from './rounds.mjs';

async function round(hearth, path, cookie, { programs, seconds }) {
  const args = ['get', '--connections', '32', '--paths', path, '--header', cookie];
  const load = await openLoad(programs.load, hearth.port, args);
  const before = threadTimes(hearth.servers());
  const result = await load.run(seconds * 2); // code-server is slow
  const after = threadTimes(hearth.servers());
  await load.close();
  const used = Math.max(...[...after].map(([thread, time]) => time - (before.get(thread) ?? 0)));
  return { ...result, value: used / result.units };
}

export async function measureWorkspace(scenario, setting) {
  process.env.HEARTH_BIN ??= setting.programs.hearth;
  const e2e = new URL('../../tests/e2e/lib/', import.meta.url);
  const [{ Hearth }, workspaces, { containerAddress }, { until }] = await Promise.all(
    ['hearth.mjs', 'workspaces.mjs', 'docker.mjs', 'poll.mjs'].map((name) => import(new URL(name, e2e))));
  const cleanups = [];
  try {
    const wrap = ['nice', '-n', '-15', 'taskset', '-c', String(PROXY_CORE)];
    const hearth = await Hearth.create({ after: (fn) => cleanups.push(fn) }, { wrap, start: false });
    const quiet = hearth.configuration().replace('worker_threads 2', 'worker_threads 1').replace('error.log debug', 'error.log warn')
      .replace('access_log logs/access.log json', 'access_log off; keepalive_requests 1000000000');
    writeFileSync(hearth.conf, quiet);
    await hearth.start();
    const client = await hearth.admin();
    const { id } = await workspaces.running(client);
    const container = await hearth.deployment.container(id);
    execFileSync('docker', ['update', '--cpuset-cpus', String(OTHER_CORE), container.Id], { stdio: 'ignore' });
    const plain = `location /plain/ { proxy_pass http://${containerAddress(container)}:8080/; }`;
    writeFileSync(hearth.conf, quiet.replace('location /metrics', `${plain}\n location /metrics`));
    execFileSync(setting.programs.hearth, ['-p', hearth.data, '-c', hearth.conf, '-s', 'reload']);
    const paths = { hearth: `/w/${id}/healthz`, proxy_pass: '/plain/healthz' };
    await until(() => hearth.servers().length === 1, { what: 'the process before the reload ends', timeout: 20000 });
    for (const path of Object.values(paths)) {
      await until(async () => {
        const { status } = await client.request('GET', path);
        if (status !== 200) throw new Error(`${status}: ${readFileSync(`${hearth.data}/logs/error.log`, 'utf8').slice(-500)}`);
        return true;
      }, { what: `${path} answers`, timeout: 20000 });
    }
    const cookie = `Cookie: ${[...client.cookies].map((pair) => pair.join('=')).join('; ')}`;
    const rounds = { hearth: [], proxy_pass: [] };
    for (let i = 0; i < setting.rounds; ++i) {
      for (const [name, path] of Object.entries(paths)) rounds[name].push(await round(hearth, path, cookie, setting));
    }
    const of = Object.fromEntries(Object.entries(rounds).map(([name, each]) => [name, best(each)]));
    return { scenario: scenario.name, unit: scenario.unit, targets: scenario.targets, of };
  } finally {
    for (const fn of cleanups) await fn();
  }
}
