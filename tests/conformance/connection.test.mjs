// Fields that concern one connection, persistence, pipelining, expectations (RFC 9110 7.6, 10.1; RFC 9112 9).
import { down, get, next, passes, post, refused, up } from './lib/cases.mjs';
import { plainAnswer } from './lib/origin.mjs';
import { table } from './lib/table.mjs';

const stays = (rfc, name, fields, lines = []) => passes(rfc, name, get(fields), up('GET /', lines));
const goes = (rfc, name, fields, lines = []) =>
  stays(rfc, `${name} stays behind`, `${fields}\r\nA: b\r\n`, [...lines, 'A: b']);
const closing = (rfc, name, fields) =>
  ({ ...passes(rfc, name, get(fields) + next, up('GET /')), closes: true, out: [{ status: 200, body: 'ok' }] });
const pipeline = (name, send, ups, options) => passes('RFC 9112 9.3.2', name, send, ups, options);

table('Connection', [
  goes('RFC 9110 7.6.1', 'a field that Connection names', 'Connection: X-Private\r\nX-Private: 1'),
  goes('RFC 9110 7.6.1', 'in any case', 'Connection: x-PRIVATE\r\nX-Private: 1'),
  goes('RFC 9110 7.6.1', 'from a list', 'Connection: keep-alive, X-One,X-Two\r\nX-One: 1\r\nX-Two: 2'),
  goes('RFC 9110 7.6.1', 'from two lines', 'Connection: X-One\r\nConnection: X-Two\r\nX-One: 1\r\nX-Two: 2'),
  goes('RFC 9110 7.6.1', 'before Connection', 'X-One: 1\r\nConnection: X-One'),
  goes('RFC 9110 7.6.1', 'Keep-Alive', 'Keep-Alive: timeout=5'),
  goes('RFC 9110 7.6.1', 'Proxy-Connection', 'Proxy-Connection: keep-alive'),
  goes('RFC 9110 7.8', 'Upgrade', 'Upgrade: h2c'), goes('RFC 9110 6.6.2', 'Trailer', 'Trailer: Expires'),
  goes('RFC 9110 11.7.2', 'Proxy-Authorization', 'Proxy-Authorization: Basic eDp5'),
  goes('RFC 9110 10.1.4', 'TE', 'TE: gzip'),
  stays('RFC 9110 10.1.4', 'TE: trailers is said anew', 'TE: trailers, deflate;q=0.5\r\nConnection: TE\r\n',
    ['TE: trailers', 'Connection: TE']),
  stays('RFC 9110 7.6.1', 'Cookie cannot be named away', 'Connection: Cookie\r\nCookie: a=b\r\n', ['Cookie: a=b']),
  stays('RFC 9110 7.6.1', 'Authorization cannot be named away', 'Connection: Authorization\r\nAuthorization: x\r\n',
    ['Authorization: x']),
  stays('RFC 9110 7.6.1', 'nor what Hearth adds',
    'Connection: X-Forwarded-For, X-Request-Id, X-Forwarded-Host, X-Forwarded-Proto, Host\r\n'),
  stays('RFC 9110 7.6.1', 'odd options are harmless', 'Connection: ,, ,;,"x", a b\r\n'),
  goes('facts 4.4', 'a forged X-Forwarded-For', 'X-Forwarded-For: 6.6.6.6'),
  goes('facts 4.4', 'a forged Forwarded', 'Forwarded: for=6.6.6.6'),
  goes('facts 4.4', 'a forged X-Request-Id', 'X-Request-Id: 1'), goes('facts 4.4', 'X_Request_Id', 'X_Request_Id: 1'),
  goes('facts 4.4', 'X_Forwarded_For', 'X_Forwarded_For: 6.6.6.6'),
  goes('facts 4.4', 'X.Real.IP', 'X.Real.IP: 6.6.6.6'),
  goes('facts 4.4', 'Remote_User', 'Remote_User: root'), goes('facts 4.4', 'X-HEARTH-User', 'X-HEARTH-User: root'),
  goes('underscores', 'Content_Length', 'Content_Length: 5'),
  goes('underscores', 'Transfer_Encoding', 'Transfer_Encoding: chunked'),
  goes('underscores', 'Transfer.Encoding', 'Transfer.Encoding: chunked'),
  goes('underscores', 'CONTENT_LENGTH', 'CONTENT_LENGTH: 7'),
  stays('underscores', 'any other name passes', 'my_field: 1\r\n', ['my_field: 1']),
  closing('RFC 9112 9.6', 'close: what follows is not read', 'Connection: close\r\n'),
  closing('RFC 9112 9.6', 'CLOSE', 'Connection: CLOSE\r\n'),
  closing('RFC 9112 9.6', 'close in a list', 'Connection: x, close ,y\r\n'),
  closing('RFC 9112 9.6', 'close in a second line', 'Connection: keep-alive\r\nConnection: close\r\n'),
]);

