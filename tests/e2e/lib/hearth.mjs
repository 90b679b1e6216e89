// One hearth of its own for a test: data directory, free port, deployment name; everything is removed afterwards.
// Its logs and configuration stay under artifacts/<suite>/logs/<deployment>.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync, writeFileSync }
  from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from './client.mjs';
import { Deployment } from './docker.mjs';
import { freePort, until } from './poll.mjs';

const root = new URL('../../..', import.meta.url).pathname;
export const binary = process.env.HEARTH_BIN ?? join(root, 'build/release/gateway/hearth');
export const modules = process.env.HEARTH_MODULES ?? join(root, 'build/release/modules');
const artifacts = join(process.env.HEARTH_ARTIFACTS ?? join(root, 'build/artifacts'), 'logs');

export class Hearth {
  // Options: orchestrator, runtime, server, main: extra configuration text for those blocks; image; env; start: false.
  // For one of several processes on a database: database and eventBus (arguments of those directives), deployment (a name),
  // password (the administrator's).
  static async create(t, options = {}) {
    const hearth = new Hearth(await freePort(), options);
    t.after(() => hearth.#cleanUp(t));
    if (options.start !== false) await hearth.start();
    return hearth;
  }

  constructor(port, options) {
    this.options = options;
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
    this.mark = `hearth-${randomBytes(9).toString('hex')}`; // in its processes' environment
    this.password = options.password ?? `pw-${randomBytes(9).toString('hex')}`;
    this.deployment = new Deployment(options.deployment ?? `t${randomBytes(4).toString('hex')}`);
    this.data = mkdtempSync(join(tmpdir(), 'hearth-e2e-'));
    chmodSync(this.data, 0o755); // the embedded database runs as another user when started by root
    mkdirSync(join(this.data, 'logs'));
    mkdirSync(join(this.data, 'run'));
    this.conf = join(this.data, 'hearth.conf');
    writeFileSync(this.conf, this.configuration());
  }

  configuration() {
    const { main = '', orchestrator = '', runtime = '', server = '', socket = '/var/run/docker.sock', pull = 'never' } = this.options;
    const { database = 'embedded', eventBus = 'local', image = 'hearth/code-server:latest' } = this.options;
    return `worker_threads 2;
pid run/hearth.pid;
error_log logs/error.log debug;
load_module ${modules}/orchestrator.so;
${main}
events { worker_connections 512; }
orchestrator {
    deployment ${this.deployment.name};
    data_dir ${this.data};
    database ${database};
    event_bus ${eventBus};
    runtime docker {
        socket unix:${socket};
        image ${image};
        cpus 2; memory 2g; pids 512; pull ${pull};
        ${runtime}
    }
    ${orchestrator}
}
http {
    access_log logs/access.log json;
    server {
        listen 127.0.0.1:${this.port};
        location /w/ { workspace; }
        location /api/v1/ { api; }
        location /metrics { metrics; allow 127.0.0.1; deny all; }
        location / { dashboard; }
        ${server}
    }
}
`;
  }

  spawn() {
    const output = openSync(join(this.data, 'logs/start.log'), 'a');
    const env = { ...process.env, HEARTH_ADMIN_PASSWORD: this.password, HEARTH_TEST_MARK: this.mark, ...this.options.env };
    const [command, ...args] = [...(this.options.wrap ?? []), binary, '-c', this.conf, '-p', this.data];
    const process_ = spawn(command, args, { stdio: ['ignore', output, output], env, detached: true });
    closeSync(output);
    this.process = process_;
    this.ended = undefined;
    this.exit = new Promise((resolve) => process_.once('exit', (code, signal) => resolve({ code, signal }))
      .once('error', (error) => resolve({ error: error.message })));
    this.exit.then((how) => { if (this.process === process_) this.ended = how; }); // not the end of an earlier one
    return this.process;
  }

  async start() {
    this.spawn();
    await this.ready();
    return this;
  }

  async ready(timeout = 60000) {
    const client = this.client();
    await until(async () => {
      if (this.ended) throw Object.assign(new Error(`hearth ended (${JSON.stringify(this.ended)}):\n${this.log()}`), { final: true });
      const { status, body } = await client.request('GET', '/readyz', { timeout: 2000 });
      if (status !== 200) throw new Error(`${status} ${body}`);
      return true;
    }, { what: '/readyz answers 200', timeout });
  }

  client() { return new Client(this.url); }

  async admin() {
    const client = this.client();
    await client.login('admin', this.password);
    return client;
  }

  log() {
    return ['start.log', 'error.log'].map((name) => join(this.data, 'logs', name)).filter(existsSync)
      .map((path) => readFileSync(path, 'utf8').split('\n').slice(-60).join('\n')).join('\n');
  }

  // Server processes that ended by a fault of their own: the supervisor starts another, so that a test may not notice.
  crashes() {
    const log = join(this.data, 'logs/error.log');
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter((line) => /killed by signal (4|6|7|8|11)\b/.test(line)) : [];
  }

  // Supervisor first, then the server processes: every process that runs our binary for this data directory.
  pids() {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('hearth')) return false;
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(this.mark);
      } catch { return false; }
    }).sort((a, b) => a - b);
  }

  kill9(pids = this.pids()) {
    for (const pid of pids) { try { process.kill(pid, 'SIGKILL'); } catch { /* already gone */ } }
  }

  async stop(signal = 'SIGTERM') {
    if (this.process && !this.ended) {
      this.process.kill(signal);
      await until(() => this.ended, { what: `hearth ends after ${signal}`, timeout: 30000 });
    }
  }

  // The server processes: every one but the supervisor.
  servers() {
    const pids = this.pids().filter((pid) => pid !== this.process.pid);
    if (pids.length === 0) throw new Error('no server process besides the supervisor');
    return pids;
  }

  // The embedded database may outlive a killed hearth. SIGQUIT ends it at once, SIGKILL as a power cut would.
  killDatabase(signal = 'SIGQUIT') {
    for (const file of execFileSync('find', [this.data, '-name', 'postmaster.pid'], { encoding: 'utf8' }).split('\n').filter(Boolean)) {
      try {
        const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')) process.kill(pid, signal);
      } catch { /* it ended in between */ }
    }
  }

  async #cleanUp(t) {
    this.kill9();
    this.killDatabase();
    await this.deployment.removeAll();
    const kept = join(artifacts, this.options.deployment ? `${this.deployment.name}-${this.port}` : this.deployment.name);
    mkdirSync(kept, { recursive: true });
    cpSync(join(this.data, 'logs'), kept, { recursive: true });
    cpSync(this.conf, join(kept, 'hearth.conf'));
    t.diagnostic?.(`logs: ${kept}`);
    const crashes = this.crashes();
    rmSync(this.data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    assert.deepEqual(crashes, [], 'a server process has crashed');
  }
}

// hearth with arguments, to its end.
export function runHearth(...args) {
  const { status, stdout, stderr } = spawnSync(binary, args, { encoding: 'utf8', timeout: 30000 });
  return { status, output: stdout + stderr };
}
