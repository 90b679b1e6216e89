// A PostgreSQL of its own for a test, on a unix socket; it ends with the test, however that ends.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, openSync, closeSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './poll.mjs';

const versions = '/usr/lib/postgresql';

export class Postgres {
  static async create(t) {
    const postgres = new Postgres();
    t.after(() => postgres.#cleanUp());
    await postgres.start();
    return postgres;
  }

  constructor() {
    const newest = readdirSync(versions).map(Number).filter(Boolean).sort((a, b) => b - a)[0];
    this.programs = join(versions, String(newest), 'bin');
    this.directory = mkdtempSync(join(tmpdir(), 'hearth-e2e-pg-'));
    // The server refuses to run as root.
    this.user = [];
    if (process.getuid() === 0) {
      const id = (option) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
      chownSync(this.directory, id('-u'), id('-g'));
      this.user = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
    }
    this.#run('initdb', '-D', join(this.directory, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync');
  }

  get url() { return `postgres://postgres@${encodeURIComponent(this.directory)}/postgres`; }

  async start() {
    const log = openSync(join(this.directory, 'log'), 'a');
    const words = ['-D', join(this.directory, 'data'), '-F', '-c', 'listen_addresses=', '-c', 'unix_socket_permissions=0777',
      '-c', `unix_socket_directories=${this.directory}`, '-c', 'max_connections=60', '-c', 'shared_buffers=16MB'];
    this.process = spawn('setpriv', [...this.user, '--pdeathsig', 'QUIT', join(this.programs, 'postgres'), ...words],
      { stdio: ['ignore', log, log], cwd: '/' });
    closeSync(log);
    await until(() => this.sql('SELECT 1') === '1', { what: 'PostgreSQL answers', timeout: 30000 });
  }

  sql(text) {
    return execFileSync(join(this.programs, 'psql'), ['-h', this.directory, '-U', 'postgres', '-AtXqc', text],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  }

  #run(program, ...words) {
    execFileSync('setpriv', [...this.user, '--pdeathsig', 'QUIT', join(this.programs, program), ...words], { stdio: 'ignore', cwd: '/' });
  }

  async #cleanUp() {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.kill('SIGQUIT')) await ended;
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
