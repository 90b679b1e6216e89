// The opening handshake, what comes before, behind and instead of a 101 (RFC 6455 4, RFC 9110 7.8).
import { get, next, passes, refused, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const key = 'dGhlIHNhbXBsZSBub25jZQ==', accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='; // RFC 6455 1.3
const parts = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key };
const fields = (changed = {}) => Object.entries({ ...parts, ...changed }).filter(([, v]) => v !== undefined)
  .map(([n, v]) => [v].flat().map((each) => `${n}: ${each}\r\n`).join('')).join('');
const handshake = (changed, start = 'GET / HTTP/1.1') => `${start}\r\nHost: h\r\n${fields(changed)}\r\n`;
const forwarded = (more = []) =>
  up('GET /',
  ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`, ...more, 'Connection: Upgrade', 'Upgrade: websocket']);
const switching = (changed = {}) => {
  const all = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Accept': accept, ...changed };
  const lines = Object.entries(all).filter(([, v]) => v !== undefined).map(([n, v]) =>
    [v].flat().map((each) => `${n}: ${each}\r\n`).join(''));
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`;
};
const bad = (rfc, name, changed, status = 400, start) =>
  refused(rfc, name, status, handshake(changed, start),
    status === 426 ? { out: [{ status, has: [/\r\nSec-WebSocket-Version: 13\r\n/, /\r\nUpgrade: websocket\r\n/,
    /\r\nConnection: upgrade\r\n/i] }] } : {});

// The origin accepts, says `first`, waits for `wanted` and then says `last` and ends.
const accepting = (first = '', wanted = '', last = '') => (socket, request, connection) => {
  socket.write(Buffer.from(switching() + first, 'latin1'));
  const look = () => { if (connection.read.rest === wanted) socket.end(Buffer.from(last, 'latin1')); };
  socket.on('data', look);
  look();
};
const tunnel = (name, send, more = {}) =>
  ({ rfc: 'RFC 6455 4.2', name, send, methods: ['UPGRADE'], up: [forwarded()], answer: accepting(),
  out: [{ status: 101,
    has: [/\r\nConnection: Upgrade\r\n/, /\r\nUpgrade: websocket\r\n/,
    new RegExp(`\r\nSec-WebSocket-Accept: ${accept.replace('+', '\\+')}\r\n`)] }],
  closes: true, tunnel: '', upTunnel: '', ...more });

