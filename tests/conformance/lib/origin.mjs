// An origin of raw sockets: keeps every byte that reaches it, reads requests with the strict reader, and answers
// whatever bytes the case at hand wants.
import { createServer } from 'node:net';
import { until } from '../../e2e/lib/poll.mjs';
import { readRequests } from './strict.mjs';

export const plainAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

export class Origin {
  static async listen() {
    const origin = new Origin();
    origin.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => origin.#accept(socket));
    await new Promise((resolve, reject) => origin.server.once('error', reject).listen(0, '127.0.0.1', 2048, resolve));
    origin.port = origin.server.address().port;
    return origin;
  }

  connections = []; // { bytes, read, error, closed, socket, answered }
  answer = plainAnswer;
  when = 'complete'; // 'head': as soon as a request's head is there; 'accept': at once, before any request

  // answer: bytes; or [piece...], each written after the one before has left; or a function (socket, request,
  // connection). then: 'end' (FIN), 'reset' (RST) or nothing, after the answer.
  expect({ answer = plainAnswer, when = 'complete', then } = {}) {
    this.connections = [];
    Object.assign(this, { answer, when, then });
  }

  #accept(socket) {
    const connection = { bytes: '', read: { messages: [], rest: '' }, closed: false, answered: 0, socket };
    this.connections.push(connection);
    socket.on('data', (data) => {
      connection.bytes += data.toString('latin1');
      this.#look(connection);
    });
    socket.on('end', () => { connection.closed = true; if (!connection.keepHalf) socket.end(); });
    socket.on('error', () => { connection.closed = true; });
    socket.on('close', () => { connection.closed = true; });
    if (this.when === 'accept') this.#respond(connection, undefined);
  }

  #look(connection) {
    if (connection.error) return;
    try {
      connection.read = readRequests(connection.bytes);
    } catch (error) {
      connection.error = error;
      connection.socket.destroy();
      return;
    }
    for (const request of connection.read.messages.slice(connection.answered)) {
      if (!request.complete && this.when !== 'head') return;
      connection.answered += 1;
      if (request.target === '/barrier') connection.socket.write(plainAnswer);
      else if (this.when !== 'accept') this.#respond(connection, request);
    }
  }

  #respond(connection, request) {
    const { socket } = connection;
    if (typeof this.answer === 'function') return this.answer(socket, request, connection);
    const pieces = [this.answer].flat();
    const { then } = this;
    const next = () => {
      if (socket.destroyed) return;
      const piece = pieces.shift();
      if (piece !== undefined) socket.write(Buffer.from(piece, 'latin1'), () => setImmediate(next));
      else if (then === 'end') socket.end();
      else if (then === 'reset') socket.resetAndDestroy();
    };
    next();
  }

  // Every connection that came is over.
  quiet() {
    return until(() => this.connections.every((c) => c.closed),
      { what: 'hearth closes its upstream connections', timeout: 10000, every: 2 });
  }

  close() {
    for (const { socket } of this.connections) socket.destroy();
    this.server.close();
  }
}
