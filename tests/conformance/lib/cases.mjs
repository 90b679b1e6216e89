// What a case is, and short ways to write the usual ones.
//
// { rfc, name     where the rule stands, and what is tried
//   send          the client's bytes;  methods: of its requests, for reading the answers;  fin: it half-closes behind them
//   up            requests the origin must get, whole and exactly: { head, body, trailers }
//   half          the one request of which it may get a beginning, never the end
//   out           responses the client must get: { status, head, body, trailers, has, lacks }
//   closes        the connection is over after them; otherwise it must serve another request
//   leaves        the client's own end of sending ends the connection
//   cutShort      the last response must not look complete; or it is a 502, and then the connection stays
//   hints         interim responses may come before or not
//   answer, when, then   what the origin does, see Origin.expect; cut: 'answer': it is these bytes that are cut in all ways
//   tunnel, upTunnel, upgraded   behind a 101: what the client must get, what the origin must get, what the client does }

export const next = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n';

// The request as the origin must get it: 'GET /', the lines between Host and what Hearth adds, the body.
export function up(start, lines = [], { body = '', trailers = [], host = 'h' } = {}) {
  const text = [`${start} HTTP/1.1`, 'Host: {origin}', ...lines, ...(host === '' ? [] : [`X-Forwarded-Host: ${host}`])];
  return { head: `${text.join('\r\n')}\r\n`, body, trailers };
}

// The response as the client must get it. `lines` are all but Date and Connection.
export function down(line, lines, { body, trailers = [], closes = false } = {}) {
  const text = [`HTTP/1.1 ${line}`, ...lines, ...(closes ? ['Connection: close'] : []), '', ''];
  return { status: Number(line.slice(0, 3)), head: text.join('\r\n'), body, trailers };
}

// Refused with `status`, nothing forwarded, and what stands behind it is never read as a request.
export function refused(rfc, name, status, send, options = {}) {
  const { tail = next, ...rest } = options;
  return { rfc, name, send: send + tail, methods: ['GET'], up: [], out: [{ status }], closes: true, ...rest };
}

// Forwarded as `ups`, answered, and the connection goes on.
export function passes(rfc, name, send, ups, options = {}) {
  const all = [ups].flat();
  return { rfc, name, send, methods: all.map((u) => u.head.split(' ')[0]), up: all,
    out: all.map((u) => ({ status: 200, ...(u.head.startsWith('HEAD') ? {} : { body: 'ok' }) })), closes: false,
    ...options };
}

// A bad body behind a good head: some of it may have gone up, never all of it.
export function spoiled(rfc, name, send, half, options = {}) {
  return refused(rfc, name, 400, send, { half, ...options });
}

// What the origin answers to a plain GET, and what the client gets of it.
export function answered(rfc, name, answer, out, options = {}) {
  return { rfc, name, send: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', methods: ['GET'], up: [up('GET /')], answer,
    cut: 'answer',
    out: [out].flat(), closes: false, ...options };
}

// An answer that must not reach the client: it gets a 502 instead and its connection stays.
export function bad(rfc, name, answer, options = {}) {
  return answered(rfc, name, answer, { status: 502, has: /\r\nContent-Length: / }, options);
}

export const get = (fields = '', target = '/') => `GET ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;
export const post = (fields, body = '') => `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n${body}`;
export const chunked = (body) => post('Transfer-Encoding: chunked\r\n', body);
