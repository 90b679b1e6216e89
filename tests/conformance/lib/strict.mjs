// A reader of HTTP/1.1 of the tests' own, as strict as RFC 9112 can be read: it shares no line with Hearth and none
// with llhttp. Whatever Hearth writes, to an origin or to a client, must get through here; anything doubtful throws.
// Bytes are latin1 strings throughout: one character is one byte.

export class NotHttp extends Error {}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$|^$/;

function refuse(what, text) { throw new NotHttp(`${what}: ${JSON.stringify(text.slice(0, 80))}`); }

// One head: { line, fields: [[name, value]...], text }, or undefined while its empty line has not come.
function readHead(bytes, at) {
  const end = bytes.indexOf('\r\n\r\n', at);
  if (/(^|[^\r])\n/.test(bytes.slice(at, end < 0 ? undefined : end + 4))) refuse('bare LF', bytes.slice(at));
  if (end < 0) return undefined;
  const text = bytes.slice(at, end + 4);
  const [line, ...lines] = text.slice(0, -4).split('\r\n');
  return { line, fields: lines.map(readField), text, end: end + 4 };
}

function readField(line) {
  const colon = line.indexOf(':');
  if (colon < 0 || !token.test(line.slice(0, colon))) refuse('field name', line);
  // Hearth writes one space; the grammar allows more, a second reader should not have to.
  if (line[colon + 1] !== ' ') refuse('no space behind the colon', line);
  const value = line.slice(colon + 2);
  if (!fieldValue.test(value)) refuse('field value', line);
  return [line.slice(0, colon), value];
}

export function values(fields, name) {
  return fields.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
}

const lists = (fields, name, option) =>
  values(fields, name).some((v) => v.toLowerCase().split(',').some((o) => o.trim() === option));

// Framing as the fields say it: 'chunked', a number, or undefined. RFC 9112 6.1, 6.2.
function framing(fields) {
  const codings = values(fields, 'transfer-encoding'), lengths = values(fields, 'content-length');
  if (codings.length + lengths.length > 1) refuse('several framings', [...codings, ...lengths].join(' | '));
  if (codings.length === 1) return codings[0] === 'chunked' ? 'chunked' : refuse('coding', codings[0]);
  if (lengths.length === 0) return undefined;
  if (!/^(0|[1-9][0-9]{0,15})$/.test(lengths[0])) refuse('length', lengths[0]);
  return Number(lengths[0]);
}

// RFC 9112 7.1: { body, trailers, end } or, cut short, { body } alone.
function readChunks(bytes, at) {
  let body = '';
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) {
      if (!/^[0-9a-fA-F]{0,15}\r?$/.test(bytes.slice(at))) refuse('chunk size', bytes.slice(at));
      return { body };
    }
    const size = bytes.slice(at, lineEnd);
    if (!/^(0|[1-9a-fA-F][0-9a-fA-F]{0,14})$/.test(size)) refuse('chunk size', size);
    at = lineEnd + 2;
    const length = parseInt(size, 16);
    if (length === 0) break;
    body += bytes.slice(at, at + length);
    at += length;
    if (bytes.length < at + 2) return { body };
    if (bytes.slice(at, at + 2) !== '\r\n') refuse('end of chunk', bytes.slice(at));
    at += 2;
  }
  if (bytes.startsWith('\r\n', at)) return { body, trailers: [], end: at + 2 };
  const block = readHead(`\r\n${bytes.slice(at)}`, 0);
  if (!block) return { body };
  return { body, trailers: block.fields, end: at + block.end - 2 };
}

function readBody(bytes, at, how) {
  if (how === 'chunked') return readChunks(bytes, at);
  const body = bytes.slice(at, at + how);
  return body.length === how ? { body, trailers: [], end: at + how } : { body };
}

// Every request in `bytes`: { messages, rest }. A message has method, target, fields, head (its text), body, trailers,
// complete. Behind an upgrade `rest` is what followed; otherwise a head that is not whole yet.
export function readRequests(bytes) {
  const messages = [];
  let at = 0;
  while (at < bytes.length) {
    const head = readHead(bytes, at);
    if (!head) return { messages, rest: bytes.slice(at) };
    const parts = /^([A-Z-]+) ((?:\/|\*)[\x21-\x7e]*) HTTP\/1\.1$/.exec(head.line) ?? refuse('request line', head.line);
    const [, method, target] = parts;
    if (values(head.fields, 'host').length !== 1) refuse('Host', head.text);
    const message = { method, target, fields: head.fields, head: head.text, trailers: [] };
    messages.push(message);
    const body = readBody(bytes, head.end, framing(head.fields) ?? 0);
    Object.assign(message, body, { complete: body.end !== undefined });
    if (!message.complete) return { messages, rest: '' };
    at = body.end;
    if (lists(head.fields, 'connection', 'upgrade')) return { messages, rest: bytes.slice(at), upgrade: true };
  }
  return { messages, rest: '' };
}

// Every response in `bytes`: as readRequests; `methods` are those of the requests in order, `ended` that the sender
// closed in order. Interim responses are messages too. Behind a 101, or a response that says it is the last, nothing
// more is read.
export function readResponses(bytes, methods, ended) {
  const messages = [];
  let at = 0, answered = 0;
  while (at < bytes.length) {
    const head = readHead(bytes, at);
    if (!head) return { messages, rest: bytes.slice(at) };
    const [, code] = /^HTTP\/1\.1 ([1-9][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*$/.exec(head.line) ?? refuse('status line',
      head.line);
    const status = Number(code);
    const message = { status, line: head.line, fields: head.fields, head: head.text, body: '', trailers: [],
      complete: true };
    messages.push(message);
    at = head.end;
    const how = framing(head.fields);
    if (status < 200 || status === 204) {
      if (how !== undefined) refuse('framing where no body can be', head.text);
      if (status === 101) return { messages, rest: bytes.slice(at), upgrade: true };
      if (status < 200) continue;
    }
    const method = methods[answered++] ?? 'GET';
    const last = lists(head.fields, 'connection', 'close');
    message.last = last;
    if (status !== 204 && status !== 304 && method !== 'HEAD') {
      if (how === undefined) { // until close
        if (!last) refuse('a body without end on a connection that stays', head.text);
        Object.assign(message, { body: bytes.slice(at), complete: ended, untilClose: true });
        return { messages, rest: '' };
      }
      const body = readBody(bytes, at, how);
      Object.assign(message, body, { complete: body.end !== undefined });
      if (!message.complete) return { messages, rest: '' };
      at = body.end;
    }
    if (last && at < bytes.length) refuse('bytes behind the last response', bytes.slice(at));
  }
  return { messages, rest: '' };
}
