// What an origin of the soak test serves.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Wire, bytes, random } from './wire.mjs';

const head = (status, ...lines) => ['HTTP/1.1 ' + status, 'Server: soak', ...lines, '', ''].join('\r\n');
const chunk = (data) => Buffer.concat([Buffer.from(data.length.toString(16) + '\r\n'), data, Buffer.from('\r\n')]);

const resources = {
  async bytes(wire, { at, n }) {
    wire.socket.cork();
    const done = [wire.write(head('200 OK', `Content-Length: ${n}`)), wire.write(bytes(at, n))];
    wire.socket.uncork();
    await Promise.all(done);
  },
  async chunked(wire, { at, n }) {
    await wire.write(head('200 OK', 'Transfer-Encoding: chunked'));
    for (let sent = 0; sent < n;) {
      const part = Math.min(n - sent, 1 + random(8192));
      await wire.write(chunk(bytes(at + sent, part)));
      sent += part;
      if (!random(8)) await delay(random(20));
    }
    await wire.write('0\r\n\r\n');
  },
  async rest(wire, { at, n }) {
    await wire.write(head('200 OK', 'Connection: close'));
    await wire.write(bytes(at, n));
    wire.end();
  },
  async events(wire) {
    await wire.write(head('200 OK', 'Content-Type: text/event-stream', 'Transfer-Encoding: chunked'));
    for (let n = 0; !wire.ended; ++n, await delay(100)) await wire.write(chunk(Buffer.from(`data: ${n}\n\n`)));
  },
  // Ends in the middle of what it promised.
  async dies(wire, { at, n }) {
    await wire.write(head('200 OK', random(2) ? `Content-Length: ${n}` : 'Transfer-Encoding: chunked'));
    await wire.write(bytes(at, n >> 1));
    wire.leave();
  },
  async up(wire, query, body) {
    const text = `${body.length} ${createHash('md5').update(body).digest('hex')}`;
    await wire.write(head('200 OK', `Content-Length: ${text.length}`) + text);
  },
  async echo(wire, query, body, { headers }) {
    const accept = createHash('sha1').update(headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    await wire.write(head('101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket', `Sec-WebSocket-Accept: ${accept}`));
    wire.socket.setTimeout(0);
    for (;;) await wire.write(await wire.some());
  },
};

export async function serve(socket) {
  const wire = new Wire(socket, 0);
  try {
    while (!socket.destroyed) {
      const request = await wire.head();
      const { pathname, searchParams } = new URL(request.first[1], 'http://origin');
      const query = { at: Number(searchParams.get('at')), n: Number(searchParams.get('n')) };
      if (pathname === '/refuses') { // answers before it has read
        await wire.write(head('403 Forbidden', 'Content-Length: 0', 'Connection: close'));
        return wire.end();
      }
      await resources[pathname.slice(1)](wire, query, await wire.body(request.headers), request);
    }
  } catch { /* the connection ended; what matters is what the client saw */ }
  socket.destroy();
}
