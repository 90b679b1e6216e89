// A PostgreSQL cluster of the test's own, on a unix socket and a loopback port, run by a system user when we are root.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, until } from '../../e2e/lib/poll.mjs';

const programs = () => {
  const root = '/usr/lib/postgresql';
  const newest = readdirSync(root).map(Number).filter(Boolean).sort((a, b) => b - a)[0];
  return join(root, String(newest), 'bin');
};

// The server refuses to run as root.
const user = () => {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
};

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' };

export class Postgres {
  static async create(t) {
    const server = new Postgres(await freePort());
    t.after(() => server.#cleanUp());
    await server.start();
    return server;
  }

  constructor(port) {
    this.port = port;
    this.bin = programs();
    this.user = user();
    this.directory = mkdtempSync(join(tmpdir(), 'hearth-pg-'));
    if (this.user.uid !== undefined) chownSync(this.directory, this.user.uid, this.user.gid);
    const options = { ...this.user, cwd: '/', stdio: 'pipe' };
    execFileSync(join(this.bin, 'initdb'), ['-D', join(this.directory, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
      '--locale=C', '--no-sync'], options);
  }

  // fsync stays on: killing the server is what these tests are about.
  async start() {
    const log = openSync(join(this.directory, 'log'), 'a');
    this.process = spawn(join(this.bin, 'postgres'), ['-D', join(this.directory, 'data'), '-c', 'listen_addresses=127.0.0.1',
      '-c', `port=${this.port}`, '-c', `unix_socket_directories=${this.directory}`, '-c', 'unix_socket_permissions=0777',
      '-c', 'max_connections=120', '-c', 'shared_buffers=16MB'], { ...this.user, cwd: '/', stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((resolve) => this.process.once('exit', resolve));
    await until(() => this.sql('SELECT 1') === '1', { what: 'PostgreSQL answers', timeout: 30000 });
  }

  // "fast" rolls back and disconnects everyone; "immediate" leaves recovery to the next start.
  async stop(mode = 'immediate') {
    this.process.kill(signals[mode]);
    await this.ended;
  }

  async restart(mode) {
    await this.stop(mode);
    await this.start();
  }

  // A copy of the stopped cluster, and going back to it: what a failover to a replica that lagged leaves.
  keepCopy() { execFileSync('cp', ['-a', join(this.directory, 'data'), join(this.directory, 'copy')]); }
  backToCopy() {
    rmSync(join(this.directory, 'data'), { recursive: true });
    renameSync(join(this.directory, 'copy'), join(this.directory, 'data'));
  }

  createDatabase(name) {
    this.sql(`CREATE DATABASE "${name}"`);
    return name;
  }

  // For Hearth's directive `database`. Options: port (of a relay), application_name.
  url(database, { port = this.port, application_name = 'hearth' } = {}) {
    return `postgres://postgres@127.0.0.1:${port}/${database}?application_name=${application_name}&sslmode=disable`;
  }

  // One statement; columns separated by "|", rows by newlines.
  sql(text, database = 'postgres') {
    const args = ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', this.directory, '-p', String(this.port), '-U', 'postgres', '-d', database,
      '-c', text];
    return execFileSync(join(this.bin, 'psql'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  }

  async #cleanUp() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
