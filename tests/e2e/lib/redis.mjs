// A redis-server of its own for a test, on a free loopback port; it ends with the test, however that ends.
import { spawn } from 'node:child_process';
import net from 'node:net';
import { freePort, until } from './poll.mjs';

export class Redis {
  static async create(t) {
    const redis = new Redis(await freePort());
    t.after(() => redis.kill());
    await redis.start();
    return redis;
  }

  constructor(port) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
  }

  async start() {
    this.process = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', '--port', `${this.port}`, '--bind', '127.0.0.1',
      '--save', '', '--appendonly', 'no'], { stdio: 'ignore', cwd: '/' });
    this.ended = new Promise((resolve) => this.process.once('exit', resolve).once('error', resolve));
    await until(() => this.command('PING').then((reply) => reply.startsWith('+PONG')), { what: 'redis-server answers', timeout: 10000 });
  }

  // An inline command; the reply as it came.
  command(line) {
    return new Promise((resolve, reject) => {
      const socket = net.connect(this.port, '127.0.0.1', () => socket.write(`${line}\r\n`));
      socket.setTimeout(2000, () => socket.destroy(new Error('no answer')));
      socket.setEncoding('utf8').once('data', (reply) => { socket.destroy(); resolve(reply); }).on('error', reject);
    });
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }
  suspend() { this.process.kill('SIGSTOP'); }
  resume() { this.process.kill('SIGCONT'); }
}