table('Pipelining', [
  pipeline('three requests', get() + get('', '/2') + get('', '/3'), [up('GET /'), up('GET /2'), up('GET /3')]),
  pipeline('a body between', get() + post('Content-Length: 5\r\n', 'hello') + get('', '/3'),
    [up('GET /'), up('POST /', ['Content-Length: 5'], { body: 'hello' }), up('GET /3')]),
  pipeline('chunks between', post('Transfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\nA: b\r\n\r\n') + get('', '/2'),
    [up('POST /', ['Transfer-Encoding: chunked'], { body: 'hello', trailers: [['A', 'b']] }), up('GET /2')]),
  pipeline('HEAD between', `HEAD / HTTP/1.1\r\nHost: h\r\n\r\n${get('', '/2')}`, [up('HEAD /'), up('GET /2')],
    { answer: (socket, request) => socket.write(request.method === 'HEAD' ? plainAnswer.slice(0, -2) : plainAnswer) }),
  pipeline('twenty', Array.from({ length: 20 }, (_, i) => get('', `/${i}`)).join(''),
    Array.from({ length: 20 }, (_, i) => up(`GET /${i}`))),
  { ...pipeline('a bad one behind a good one', get(), [up('GET /')]),
    send: `${get()}GET  / HTTP/1.1\r\nHost: h\r\n\r\n${next}`,
    methods: ['GET', 'GET'], out: [{ status: 200, body: 'ok' }, { status: 400 }], closes: true },
  { ...pipeline('the client half-closes behind them', get() + get('', '/2'), [up('GET /'), up('GET /2')]), fin: true,
    leaves: true },
  { ...pipeline('half a request behind a whole one, then the end', get(), [up('GET /')]),
    send: `${get()}GET /2 HTTP/1.1\r\nHo`, fin: true, leaves: true },
]);

const set = (name, fields) => passes('underscores', name, get(fields), up('GET /', ['A: b', 'X-Fixed: ours']));
table('Fields the configuration sets', [
  set('X-Fixed of the client goes', 'X-Fixed: mine\r\nA: b\r\n'), set('X_Fixed goes too', 'X_Fixed: mine\r\nA: b\r\n'),
  set('and x.fixed', 'x.fixed: mine\r\nA: b\r\n'), set('it cannot be named away', 'Connection: X-Fixed\r\nA: b\r\n'),
], { location: 'proxy_set_header X-Fixed ours;' });

const expecting = (body = 'hello') => post(`Expect: 100-continue\r\nContent-Length: ${body.length}\r\n`, body);
const expected = up('POST /', ['Expect: 100-continue', 'Content-Length: 5'], { body: 'hello' });
const bodyNotRead = { up: [], half: expected, closes: true, when: 'head' };
table('Expectations', [
  passes('RFC 9110 10.1.1', 'an origin that says nothing before its answer', expecting(), expected),
  passes('RFC 9110 10.1.1', '100, then the answer', expecting(), expected,
    { answer: `HTTP/1.1 100 Continue\r\n\r\n${plainAnswer}`, out: [{ status: 100 }, { status: 200, body: 'ok' }] }),
  passes('RFC 9110 10.1.1', 'in any case', post('Expect: 100-CONTINUE\r\nContent-Length: 5\r\n', 'hello'),
    up('POST /', ['Expect: 100-CONTINUE', 'Content-Length: 5'], { body: 'hello' })),
  passes('RFC 9110 10.1.1', 'before chunks',
    post('Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    up('POST /', ['Expect: 100-continue', 'Transfer-Encoding: chunked'], { body: 'hello' })),
  { ...passes('RFC 9110 10.1.1', 'a final answer instead of 100 closes',
    post('Expect: 100-continue\r\nContent-Length: 5\r\n'), expected,
    { ...bodyNotRead, answer: 'HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n' }), out: [{ status: 417 }] },
  { ...passes('RFC 9112 9.3', 'an answer before the body closes, and the body is no request',
    post(`Content-Length: ${next.length + 5}\r\n`, next),
    up('POST /'), { ...bodyNotRead, answer: 'HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n' }),
  half: up('POST /', [`Content-Length: ${next.length + 5}`], { body: next }), out: [{ status: 413 }] },
  passes('RFC 9110 10.1.1', 'without a body', get('Expect: 100-continue\r\n'), up('GET /', ['Expect: 100-continue'])),
  refused('RFC 9110 10.1.1', 'another expectation', 417, get('Expect: tea\r\n')),
  refused('RFC 9110 10.1.1', 'one of several', 417, get('Expect: 100-continue, tea\r\n')),
  refused('RFC 9110 10.1.1', 'an empty one', 417, get('Expect:\r\n')),
  refused('RFC 9110 10.1.1', 'with a parameter', 417, get('Expect: 100-continue;q=1\r\n')),
  { ...passes('RFC 9110 10.1.1', 'HTTP/1.0 gets no 100',
    'POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello', expected,
    { answer: `HTTP/1.1 100 Continue\r\n\r\n${plainAnswer}` }), closes: true,
    out: [down('200 OK', ['Content-Length: 2'], { body: 'ok', closes: true })] },
]);
