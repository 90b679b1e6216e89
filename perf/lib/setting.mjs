// What every measurement needs before it starts: the programs, built, and the two origins, running.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { OTHER_CORE, answers, freePort, start } from './machine.mjs';
import { staticOrigin } from './proxies.mjs';

const root = path.resolve(path.dirname(new URL(import.meta.url).pathname), '../..');
const build = path.join(root, 'build/release');
const programs = {
  hearth: process.env.HEARTH_BINARY ?? path.join(build, 'gateway/hearth'),
  load: path.join(build, 'perf/load/perf_load'),
  floor: path.join(build, 'perf/floor/perf_floor'),
};

export const pageLoad = () => JSON.parse(readFileSync(path.join(root, 'perf/page-load.json'), 'utf8'));

function buildPrograms() {
  if (!existsSync(programs.hearth)) throw new Error(`${programs.hearth} is missing: cmake --preset release && cmake --build build/release`);
  if (existsSync(programs.load) && existsSync(programs.floor)) return;
  if (!existsSync(path.join(build, 'CMakeCache.txt'))) execFileSync('cmake', ['--preset', 'release'], { cwd: root, stdio: 'ignore' });
  execFileSync('cmake', ['-DHEARTH_BUILD_PERF=ON', build], { cwd: root, stdio: 'ignore' });
  execFileSync('cmake', ['--build', build, '--target', 'perf_load', 'perf_floor'], { cwd: root, stdio: 'inherit' });
}

// Programs and ports of the origins; everything written goes into `folder`.
export async function prepare(folder) {
  buildPrograms();
  execFileSync('taskset', ['-p', '-c', String(OTHER_CORE), String(process.pid)]);
  const origins = { nginx: await freePort(), perf: await freePort() };
  await answers(origins.nginx, start(OTHER_CORE, ...staticOrigin(folder, origins.nginx, pageLoad())));
  await answers(origins.perf, start(OTHER_CORE, programs.load, ['origin', '--port', origins.perf]));
  return { folder, programs, origins };
}
