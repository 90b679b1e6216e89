// A scripted browser: node:http with a cookie jar of its own, every header under the test's control.
import http from 'node:http';
import net from 'node:net';

export class Client {
  constructor(origin) {
    this.origin = new URL(origin);
    this.cookies = new Map();
  }

  // Answers {status, headers, body, ms}: the whole body as text, and the time until the head had arrived.
  request(method, path, { headers = {}, body, agent, timeout = 30000 } = {}) {
    const all = { ...this.#cookieHeader(), ...headers };
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const options = { host: this.origin.hostname, port: this.origin.port, method, path, headers: all, agent };
      const request = http.request(options, (response) => {
        const ms = performance.now() - began;
        this.#store(response.headers['set-cookie']);
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(
          { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString(), ms }));
      });
      request.setTimeout(timeout, () => request.destroy(new Error(`${method} ${path}: no answer in ${timeout} ms`)));
      request.on('error', reject);
      request.end(body);
    });
  }

  // JSON in, JSON out; `json` is undefined when the body is not JSON.
  async api(method, path, value, headers = {}) {
    const body = value === undefined ? undefined : JSON.stringify(value);
    const answer = await this.request(method, `/api/v1${path}`, {
      body,
      headers: {
        Origin: this.origin.origin, 'Sec-Fetch-Site': 'same-origin',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers,
      },
    });
    try { answer.json = JSON.parse(answer.body); } catch { /* the caller looks at the status */ }
    return answer;
  }

  // What typing an address into a browser sends.
  navigate(path, options = {}) {
    const headers = {
      Accept: 'text/html,application/xhtml+xml', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document',
      'Sec-Fetch-Site': 'none', ...options.headers,
    };
    return this.request('GET', path, { ...options, headers });
  }

  async login(username, password) {
    const answer = await this.api('POST', '/login', { username, password });
    if (answer.status >= 300) throw new Error(`login: ${answer.status} ${answer.body}`);
    return answer;
  }

  // Server-sent events: calls onEvent({event, data, id}) until close() of the returned handle.
  events(path, onEvent, headers = {}) {
    let buffer = '';
    const request = http.request({
      host: this.origin.hostname, port: this.origin.port, path,
      headers: { ...this.#cookieHeader(), Accept: 'text/event-stream', ...headers },
    }, (response) => response.setEncoding('utf8').on('data', (text) => {
      buffer += text;
      for (let end; (end = buffer.indexOf('\n\n')) >= 0; buffer = buffer.slice(end + 2)) onEvent(parse(buffer.slice(0, end)));
    }).on('error', () => {}));
    request.on('error', () => {}).end();
    return { close: () => request.destroy() };
  }

  // Opening handshake by hand: resolves {status, headers, socket, head} whatever the answer is.
  upgrade(path, headers = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: this.origin.hostname, port: this.origin.port, path,
        headers: {
          ...this.#cookieHeader(), Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': Buffer.from('0123456789abcdef').toString('base64'), Origin: this.origin.origin, ...headers,
        },
      });
      request.on('upgrade', (r, socket, head) => resolve({ status: r.statusCode, headers: r.headers, socket, head }));
      request.on('response', (r) => { r.resume(); resolve({ status: r.statusCode, headers: r.headers }); });
      request.on('error', reject).end();
    });
  }

  // Bytes as they are; resolves with all that came back until the server closed or `timeout` ms passed.
  raw(bytes, timeout = 5000) {
    return new Promise((resolve) => {
      let text = '';
      const socket = net.connect(this.origin.port, this.origin.hostname, () => socket.write(bytes));
      const timer = setTimeout(() => socket.destroy(), timeout);
      socket.setEncoding('latin1').on('data', (t) => { text += t; }).on('error', () => {});
      socket.on('close', () => { clearTimeout(timer); resolve(text); });
    });
  }

  #cookieHeader() {
    return this.cookies.size ? { Cookie: [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ') } : {};
  }

  #store(setCookies = []) {
    for (const line of setCookies) {
      const [pair, ...attributes] = line.split(';');
      const at = pair.indexOf('=');
      const expired = attributes.some((a) => /^\s*max-age=0$/i.test(a));
      if (expired) this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }
}

function parse(block) {
  const event = { event: 'message', data: '' };
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    if (at > 0) event[line.slice(0, at)] = line.slice(at + 1).trimStart();
  }
  try { event.data = JSON.parse(event.data); } catch { /* plain text stays text */ }
  return event;
}
