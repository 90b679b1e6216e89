// The chunked coding of requests: sizes, extensions, line ends, trailers, limits (RFC 9112 7.1).
import { chunked, next, passes, post, refused, spoiled, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const whole = (body, trailers = []) => up('POST /', ['Transfer-Encoding: chunked'], { body, trailers });
const reads = (rfc, name, bytes, body, trailers) => passes(rfc, name, chunked(bytes), whole(body, trailers));
const bad = (rfc, name, bytes, before = '', options = {}) => spoiled(rfc, name, chunked(bytes), whole(before), options);
const size = (name, text, options) =>
  bad('RFC 9112 7.1', `chunk size ${name}`, `${text}\r\nhello\r\n0\r\n\r\n`, '', options);
const ext = (name, text) => bad('RFC 9112 7.1.1', `extension ${name}`, `5${text}\r\nhello\r\n0\r\n\r\n`, '');
const trailer = (rfc, name, line, options) =>
  bad(rfc, `trailer ${name}`, `5\r\nhello\r\n0\r\n${line}\r\n\r\n`, 'hello', options);

table('Chunked requests', [
  reads('RFC 9112 7.1', 'one chunk', '5\r\nhello\r\n0\r\n\r\n', 'hello'),
  reads('RFC 9112 7.1', 'several chunks', '5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n', 'hello world'),
  reads('RFC 9112 7.1', 'no data', '0\r\n\r\n', ''),
  reads('RFC 9112 7.1', 'sizes in upper and lower case', `A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n`,
    '0123456789abcdefghij'),
  reads('RFC 9112 7.1', 'sizes with leading zeros', '0005\r\nhello\r\n0000\r\n\r\n', 'hello'),
  reads('RFC 9112 7.1', 'data made of line ends', '6\r\n\r\n\r\n\r\n\r\n0\r\n\r\n', '\r\n\r\n\r\n'),
  reads('RFC 9112 7.1', 'data that looks like the end', '7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n', '0\r\n\r\n\r\n'),
  reads('RFC 9112 7.1', 'data that looks like a request', `${next.length.toString(16)}\r\n${next}\r\n0\r\n\r\n`, next),
  reads('RFC 9112 7.1', 'many tiny chunks', `${'1\r\nx\r\n'.repeat(500)}0\r\n\r\n`, 'x'.repeat(500)),
  reads('RFC 9112 7.1', 'a large chunk', `2710\r\n${'y'.repeat(10000)}\r\n0\r\n\r\n`, 'y'.repeat(10000)),
  passes('RFC 9112 7.1', 'a chunked GET',
    'GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    up('GET /', ['Transfer-Encoding: chunked'], { body: 'hello' })),
  size('missing', ''), size('0x5', '0x5'), size('with a plus', '+5'), size('with a minus', '-5'),
  size('with an underscore', '5_'),
  size('that is no digit', 'g'), size('with a space before', ' 5'), size('with a space behind', '5 '),
  size('with a tab behind', '5\t'),
  size('with a NUL behind', '5\0'), size('with a vertical tab behind', '5\x0b'), size('of 2^64', '10000000000000000'),
  size('of 2^64 + 5', '10000000000000005'), size('of 2^63', '8000000000000000'),
  size('of sixty digits', '5'.repeat(60)),
  size('of three hundred zeros', '0'.repeat(300)), size('quoted', '"5"'), size('with a comma', '5,5'),
  size('with obs-text', '5\xa0'),
  bad('RFC 9112 7.1', 'bare LF behind a size', '5\nhello\r\n0\r\n\r\n'),
  bad('RFC 9112 7.1', 'bare CR behind a size', '5\rhello\r\n0\r\n\r\n'),
  bad('RFC 9112 7.1', 'CR CR LF behind a size', '5\r\r\nhello\r\n0\r\n\r\n'),
  bad('RFC 9112 7.1', 'bare LF behind data', '5\r\nhello\n0\r\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'bare CR behind data', '5\r\nhello\r0\r\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'nothing behind data', '5\r\nhello0\r\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'more data than announced', '5\r\nhelloX\r\n0\r\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'less data than announced', '6\r\nhello\r\n0\r\n\r\n', 'hello\r'),
  bad('RFC 9112 7.1', 'an empty line between chunks', '5\r\nhello\r\n\r\n0\r\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'bare LF behind the last chunk', '5\r\nhello\r\n0\n\r\n', 'hello'),
  bad('RFC 9112 7.1', 'bare LF at the end', '5\r\nhello\r\n0\r\n\n', 'hello'),
  bad('RFC 9112 7.1', 'CR and something at the end', '5\r\nhello\r\n0\r\n\rX', 'hello'),
  { ...bad('RFC 9112 8', 'the client leaves inside a chunk', '5\r\nhel', 'hel', { tail: '' }), fin: true, out: [] },
  { ...bad('RFC 9112 8', 'the client leaves before the last chunk', '5\r\nhello\r\n', 'hello', { tail: '' }), fin: true,
    out: [] },
  { ...bad('RFC 9112 8', 'the client leaves before the last line end', '5\r\nhello\r\n0\r\n', 'hello', { tail: '' }),
    fin: true, out: [] },
]);

table('Chunk extensions', [
  reads('RFC 9112 7.1.1', 'a name', '5;a\r\nhello\r\n0\r\n\r\n', 'hello'),
  reads('RFC 9112 7.1.1', 'name and value', '5;a=b\r\nhello\r\n0;c=d\r\n\r\n', 'hello'),
  reads('RFC 9112 7.1.1', 'several', '5;a;b=c;d="e"\r\nhello\r\n0\r\n\r\n', 'hello'),
  reads('RFC 9112 7.1.1', 'quoted, with what would end a line', '5;a="; \\" 0"\r\nhello\r\n0\r\n\r\n', 'hello'),
  ext('empty', ';'), ext('without name', ';=b'), ext('without value', ';a='), ext('with a space before', ' ;a'),
  ext('with a space inside', '; a'),
  ext('with a space around =', ';a =b'), ext('with a bare CR', ';a\rb'), ext('with a bare LF', ';a\nb'),
  ext('that a bare LF ends', ';a\n'),
  ext('with a NUL', ';a\0'), ext('with a CR in quotes', ';a="\r"'), ext('with a line end in quotes', ';a="\r\n"'),
  ext('with an open quote', ';a="b'),
  ext('with a byte behind the quote', ';a="b"c'), ext('with an escaped control', ';a="\\\x01"'),
  ext('with obs-text', ';\xe9'),
  bad('limit', 'one of 300 bytes', `5;${'a'.repeat(300)}\r\nhello\r\n0\r\n\r\n`),
  bad('limit', 'of 40 kB without end', `5;${'a'.repeat(40000)}`),
  bad('limit', '20 kB of small ones', `${`1;${'a'.repeat(200)}\r\nx\r\n`.repeat(100)}0\r\n\r\n`, 'x'.repeat(100)),
]);

table('Trailers', [
  reads('RFC 9112 7.1.2', 'are passed on', '5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n', 'hello',
    [['A', 'b'], ['C', 'd']]),
  reads('RFC 9112 7.1.2', 'spaces around values go', '5\r\nhello\r\n0\r\nA:  b  \r\n\r\n', 'hello', [['A', 'b']]),
  reads('RFC 9110 6.5.1', 'hop-by-hop fields stay behind',
    '0\r\nKeep-Alive: 1\r\nX-Request-Id: 1\r\nProxy-Authorization: x\r\nA: b\r\n\r\n', '', [['A', 'b']]),
  passes('RFC 9110 6.5.1', 'one the client named in Connection stays behind',
    post('Connection: A\r\nTransfer-Encoding: chunked\r\n', '0\r\nA: b\r\nC: d\r\n\r\n'), whole('', [['C', 'd']])),
  trailer('RFC 9110 6.5.1', 'Content-Length', 'Content-Length: 5'),
  trailer('RFC 9110 6.5.1', 'Transfer-Encoding', 'Transfer-Encoding: chunked'),
  trailer('RFC 9110 6.5.1', 'Host', 'Host: evil'), trailer('RFC 9110 6.5.1', 'Authorization', 'Authorization: x'),
  trailer('RFC 9110 6.5.1', 'Cookie', 'Cookie: a=b'), trailer('RFC 9110 6.5.1', 'Connection', 'Connection: close'),
  trailer('RFC 9110 6.5.1', 'Expect', 'Expect: 100-continue'),
  trailer('RFC 9110 6.5.1', 'X-Forwarded-For', 'X-Forwarded-For: 1'),
  trailer('RFC 9110 6.5.1', 'X_Forwarded_For', 'X_Forwarded_For: 1'),
  trailer('RFC 9110 6.5.1', 'Content-Type', 'Content-Type: a/b'),
  trailer('RFC 9110 6.5.1', 'Content-Encoding', 'Content-Encoding: gzip'),
  trailer('RFC 9110 6.5.1', 'Content-Range', 'Content-Range: bytes 0-1/2'),
  trailer('RFC 9110 6.5.1', 'Range', 'Range: bytes=0-1'),
  trailer('RFC 9110 6.5.1', 'Transfer_Encoding', 'Transfer_Encoding: chunked'),
  trailer('RFC 9112 5.1', 'with a space before the colon', 'A : b'), trailer('RFC 9112 5.2', 'folded', 'A: b\r\n c'),
  trailer('RFC 9112 5', 'without colon', 'A b'), trailer('RFC 9112 5', 'without name', ': b'),
  trailer('RFC 9110 5.5', 'with a NUL', 'A: \0'), trailer('RFC 9112 2.2', 'with a bare CR', 'A: b\rc'),
  trailer('RFC 9112 2.2', 'with a bare LF', 'A: b\nC: d'),
  trailer('RFC 9110 5.1', 'with a name that is no token', 'A(: b'),
  trailer('limit', 'of 33 lines', 'A: b\r\n'.repeat(33).slice(0, -2), { out: [{ status: 431 }] }),
  trailer('limit', 'of 20 kB', `A: ${'b'.repeat(20000)}`, { out: [{ status: 431 }] }),
  refused('RFC 9110 6.5.1', 'a request that is only its trailers', 400, '\r\nA: b\r\n\r\n'),
]);
