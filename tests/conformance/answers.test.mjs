// What origins answer, right and wrong: framing, bodies where none may be, interim responses, response splitting (RFC 9112 4, 6, 8;
// RFC 9110 15). The answers' bytes are cut in all ways.
import { answered, bad, down, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const ok = (fields, body = '') => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;
const counted = (lines = [], more = {}) => down('200 OK', [...lines, 'Content-Length: 2'], { body: 'ok', ...more });
const inChunks = (lines = [], more = {}) => down('200 OK', [...lines, 'Transfer-Encoding: chunked'], { body: 'hello', ...more });
const chunks = '5\r\nhello\r\n0\r\n\r\n';
const te = 'Transfer-Encoding: chunked\r\n';
const badFraming = (name, fields, body = 'hello') => bad('RFC 9112 6.3', name, ok(fields, body));
const badHead = (rfc, name, text) => bad(rfc, name, text, { then: 'end' });
const badField = (rfc, name, line) => bad(rfc, name, ok(`${line}\r\nContent-Length: 0\r\n`));
// The head is out when the fault comes: the client must not take what it got for the whole.
const cutShort = (rfc, name, answer, bodyStarts, more = {}) =>
  answered(rfc, name, answer, { status: 200, bodyStarts }, { cutShort: true, ...more });
const head = { send: 'HEAD / HTTP/1.1\r\nHost: h\r\n\r\n', methods: ['HEAD'], up: [up('HEAD /')] };
const old = { send: 'GET / HTTP/1.0\r\nHost: h\r\n\r\n', closes: true };

table('Response framing', [
  answered('RFC 9112 6.3', 'counted', ok('Content-Length: 2\r\n', 'ok'), counted()),
  answered('RFC 9112 6.3', 'counted, nothing', ok('Content-Length: 0\r\n'), down('200 OK', ['Content-Length: 0'], { body: '' })),
  answered('RFC 9112 6.3', 'counted, with leading zeros', ok('Content-Length: 0002\r\n', 'ok'), counted()),
  answered('RFC 9112 6.3', 'counted, more bytes than announced', ok('Content-Length: 2\r\n', 'okHTTP/1.1 200 Smuggled\r\n\r\n'), counted()),
  answered('RFC 9112 7.1', 'chunked', ok(te, chunks), inChunks()),
  answered('RFC 9112 7.1.1', 'extensions go', ok(te, '5;a="b"\r\nhello\r\n0;c\r\n\r\n'), inChunks()),
  answered('RFC 9112 7.1.2', 'trailers stay', ok(te, '5\r\nhello\r\n0\r\nA: b\r\n\r\n'), inChunks([], { trailers: [['A', 'b']] })),
  answered('RFC 9112 7.1', 'bytes behind the last chunk', ok(te, `${chunks}HTTP/1.1 200 Smuggled\r\n\r\n`), inChunks()),
  answered('RFC 9112 6.3', 'until close becomes chunked', ok('', 'hello'), inChunks(), { then: 'end' }),
  answered('RFC 9112 6.3', 'until close, nothing', ok(''), inChunks([], { body: '' }), { then: 'end' }),
  answered('RFC 9112 6.3', 'until close from HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nhello', inChunks(), { then: 'end' }),
  answered('RFC 9112 6.3', 'counted from HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', counted()),
  answered('RFC 9112 7.1', 'chunks to an HTTP/1.0 client', ok(te, chunks), down('200 OK', [], { body: 'hello', closes: true }), old),
  answered('RFC 9112 6.3', 'until close to an HTTP/1.0 client', ok('', 'hello'), down('200 OK', [], { body: 'hello', closes: true }), { ...old, then: 'end' }),
  badFraming('chunked, then Content-Length', `${te}Content-Length: 5\r\n`, chunks), badFraming('Content-Length, then chunked', `Content-Length: 5\r\n${te}`, chunks),
  badFraming('Content-Length twice, the same', 'Content-Length: 5\r\nContent-Length: 5\r\n'), badFraming('Content-Length twice, different', 'Content-Length: 5\r\nContent-Length: 6\r\n'),
  badFraming('a list of lengths', 'Content-Length: 5, 5\r\n'), badFraming('a length with a plus', 'Content-Length: +5\r\n'), badFraming('a negative length', 'Content-Length: -5\r\n'),
  badFraming('an empty length', 'Content-Length:\r\n'), badFraming('a huge length', 'Content-Length: 99999999999999999999\r\n'), badFraming('a length with a tab', 'Content-Length: 5\t\r\n'),
  badFraming('gzip, chunked', 'Transfer-Encoding: gzip, chunked\r\n'), badFraming('identity', 'Transfer-Encoding: identity\r\n'), badFraming('xchunked', 'Transfer-Encoding: xchunked\r\n'),
  badFraming('chunked and a tab', 'Transfer-Encoding: chunked\t\r\n', chunks), badFraming('an empty coding', 'Transfer-Encoding:\r\n'), badFraming('chunked twice', te + te, chunks),
  bad('RFC 9112 6.1', 'chunked in HTTP/1.0', `HTTP/1.0 200 OK\r\n${te}\r\n${chunks}`),
  cutShort('RFC 9112 7.1', 'a bad chunk size', ok(te, 'zz\r\n'), ''), cutShort('RFC 9112 7.1', 'a bare LF behind a size', ok(te, '5\nhello\r\n0\r\n\r\n'), ''),
  cutShort('RFC 9112 7.1', 'a bad second chunk', ok(te, '5\r\nhello\r\n-1\r\n'), 'hello'), cutShort('RFC 9112 7.1', 'a chunk without its line end', ok(te, '5\r\nhelloX'), 'hello'),
  cutShort('RFC 9110 6.5.1', 'Content-Length in trailers', ok(te, '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n'), 'hello'),
  cutShort('RFC 9110 6.5.1', 'Set-Cookie in trailers', ok(te, '5\r\nhello\r\n0\r\nSet-Cookie: a=b\r\n\r\n'), 'hello'),
  cutShort('RFC 9112 8', 'a counted body cut short', ok('Content-Length: 50\r\n', 'hello'), 'hello', { then: 'end' }),
  cutShort('RFC 9112 8', 'a counted body and a reset', ok('Content-Length: 50\r\n', 'hello'), 'hello', { then: 'reset' }),
  cutShort('RFC 9112 8', 'chunks cut short', ok(te, '5\r\nhello\r\n'), 'hello', { then: 'end' }),
  cutShort('RFC 9112 8', 'chunks cut short in the last line', ok(te, '5\r\nhello\r\n0\r\n'), 'hello', { then: 'end' }),
  cutShort('limit', 'endless chunk extension', ok(te, `5;${'a'.repeat(20000)}`), '', { ways: ['whole', 'random 1'] }),
]);

table('Responses without a body', [
  answered('RFC 9110 9.3.2', 'HEAD keeps Content-Length', ok('Content-Length: 50\r\n'), down('200 OK', ['Content-Length: 50'], { body: '' }), head),
  answered('RFC 9110 9.3.2', 'HEAD of chunks', ok(te), down('200 OK', [], { body: '' }), head),
  answered('RFC 9110 9.3.2', 'HEAD without either', ok(''), down('200 OK', [], { body: '' }), head),
  answered('RFC 9110 9.3.2', 'HEAD with a body: it is lost', ok('Content-Length: 5\r\n', 'hello'), down('200 OK', ['Content-Length: 5'], { body: '' }), head),
  answered('RFC 9110 9.3.2', 'HEAD with chunks: they are lost', ok(te, chunks), down('200 OK', [], { body: '' }), head),
  answered('RFC 9110 15.3.5', '204', 'HTTP/1.1 204 No Content\r\n\r\n', down('204 No Content', [], { body: '' })),
  answered('RFC 9110 8.6', '204 with Content-Length: 0', 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n', down('204 No Content', [], { body: '' })),
  answered('RFC 9110 8.6', '204 with a body: it is lost', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', down('204 No Content', [], { body: '' })),
  answered('RFC 9112 6.3', '204 that looks like two responses', 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 Smuggled\r\n\r\n', down('204 No Content', [], { body: '' })),
  bad('RFC 9112 6.1', '204 in chunks', `HTTP/1.1 204 No Content\r\n${te}\r\n${chunks}`),
  answered('RFC 9110 15.4.5', '304 keeps Content-Length', 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 50\r\n\r\n',
    down('304 Not Modified', ['ETag: "a"', 'Content-Length: 50'], { body: '' })),
  answered('RFC 9112 6.3', '304 in chunks', `HTTP/1.1 304 Not Modified\r\n${te}\r\n${chunks}`, down('304 Not Modified', [], { body: '' })),
  answered('RFC 9110 15.2', '103, then the answer', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('Content-Length: 2\r\n', 'ok')}`,
    [{ status: 103, head: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' }, counted()]),
  answered('RFC 9110 15.2', '100 nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${ok('Content-Length: 2\r\n', 'ok')}`, [{ status: 100 }, counted()]),
  answered('RFC 9110 15.2', 'eight of them', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(8)}${ok('Content-Length: 2\r\n', 'ok')}`,
    [...Array(8).fill({ status: 102 }), counted()]),
  answered('RFC 9110 15.2', 'none to HTTP/1.0', `HTTP/1.1 103 Early Hints\r\n\r\n${ok('Content-Length: 2\r\n', 'ok')}`, counted([], { closes: true }), old),
  answered('RFC 9110 7.6.1', 'Connection of an interim response stays behind', `HTTP/1.1 103 E\r\nConnection: X-A\r\nX-A: 1\r\nKeep-Alive: 1\r\n\r\n${ok('Content-Length: 2\r\n', 'ok')}`,
    [{ status: 103, head: 'HTTP/1.1 103 E\r\n\r\n' }, counted()]),
  answered('limit', 'nine of them', `${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(9)}${ok('Content-Length: 2\r\n', 'ok')}`,
    { status: 502 }, { hints: true }),
  bad('RFC 9110 8.6', 'an interim response with a body', `HTTP/1.1 103 E\r\nContent-Length: 5\r\n\r\nhello${ok('Content-Length: 0\r\n')}`),
  bad('RFC 9112 6.1', 'an interim response in chunks', `HTTP/1.1 100 C\r\n${te}\r\n${chunks}`),
]);

const line = (name, text, rfc = 'RFC 9112 4') => badHead(rfc, name, `${text}\r\nContent-Length: 0\r\n\r\n`);
table('Response heads', [
  ...['RFC 9112 4'].flatMap((rfc) => [
    answered(rfc, 'no reason', 'HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok', counted()),
    answered(rfc, 'no reason and no space', 'HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok', counted()),
    answered(rfc, 'a long reason', 'HTTP/1.1 200 All is \xe9 \tfine\r\nContent-Length: 2\r\n\r\nok', down('200 All is \xe9 \tfine', ['Content-Length: 2'], { body: 'ok' })),
    answered(rfc, 'a status of its own', 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok', down('999 Odd', ['Content-Length: 2'], { body: 'ok' }))]),
  line('HTTP/2.0', 'HTTP/2.0 200 OK'), line('HTTP/1.2', 'HTTP/1.2 200 OK'), line('HTTP/0.9', '<html>hello</html>'), line('two digits', 'HTTP/1.1 20 OK'), line('four digits', 'HTTP/1.1 2000 OK'),
  line('status 099', 'HTTP/1.1 099 OK'), line('letters', 'HTTP/1.1 2xx OK'), line('a sign', 'HTTP/1.1 +20 OK'), line('two spaces', 'HTTP/1.1  200 OK'), line('a space before', ' HTTP/1.1 200 OK'),
  line('an empty line before', '\r\nHTTP/1.1 200 OK'), line('lower case', 'http/1.1 200 OK'), line('ICY', 'ICY 200 OK'),
  line('a control in the reason', 'HTTP/1.1 200 O\x01K'), line('a NUL in the reason', 'HTTP/1.1 200 O\0K'), line('a bare CR in the reason', 'HTTP/1.1 200 O\rK', 'RFC 9112 2.2'),
  line('a TLS alert', '\x15\x03\x01\x00\x02\x02\x28', 'RFC 8446 6'), line('a reason of 9 000 bytes', `HTTP/1.1 200 ${'r'.repeat(9000)}`, 'limit'),
  badHead('RFC 9112 2.2', 'bare LF throughout', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'), badHead('RFC 9112 8', 'nothing but a close', ''),
  badHead('RFC 9112 8', 'a close inside the status line', 'HTTP/1.1 2'), badHead('RFC 9112 8', 'a close inside a field', 'HTTP/1.1 200 OK\r\nContent-Le'),
  badHead('RFC 9112 8', 'a close before the last line end', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r'), badHead('RFC 9112 8', 'a close behind an interim response', 'HTTP/1.1 104 X\r\nContent-Length: x'),
  badField('RFC 9112 2.2', 'response splitting by a bare CR', 'A: b\rSet-Cookie: x=y'), badField('RFC 9112 2.2', 'response splitting by a bare LF', 'A: b\nSet-Cookie: x=y'),
  badField('RFC 9112 2.2', 'CR CR LF', 'A: b\r'), badField('RFC 9110 5.5', 'a NUL in a value', 'A: b\0'), badField('RFC 9110 5.5', 'a control in a value', 'A: \x1b'),
  badField('RFC 9112 5.2', 'a folded line', 'A: b\r\n c'), badField('RFC 9112 5.1', 'a space before the colon', 'A : b'), badField('RFC 9112 5', 'no colon', 'abc'),
  badField('RFC 9112 5', 'no name', ': b'), badField('RFC 9110 5.1', 'a name that is no token', 'A(: b'), badField('limit', 'a field of 20 kB', `A: ${'b'.repeat(20000)}`),
  bad('limit', 'a hundred and one fields', ok(`${'A: b\r\n'.repeat(100)}Content-Length: 0\r\n`)),
  bad('limit', 'a head without end', `HTTP/1.1 200 OK\r\n${`A: ${'b'.repeat(1000)}\r\n`.repeat(80)}`, { ways: ['whole', 'random 1'] }),
  answered('RFC 9110 7.6.1', 'hop-by-hop fields stay behind', ok('Connection: X-A, keep-alive\r\nX-A: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nUpgrade: h2c\r\nTrailer: A\r\nContent-Length: 2\r\n', 'ok'), counted()),
  answered('RFC 9110 7.6.1', 'Set-Cookie and Content-Length cannot be named away', ok('Connection: Set-Cookie, Content-Length\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n', 'ok'), counted(['Set-Cookie: a=b'])),
  answered('RFC 6265 3', 'several Set-Cookie stay several', ok('Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n', 'ok'), counted(['Set-Cookie: a=1', 'Set-Cookie: b=2'])),
  answered('RFC 9110 6.6.1', 'the Date of the origin stays', ok('Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n', 'ok'), counted(['Date: Sun, 06 Nov 1994 08:49:37 GMT'])),
  answered('RFC 9110 5.5', 'obs-text and empty values pass', ok('A: \xe9\r\nB:\r\nC: \t d\t\r\nContent-Length: 2\r\n', 'ok'), counted(['A: \xe9', 'B: ', 'C: d'])),
  answered('RFC 9112 9.6', 'the close of the origin is not the client\'s', ok('Connection: close\r\nContent-Length: 2\r\n', 'ok'), counted(), { then: 'end' }),
]);
