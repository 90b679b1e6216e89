// A TCP relay on a loopback port that can be cut as a network is: nothing is forwarded any more, nothing is closed, and
// whoever connects gets no answer.
import net from 'node:net';

export class Relay {
  static async to(t, port) {
    const relay = new Relay(port);
    await new Promise((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    relay.port = relay.server.address().port;
    t.after(() => relay.#cleanUp());
    return relay;
  }

  constructor(port) {
    this.target = port;
    this.isCut = false;
    this.sockets = new Set();
    this.server = net.createServer((client) => this.#join(client));
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.unpipe().pause();
  }

  // What was cut stays dead, as after a router forgot its connections; new connections work.
  heal() {
    this.isCut = false;
    for (const socket of this.sockets) socket.destroy();
  }

  #join(client) {
    this.#keep(client);
    if (this.isCut) return client.pause();
    const server = this.#keep(net.connect(this.target, '127.0.0.1'));
    client.pipe(server);
    server.pipe(client);
    client.on('close', () => { if (!this.isCut) server.destroy(); });
    server.on('close', () => { if (!this.isCut) client.destroy(); });
    return undefined;
  }

  #keep(socket) {
    this.sockets.add(socket);
    return socket.setNoDelay().on('error', () => {}).on('close', () => this.sockets.delete(socket));
  }

  #cleanUp() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}
