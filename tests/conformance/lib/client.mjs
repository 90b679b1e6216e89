// A raw client: sends pieces of bytes, reads responses with the strict reader until the connection is over.
import { connect } from 'node:net';
import { readResponses } from './strict.mjs';

export const probe = 'GET /barrier HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n';
const kTimeout = 15000;

const finals = (read) => read.messages.filter((m) => (m.status >= 200 || m.status === 101) && m.complete).length;

// Sends `pieces`; when `expected` final responses have come and the connection is meant to stay, asks /barrier over it,
// which shows that both sides still agree where they are. Resolves with { bytes, read, ended, probed } when the
// connection is over. fin: half-close behind the last piece. upgraded(socket): called once when a 101 has come.
export function converse(port, { pieces, methods = ['GET'], expected = 1, stays = false, fin = false, upgraded }) {
  return new Promise((resolve, reject) => {
    const state = { bytes: '', read: { messages: [], rest: '' }, ended: false, probed: false };
    const asked = [...methods];
    const left = [...pieces];
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    let over = false;
    const finish = (error) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(Object.assign(error, { state }));
      else resolve(state);
    };
    const timer = setTimeout(() =>
      finish(new Error(`the connection is not over after ${kTimeout} ms; received ${JSON.stringify(
      state.bytes.slice(0, 2000))}`)), kTimeout);
    const look = () => {
      try {
        state.read = readResponses(state.bytes, asked, state.ended);
      } catch (error) {
        finish(error);
        return;
      }
      if (state.read.upgrade && upgraded && !state.upgraded) {
        state.upgraded = true;
        upgraded(socket);
      }
      if (stays && !state.probed && left.length === 0 && finals(state.read) >= expected) {
        state.probed = true;
        asked.push('GET');
        socket.write(probe);
      }
    };
    const send = () => {
      if (over || socket.readableEnded) return;
      const piece = left.shift();
      if (piece !== undefined) socket.write(Buffer.from(piece, 'latin1'));
      if (left.length > 0) setImmediate(send);
      else if (fin) socket.end();
      else look();
    };
    socket.on('connect', send);
    socket.on('data', (data) => { state.bytes += data.toString('latin1'); look(); });
    socket.on('end', () => {
      // A reset that comes with the last bytes looks like an end to libuv; writing tells the two apart.
      const over = (error) => { state.ended = !error; look(); finish(); };
      if (fin || state.read.upgrade) over();
      else socket.write('\r\n', over);
    });
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => { look(); finish(); });
  });
}
