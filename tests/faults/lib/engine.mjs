// A Docker engine of the test's own, beside the machine's: own data, own socket, own containerd, no default bridge.
// Needs root, as every engine does.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../e2e/lib/poll.mjs';

export class Engine {
  static async create(t) {
    const engine = new Engine();
    t.after(() => engine.#cleanUp());
    await engine.start();
    return engine;
  }

  constructor() {
    this.directory = mkdtempSync(join(tmpdir(), 'hearth-dockerd-'));
    this.socket = join(this.directory, 'docker.sock');
    mkdirSync(join(this.directory, 'data'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m', 'hearth-test', join(this.directory, 'data')]);
  }

  async start() {
    const log = openSync(join(this.directory, 'log'), 'a');
    const at = (name) => join(this.directory, name);
    // The addresses keep clear of the ones that the machine's own engine hands out.
    this.process = spawn('dockerd', ['--data-root', at('data'), '--exec-root', at('exec'), '-H', `unix://${this.socket}`,
      '--pidfile', at('pid'), '--bridge', 'none', '--iptables=false', '--ip-forward=false', '--ip-masq=false',
      '--default-address-pool', 'base=10.217.0.0/16,size=24'], { stdio: ['ignore', log, log] });
    closeSync(log);
    let over;
    this.ended = new Promise((resolve) => this.process.once('exit', (code, signal) => resolve(over = { code, signal })));
    await until(() => {
      if (over) throw Object.assign(new Error(`dockerd ended: ${JSON.stringify(over)}, see ${at('log')}`), { final: true });
      return this.docker('version', '--format', '{{.Server.Version}}');
    }, { what: 'the engine answers', timeout: 60000 });
  }

  // SIGTERM ends the containers as well; SIGKILL leaves them to the next start, which ends them.
  async stop(signal = 'SIGTERM') {
    const containerd = this.#containerd();
    this.process.kill(signal);
    await this.ended;
    // Its containerd follows it, a little later; an engine started in between would take it for its own.
    if (containerd) await until(() => !existsSync(`/proc/${containerd}`), { what: 'containerd ends', timeout: 20000 });
  }

  // Takes all the room that its data directory has, and gives it back.
  fill() {
    try { execFileSync('dd', ['if=/dev/zero', `of=${join(this.directory, 'data/filler')}`, 'bs=1M'], { stdio: 'ignore' }); } catch { /* full */ }
  }
  makeRoom() { rmSync(join(this.directory, 'data/filler')); }

  #containerd() {
    try { return Number(readFileSync(join(this.directory, 'exec/containerd/containerd.pid'), 'utf8')); } catch { return undefined; }
  }

  async docker(...args) {
    const { stdout } = await promisify(execFile)('docker', ['-H', `unix://${this.socket}`, ...args]);
    return stdout.trim();
  }

  async #cleanUp() {
    if (this.process.exitCode !== null || this.process.signalCode !== null) await this.start(); // it knows what to end
    const ids = (await this.docker('ps', '-aq')).split('\n').filter(Boolean);
    if (ids.length) await this.docker('rm', '-f', ...ids);
    await this.docker('network', 'prune', '-f');
    await this.stop();
    // Twice: the engine mounts its data directory on itself.
    for (let i = 0; i < 2; i++) {
      try { execFileSync('umount', ['-l', join(this.directory, 'data')], { stdio: 'ignore' }); } catch { /* not mounted any more */ }
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
