// One hearth as a plain reverse proxy: `lanes` servers, each in front of an origin of its own, so that cases can run at
// the same time without seeing each other's bytes. Its log stays under build/artifacts/conformance.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../../e2e/lib/poll.mjs';
import { Origin } from './origin.mjs';

const root = new URL('../../..', import.meta.url).pathname;
const binary = process.env.HEARTH_BIN ?? join(root, 'build/release/gateway/hearth');

export class Gateway {
  // Options: lanes; http, server: configuration text for those blocks; upstream: text for each upstream block;
  // location: for `location /`; connections. keepalive 0 makes every request arrive on a connection of its own.
  static async start(options = {}) {
    const all = {
      lanes: 1, http: '', server: '', location: '', upstream: 'keepalive 0;', connections: 1024, ...options,
    };
    for (let left = 5; ; --left) {
      const gateway = new Gateway();
      try {
        await gateway.#start(all);
        return gateway;
      } catch (error) {
        await gateway.stop();
        // Somebody else took one of the free ports in between.
        if (left === 0 || !/in use/i.test(error.message)) throw error;
      }
    }
  }

  async #start(options) {
    this.lanes = [];
    for (let i = 0; i < options.lanes; ++i) {
      this.lanes.push({ port: await freePort(), origin: await Origin.listen() });
    }
    this.free = [...this.lanes];
    this.waiting = [];
    this.data = mkdtempSync(join(tmpdir(), 'hearth-conformance-'));
    const artifacts = join(process.env.HEARTH_ARTIFACTS ?? join(root, 'build/artifacts/conformance'), 'logs');
    mkdirSync(artifacts, { recursive: true });
    this.log = join(artifacts, `${this.lanes[0].port}.log`);
    writeFileSync(join(this.data, 'hearth.conf'), this.#configuration(options));
    const output = openSync(this.log, 'w');
    this.process = spawn(binary, ['-c', join(this.data, 'hearth.conf'), '-p', this.data],
      { stdio: ['ignore', output, output] });
    closeSync(output);
    this.exit = new Promise((resolve) =>
      this.process.once('exit', (code, signal) => resolve(this.ended = { code, signal })));
    await until(() => {
      if (this.ended) throw Object.assign(new Error(readFileSync(this.log, 'utf8')), { final: true });
      return Promise.all(this.lanes.map(({ port }) => accepts(port)));
    }, { what: 'hearth listens', timeout: 10000, every: 10 });
  }

  #configuration({ http, server, location, upstream, connections }) {
    const servers = this.lanes.map(({ port, origin }, i) => `
    upstream origin${i} { server 127.0.0.1:${origin.port}; ${upstream} }
    server {
        listen 127.0.0.1:${port};
        location / { proxy_pass http://origin${i}; ${location} }
        ${server.replaceAll('$ORIGIN', `http://origin${i}`)}
    }`);
    return `worker_threads 1;\nmaster_process off;\npid ${this.data}/hearth.pid;\nerror_log stderr info;
events { worker_connections ${connections}; }
http {\n    access_log off;\n    ${http}${servers.join('')}\n}\n`;
  }

  // Calls use(lane) with a lane nobody else has.
  async lane(use) {
    if (this.free.length === 0) await new Promise((resolve) => this.waiting.push(resolve));
    const lane = this.free.pop();
    try {
      return await use(lane);
    } finally {
      this.free.push(lane);
      this.waiting.shift()?.();
    }
  }

  // Resident memory of the process, in bytes.
  memory() {
    return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8'))[1]);
  }

  async stop() {
    if (this.process && !this.ended) this.process.kill('SIGKILL');
    await this.exit;
    for (const { origin } of this.lanes) origin.close();
    if (this.data) rmSync(this.data, { recursive: true, force: true });
  }
}

function accepts(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').once('error', reject).once('connect', () => resolve(socket.destroy()));
  });
}
