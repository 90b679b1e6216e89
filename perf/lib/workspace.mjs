// /w/<id>/, with session and owner checked, beside a plain proxy_pass to the same container in the same process: CPU time of
// the worker's thread per request. The workspace is a container with nothing in it but perf_load's origin, so that what is
// measured is not code-server. Needs a Docker engine.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { OTHER_CORE, PROXY_CORE, openLoad, threadTimes } from './machine.mjs';
import { best } from './rounds.mjs';

const IMAGE = 'hearth/perf-origin:latest';
const ENTRYPOINT = ['/perf_load', 'origin', '--any', '--port', '8080', '--'];

function makeImage({ folder, programs }) {
  const archive = path.join(folder, 'image.tar');
  execFileSync('tar', ['-C', path.dirname(programs.load), '-cf', archive, 'perf_load']);
  execFileSync('docker', ['import', '--change', `ENTRYPOINT ${JSON.stringify(ENTRYPOINT)}`, archive, IMAGE], { stdio: 'ignore' });
}

// The busiest thread is the one worker.
async function round(hearth, url, cookie, { programs, seconds }) {
  const load = await openLoad(programs.load, hearth.port, ['get', '--connections', '64', '--paths', url, '--header', cookie]);
  const before = threadTimes(hearth.servers());
  const result = await load.run(seconds);
  const after = threadTimes(hearth.servers());
  await load.close();
  const used = Math.max(...[...after].map(([thread, time]) => time - (before.get(thread) ?? 0)));
  return { ...result, value: used / result.units };
}

async function startHearth(cleanups, { programs }) {
  process.env.HEARTH_BIN ??= programs.hearth;
  const { Hearth } = await import('../../tests/e2e/lib/hearth.mjs');
  const wrap = ['nice', '-n', '-15', 'taskset', '-c', String(PROXY_CORE)];
  const hearth = await Hearth.create({ after: (fn) => cleanups.push(fn) }, { wrap, image: IMAGE, start: false });
  writeFileSync(hearth.conf, hearth.configuration().replace('worker_threads 2', 'worker_threads 1')
    .replace('error.log debug', 'error.log warn').replace('access_log logs/access.log json', 'access_log off; keepalive_requests 1000000000'));
  return hearth.start();
}

// Its address is known only now, so the plain location comes with a reload.
async function addPlainLocation(hearth, container, { programs }) {
  const [{ containerAddress }, { until }] = await Promise.all(['docker.mjs', 'poll.mjs'].map((name) => import(`../../tests/e2e/lib/${name}`)));
  const plain = `location /plain/ { proxy_pass http://${containerAddress(container)}:8080/; }`;
  writeFileSync(hearth.conf, readFileSync(hearth.conf, 'utf8').replace('location /metrics', `${plain}\n        location /metrics`));
  const before = hearth.servers();
  execFileSync(programs.hearth, ['-p', hearth.data, '-c', hearth.conf, '-s', 'reload']);
  const what = 'the process from before the reload ends';
  await until(() => hearth.servers().length === 1 && hearth.servers()[0] !== before[0], { what, timeout: 20000 });
  await hearth.ready();
}

export async function measureWorkspace(scenario, setting) {
  const cleanups = [];
  try {
    makeImage(setting);
    const hearth = await startHearth(cleanups, setting);
    cleanups.push(() => execFileSync('docker', ['rmi', IMAGE], { stdio: 'ignore' }));
    const client = await hearth.admin();
    const { id } = await (await import('../../tests/e2e/lib/workspaces.mjs')).running(client);
    const container = await hearth.deployment.container(id);
    execFileSync('docker', ['update', '--cpuset-cpus', String(OTHER_CORE), container.Id], { stdio: 'ignore' });
    await addPlainLocation(hearth, container, setting);

    const cookie = `Cookie: ${[...client.cookies].map((pair) => pair.join('=')).join('; ')}`;
    const urls = { hearth: `/w/${id}/small`, proxy_pass: '/plain/small' };
    const rounds = { hearth: [], proxy_pass: [] };
    for (let i = 0; i < setting.rounds; ++i) {
      for (const [name, url] of Object.entries(urls)) rounds[name].push(await round(hearth, url, cookie, setting));
    }
    const of = Object.fromEntries(Object.entries(rounds).map(([name, each]) => [name, best(each)]));
    return { scenario: scenario.name, unit: scenario.unit, targets: scenario.targets, of };
  } finally {
    for (const fn of cleanups) await fn();
  }
}
