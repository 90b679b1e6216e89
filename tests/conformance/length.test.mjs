// Content-Length and Transfer-Encoding: where a request's body ends, and who disagrees (RFC 9110 8.6, RFC 9112 6).
import { passes, post, refused, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const cl = (value, body = 'hello') => post(`Content-Length:${value}\r\n`, body);
const te = (value, body = '0\r\n\r\n') => post(`Transfer-Encoding:${value}\r\n`, body);
const five = (name, send, options) =>
  passes('RFC 9110 8.6', name, send, up('POST /', ['Content-Length: 5'], { body: 'hello' }), options);
const badLength = (name, value) => refused('RFC 9110 8.6', `Content-Length ${name}`, 400, cl(value));
const badCoding = (name, value, status = 501) => refused('RFC 9112 6.1', `Transfer-Encoding ${name}`, status, te(value));
const inner = 'GET /inner HTTP/1.1\r\nHost: inner\r\n\r\n';
const empty = up('POST /', ['Transfer-Encoding: chunked']);

table('Content-Length', [
  five('a counted body', cl(' 5')),
  five('no space behind the colon', cl('5')),
  five('spaces around the number', cl('   5  ')),
  five('leading zeros are written anew', cl(' 0005')),
  five('the name in any case', post('cOnTeNt-LeNgTh: 5\r\n', 'hello')),
  passes('RFC 9110 8.6', 'zero is kept', cl(' 0', ''), up('POST /', ['Content-Length: 0'])),
  passes('RFC 9112 6.3', 'no framing field, no body', post(''), up('POST /')),
  passes('RFC 9112 6.3', 'a body that looks like a request stays a body', cl(` ${inner.length}`, inner),
    up('POST /', [`Content-Length: ${inner.length}`], { body: inner })),
  passes('RFC 9110 9.3.1', 'GET with a body keeps its length', 'GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
    up('GET /', ['Content-Length: 5'], { body: 'hello' })),
  passes('RFC 9110 9.3.5', 'DELETE with a body', 'DELETE / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
    up('DELETE /', ['Content-Length: 5'], { body: 'hello' })),
  passes('RFC 9110 9.3.2', 'HEAD with a body', 'HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
    up('HEAD /', ['Content-Length: 5'], { body: 'hello' }),
    { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' }),
  passes('RFC 9112 6.3', 'bytes of every value', cl(' 256', bytes()),
    up('POST /', ['Content-Length: 256'], { body: bytes() })),
  badLength('with a plus', ' +5'), badLength('negative', ' -5'), badLength('minus zero', ' -0'),
  badLength('in hexadecimal', ' 0x5'), badLength('with a letter behind', ' 5a'), badLength('with a letter before', ' a5'),
  badLength('with a fraction', ' 5.0'), badLength('with an exponent', ' 5e0'), badLength('with a space inside', ' 1 5'),
  badLength('empty', ''), badLength('of spaces', '   '), badLength('quoted', ' "5"'), badLength('with a semicolon', ' 5;'),
  badLength('with an underscore', ' 0_5'), badLength('with a tab before', '\t5'), badLength('with a tab behind', ' 5\t'),
  badLength('with a vertical tab', ' \x0b5'), badLength('with obs-text', ' 5\xa0'), badLength('of superscript digits', ' \xb2'),
  badLength('of 2^63', ' 9223372036854775808'), badLength('of 2^64 + 5', ' 18446744073709551621'),
  badLength('of 40 digits', ` ${'9'.repeat(40)}`), badLength('as a list of the same', ' 5, 5'),
  badLength('as a list of different', ' 5, 6'), badLength('with an empty element', ' 5,'), badLength('with a leading comma', ' ,5'),
  refused('RFC 9112 6.3', 'Content-Length twice, the same', 400, post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')),
  refused('RFC 9112 6.3', 'Content-Length twice, different', 400, post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello!')),
  refused('RFC 9112 6.3', 'Content-Length twice, zero first', 400, post('Content-Length: 0\r\nContent-Length: 5\r\n', 'hello')),
  refused('RFC 9112 6.3', 'Content-Length twice, one empty', 400, post('Content-Length:\r\nContent-Length: 5\r\n', 'hello')),
  refused('RFC 9112 6.3', 'Content-Length twice, other case', 400, post('Content-Length: 5\r\ncontent-length: 5\r\n', 'hello')),
  refused('RFC 9112 5.1', 'Content-Length with a space before the colon', 400, post('Content-Length : 5\r\n', 'hello')),
  refused('RFC 9112 5.2', 'Content-Length on a folded line', 400, post('Content-Length:\r\n 5\r\n', 'hello')),
  refused('RFC 9112 6.1', 'Content-Length in HTTP/1.0 with a GET', 400,
    'GET / HTTP/1.0\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello'),
  { ...passes('RFC 9112 6.3', 'HTTP/1.0 with a counted body', 'POST / HTTP/1.0\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
    up('POST /', ['Content-Length: 5'], { body: 'hello' })), closes: true },
  { ...refused('RFC 9112 8', 'a body cut short by the client', 400, cl(' 50', 'hel'), { tail: '' }), out: [], fin: true,
    half: up('POST /', ['Content-Length: 50'], { body: 'hel' }) },
]);

table('Transfer-Encoding', [
  refused('RFC 9112 6.1', 'Content-Length, then chunked', 400, post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'chunked, then Content-Length', 400, post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'chunked with Content-Length: 0', 400, post('Transfer-Encoding: chunked\r\nContent-Length: 0\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'an unknown coding with Content-Length', 400, post('Transfer-Encoding: x\r\nContent-Length: 5\r\n', 'hello')),
  refused('RFC 9112 6.1', 'chunked with an empty Content-Length', 400, post('Transfer-Encoding: chunked\r\nContent-Length:\r\n', '0\r\n\r\n')),
  passes('RFC 9112 6.1', 'the coding in any case', te(' cHUNKED'), empty),
  passes('RFC 9112 5', 'spaces around the coding', te('   chunked  '), empty),
  badCoding('xchunked', ' xchunked'), badCoding('chunkedx', ' chunkedx'), badCoding('gzip, chunked', ' gzip, chunked'),
  badCoding('chunked, gzip', ' chunked, gzip'), badCoding('chunked, identity', ' chunked, identity'),
  badCoding('identity', ' identity'), badCoding('chunked twice in a list', ' chunked, chunked'), badCoding(',chunked', ' ,chunked'),
  badCoding('chunked,', ' chunked,'), badCoding('chunked;q=1', ' chunked;q=1'), badCoding('quoted', ' "chunked"'),
  badCoding('chunked in parentheses', ' (chunked)'), badCoding('chun ked', ' chun ked'), badCoding('with obs-text', ' chunked\xa0'),
  badCoding('with a NUL', ' chunked\0', 400), badCoding('with a vertical tab', ' \x0bchunked', 400),
  badCoding('with a tab before', '\tchunked', 400), badCoding('with a tab behind', ' chunked\t', 400), badCoding('empty', '', 400),
  badCoding('with a bare CR', ' chunked\r', 400),
  refused('RFC 9112 6.1', 'Transfer-Encoding twice', 400, post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'Transfer-Encoding twice, identity last', 400, post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'Transfer-Encoding twice, other case', 400, post('Transfer-Encoding: x\r\nTRANSFER-ENCODING: chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 5.1', 'Transfer-Encoding with a space before the colon', 400, post('Transfer-Encoding : chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 5.2', 'Transfer-Encoding on a folded line', 400, post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 5.2', 'chunked on a folded second line', 400, post('Transfer-Encoding: gzip,\r\n chunked\r\n', '0\r\n\r\n')),
  refused('RFC 9112 6.1', 'Transfer-Encoding in HTTP/1.0', 400, 'POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  refused('RFC 9112 6.1', 'Transfer-Encoding in HTTP/1.0 with keep-alive', 400,
    'POST / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
  passes('RFC 9112 6.1', 'Connection: Transfer-Encoding takes nothing away',
    post('Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n', '5\r\nhello\r\n0\r\n\r\n'),
    up('POST /', ['Transfer-Encoding: chunked'], { body: 'hello' })),
  passes('RFC 9110 7.6.1', 'Connection: Content-Length takes nothing away',
    post('Connection: Content-Length\r\nContent-Length: 5\r\n', 'hello'), up('POST /', ['Content-Length: 5'], { body: 'hello' })),
]);

function bytes() { return Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join(''); }
