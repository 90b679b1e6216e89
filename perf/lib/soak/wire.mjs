// One HTTP/1.1 connection on a raw socket, of either side: what came in, read as heads and bodies. A connection that ends in
// the middle of what is being read throws Cut, so that "complete" is never in doubt.
import { once } from 'node:events';
import net from 'node:net';

export class Cut extends Error {}

// The bytes every body is a part of: [at, at + n) of them. Not periodic, so that a part too many or too few is seen.
const all = Buffer.alloc(2 << 20);
for (let at = 0, x = 0x9e3779b9 | 0; at < all.length; at += 4) {
  x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
  all.writeInt32LE(x, at);
}
export const bytes = (at, n) => all.subarray(at, at + n);
export const random = (n) => Math.floor(Math.random() * n);

export class Wire {
  #pieces = [];
  #size = 0;
  #wake;
  #room = []; // who waits until the other side reads

  constructor(socket, patience = 30000) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (piece) => { this.#pieces.push(piece); this.#size += piece.length; this.#wake?.(); });
    const room = () => { for (const resolve of this.#room.splice(0)) resolve(); };
    const ended = (why) => { this.ended ??= why; this.#wake?.(); };
    socket.on('drain', room).on('close', room);
    socket.on('end', () => ended('end')).on('error', (error) => ended(error.code)).on('close', () => ended('close'));
    if (patience) socket.setTimeout(patience, () => { ended('stuck'); socket.destroy(); });
  }

  static async connect(port, patience) {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const wire = new Wire(socket, patience);
    await once(socket, 'connect').catch(() => {});
    if (wire.ended) throw new Cut(`connect: ${wire.ended}`);
    return wire;
  }

  async #more() {
    if (this.ended) throw new Cut(this.ended);
    await new Promise((resolve) => { this.#wake = resolve; });
    this.#wake = undefined;
  }

  #joined() {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] ?? Buffer.alloc(0);
  }

  get waiting() { return this.#size; }

  async take(n) {
    while (this.#size < n) await this.#more();
    const whole = this.#joined();
    this.#pieces = whole.length > n ? [whole.subarray(n)] : [];
    this.#size -= n;
    return whole.subarray(0, n);
  }

  async some() {
    while (this.#size === 0) await this.#more();
    return this.take(this.#size);
  }

  async upTo(mark) {
    for (;;) {
      const end = this.#joined().indexOf(mark);
      if (end >= 0) return (await this.take(end + mark.length)).toString('latin1', 0, end);
      await this.#more();
    }
  }

  async head() {
    const [first, ...lines] = (await this.upTo('\r\n\r\n')).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.split(':', 1)[0].toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    return { first: first.split(' '), headers };
  }

  // `rest`: without a length the body goes on until the connection ends (responses).
  async body(headers, rest) {
    if (headers['content-length'] !== undefined) return this.take(Number(headers['content-length']));
    const parts = [];
    if (headers['transfer-encoding'] === 'chunked') {
      for (;;) {
        const n = parseInt(await this.upTo('\r\n'), 16);
        if (n) parts.push(Buffer.from(await this.take(n)));
        if (await this.upTo('\r\n') !== '') throw new Error('a chunk does not end where it should');
        if (!n) return Buffer.concat(parts);
      }
    }
    while (rest && (this.#size || !this.ended)) parts.push(await this.some().catch(() => Buffer.alloc(0)));
    if (rest && this.ended !== 'end') throw new Cut(this.ended);
    return Buffer.concat(parts);
  }

  async answer() {
    const { first: [version, status], headers } = await this.head();
    if (version !== 'HTTP/1.1' || !/^\d{3}$/.test(status)) throw new Error(`no status line: ${version} ${status}`);
    if (status === '100') return this.answer();
    return { status: Number(status), headers, body: status === '101' ? undefined : await this.body(headers, true) };
  }

  // Waits while the other side does not read.
  async write(data) {
    if (this.ended && this.ended !== 'end') throw new Cut(this.ended);
    if (this.socket.write(data)) return;
    await new Promise((resolve) => { this.#room.push(resolve); });
  }

  end() { this.socket.end(); this.socket.destroySoon(); }
  // Now, with a FIN or with a RST.
  leave() { if (random(2)) this.socket.resetAndDestroy(); else this.socket.destroy(); }
}