table('Handshakes', [
  tunnel('the plain case', handshake()),
  tunnel('options in any case', handshake({ Connection: 'keep-alive, UPGRADE', Upgrade: 'WebSocket' })),
  tunnel('Connection in two lines', handshake({ Connection: ['keep-alive', 'upgrade'] })),
  tunnel('its fields cannot be named away',
    handshake({ Connection: 'Upgrade, Sec-WebSocket-Key, Sec-WebSocket-Version' })),
  tunnel('among other protocols', handshake({ Upgrade: 'h2c, websocket' })),
  tunnel('protocols and extensions pass',
    handshake({ 'Sec-WebSocket-Protocol': ['a, b', 'c'], 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
    { up: [forwarded(['Sec-WebSocket-Protocol: a, b', 'Sec-WebSocket-Protocol: c',
      'Sec-WebSocket-Extensions: permessage-deflate'])] }),
  tunnel('Origin passes', handshake({ Origin: 'http://h' }), { up: [forwarded(['Origin: http://h'])] }),
  tunnel('the first frame comes with the 101', handshake(), { answer: accepting('\x81\x02hi'), tunnel: '\x81\x02hi' }),
  tunnel('frames behind the handshake arrive behind the 101', `${handshake()}\x81\x85abcd\x09\x07\x0f\x08\x0e`,
    { answer: accepting('', '\x81\x85abcd\x09\x07\x0f\x08\x0e', 'seen'), upTunnel: '\x81\x85abcd\x09\x07\x0f\x08\x0e',
      tunnel: 'seen' }),
  tunnel('what follows is never read as a request', handshake() + next,
    { answer: accepting('', next, 'seen'), upTunnel: next, tunnel: 'seen' }),
  tunnel('what follows an answer is never read as one', handshake(),
    { answer: accepting('HTTP/1.1 200 OK\r\n\r\n'), tunnel: 'HTTP/1.1 200 OK\r\n\r\n' }),
  tunnel('bytes of every value both ways', handshake() + every(),
    { answer: accepting(every(), every(), every()), upTunnel: every(), tunnel: every() + every() }),
  tunnel('a 100 before the 101', handshake(),
    { answer: (socket, r, c) => { socket.write('HTTP/1.1 100 Continue\r\n\r\n'); accepting()(socket, r, c); },
    out: [{ status: 100 }, { status: 101 }] }),
  tunnel('a handshake behind a request', get() + handshake(),
    { methods: ['GET', 'UPGRADE'], up: [up('GET /'), forwarded()],
    answer: (socket, request, c) =>
      (request.fields.some(([n]) => n === 'Upgrade') ? accepting()(socket, request,
      c) : socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')),
    out: [{ status: 200 }, { status: 101 }] }),
  bad('RFC 6455 4.2.1', 'no key', { 'Sec-WebSocket-Key': undefined }),
  bad('RFC 6455 4.2.1', 'an empty key', { 'Sec-WebSocket-Key': '' }),
  bad('RFC 6455 4.2.1', 'a key of 15 bytes', { 'Sec-WebSocket-Key': 'MTIzNDU2Nzg5MDEyMzQ1' }),
  bad('RFC 6455 4.2.1', 'a key of 17 bytes', { 'Sec-WebSocket-Key': 'MTIzNDU2Nzg5MDEyMzQ1Njc=' }),
  bad('RFC 6455 4.2.1', 'a key that is no base64', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j!!==' }),
  bad('RFC 6455 4.2.1', 'a key in base64url', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25_-g==' }),
  bad('RFC 6455 4.2.1', 'a key without padding', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ' }),
  bad('RFC 6455 4.2.1', 'two keys', { 'Sec-WebSocket-Key': [key, key] }),
  bad('RFC 6455 4.4', 'version 8', { 'Sec-WebSocket-Version': '8' }, 426),
  bad('RFC 6455 4.4', 'version 14', { 'Sec-WebSocket-Version': '14' }, 426),
  bad('RFC 6455 4.4', 'no version', { 'Sec-WebSocket-Version': undefined }, 426),
  bad('RFC 6455 4.4', 'a list of versions', { 'Sec-WebSocket-Version': '13, 8' }, 426),
  bad('RFC 6455 4.4', 'two versions', { 'Sec-WebSocket-Version': ['13', '13'] }, 426),
  bad('RFC 6455 4.4', 'version 013', { 'Sec-WebSocket-Version': '013' }, 426),
  bad('RFC 6455 4.1', 'POST', {}, 400, 'POST / HTTP/1.1'), bad('RFC 6455 4.1', 'HEAD', {}, 400, 'HEAD / HTTP/1.1'),
  bad('RFC 6455 4.1', 'HTTP/1.0', {}, 400, 'GET / HTTP/1.0'),
  refused('RFC 6455 4.1', 'a counted body', 400, `${handshake({ 'Content-Length': '5' })}hello`),
  bad('RFC 6455 4.1', 'a body of no bytes', { 'Content-Length': '0' }),
  refused('RFC 6455 4.1', 'a chunked body', 400, `${handshake({ 'Transfer-Encoding': 'chunked' })}0\r\n\r\n`),
].map((c) => (c.send.startsWith('HEAD') ? { ...c, methods: ['HEAD'] } : c)));

// No upgrade at all: Hearth forwards the rest as a plain request.
const plain = (rfc, name, changed, lines) => passes(rfc, name, handshake(changed), up('GET /', lines));
const ws = ['Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${key}`];
const none = { 'Sec-WebSocket-Version': undefined, 'Sec-WebSocket-Key': undefined };
// Valid, but the origin does not accept, or not rightly. Whatever the client sent behind is lost, the connection
// closes.
const answeredWith = (rfc, name, answer, out, more = {}) =>
  ({ rfc, name, send: handshake() + next, methods: ['UPGRADE'], up: [forwarded()], upTunnel: '',
  answer, out: [out].flat(), closes: true, ...more });
const wrong = (name, changed, answer = switching(changed)) =>
  answeredWith('RFC 6455 4.1', name, answer, { status: 502 }, { cut: 'answer' });

table('Upgrades that are none', [
  plain('RFC 9110 7.8', 'Upgrade without Connection', { Connection: undefined }, ws),
  plain('RFC 9110 7.8', 'Connection without Upgrade', { Upgrade: undefined }, ws),
  plain('RFC 9110 7.8', 'Connection: close', { Connection: 'x-upgrade' }, ws),
  plain('RFC 9110 7.8', 'websocket2', { Upgrade: 'websocket2' }, ws),
  plain('RFC 9110 7.8', 'another protocol', { ...none, Upgrade: 'TLS/1.0' }, []),
  plain('RFC 9110 7.8', 'websocket with a version', { Upgrade: 'websocket/13' }, ws),
  plain('RFC 7540 3.2', 'h2c',
    { ...none, Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' },
    []),
  plain('RFC 7540 3.2.1', 'h2c whose settings Connection does not name',
    { ...none, Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA' },
    ['HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA']),
  passes('RFC 7540 3.2', 'h2c with a body',
    `POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello`,
    up('POST /', ['Content-Length: 5'], { body: 'hello' })),
  passes('RFC 7540 3.2', 'the preface behind an h2c upgrade',
    `GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    up('GET /'), { methods: ['GET', 'GET'], out: [{ status: 200, body: 'ok' }, { status: 505 }], closes: true }),
  answeredWith('RFC 9110 7.8', 'refused with 200', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    { status: 200, body: 'ok' }),
  answeredWith('RFC 9110 7.8', 'refused with a chunked 200',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', { status: 200, body: 'ok' }),
  answeredWith('RFC 9110 7.8', 'refused with 403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
    { status: 403 }),
  answeredWith('RFC 9110 7.8', 'refused with 302', 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n',
    { status: 302, has: /\r\nLocation: \/x\r\n/ }),
  answeredWith('RFC 9110 7.8', 'refused with 426',
    'HTTP/1.1 426 Upgrade Required\r\nUpgrade: x\r\nConnection: upgrade\r\nContent-Length: 0\r\n\r\n', { status: 426 }),
  answeredWith('RFC 9110 7.8', 'refused with 204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204 }),
  wrong('a wrong accept value', { 'Sec-WebSocket-Accept': 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }),
  wrong('no accept value', { 'Sec-WebSocket-Accept': undefined }),
  wrong('two accept values', { 'Sec-WebSocket-Accept': [accept, accept] }),
  wrong('an accept value in other case', { 'Sec-WebSocket-Accept': accept.toUpperCase() }),
  wrong('another protocol', { Upgrade: 'h2c' }), wrong('no Upgrade', { Upgrade: undefined }),
  wrong('two protocols', { Upgrade: 'websocket, h2c' }),
  wrong('no Connection', { Connection: undefined }), wrong('Connection: close', { Connection: 'close' }),
  wrong('101 with a body', { 'Content-Length': '5' }),
  wrong('101 with chunks', { 'Transfer-Encoding': 'chunked' }),
  wrong('101 in HTTP/1.0', {}, switching().replace('HTTP/1.1', 'HTTP/1.0')),
  answeredWith('RFC 9110 7.8', 'the origin closes without a word', '', { status: 502 }, { then: 'end' }),
  { ...answeredWith('RFC 9110 15.2.2', '101 to a plain request', switching(), { status: 502 }), send: get(),
    methods: ['GET'], up: [up('GET /')], closes: false },
]);

function every() { return Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''); }
