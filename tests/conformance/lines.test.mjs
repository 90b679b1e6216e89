// Request lines, field lines and line ends (RFC 9112 2.2, 3, 5).
import { get, passes, refused, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const line = (text) => `${text}\r\nHost: h\r\n\r\n`;
const badLine = (name, text, status = 400) => refused('RFC 9112 3', name, status, line(text));
const badField = (rfc, name, text, status = 400) => refused(rfc, name, status, get(`${text}\r\n`));
const field = (rfc, name, text, lines) => passes(rfc, name, get(`${text}\r\n`), up('GET /', lines));
const version = (name, text, status) => refused('RFC 9112 2.3', name, status, line(`GET / ${text}`));

table('Request lines', [
  passes('RFC 9112 3', 'the plain case', get(), up('GET /')),
  passes('RFC 9112 2.2', 'one empty line before is ignored', `\r\n${get()}`, up('GET /')),
  passes('RFC 9112 2.2', 'and one between requests', `${get()}\r\n${get('', '/2')}`, [up('GET /'), up('GET /2')]),
  refused('RFC 9112 2.2', 'two empty lines are not', 400, `\r\n\r\n${get()}`),
  refused('RFC 9112 2.2', 'an empty line that is a bare LF', 400, `\n${get()}`),
  refused('RFC 9112 2.2', 'a bare CR before', 400, `\r${get()}`),
  badLine('two spaces before the target', 'GET  / HTTP/1.1'), badLine('two spaces behind the target', 'GET /  HTTP/1.1'),
  badLine('a space behind the version', 'GET / HTTP/1.1 '), badLine('a space before the method', ' GET / HTTP/1.1'),
  badLine('a tab as separator', 'GET\t/\tHTTP/1.1'), badLine('a vertical tab as separator', 'GET\x0b/ HTTP/1.1'),
  badLine('a NUL in the method', 'G\0T / HTTP/1.1'), badLine('a bare CR as separator', 'GET\r/ HTTP/1.1'),
  badLine('a bare CR behind the version', 'GET / HTTP/1.1\r'), badLine('no target', 'GET HTTP/1.1'), badLine('only a method', 'GET'),
  badLine('four words', 'GET / x HTTP/1.1'), badLine('a method that is no token', 'GE(T / HTTP/1.1'), badLine('a method with a colon', 'GET: / HTTP/1.1'),
  badLine('an unknown method', 'FOO / HTTP/1.1', 501), badLine('a method in lower case', 'get / HTTP/1.1', 501),
  badLine('a very long method', `${'A'.repeat(9000)} / HTTP/1.1`, 414),
  version('HTTP/0.9 spelled out', 'HTTP/0.9', 505), version('HTTP/2.0', 'HTTP/2.0', 505), version('HTTP/1.2', 'HTTP/1.2', 505),
  version('HTTP/1.10', 'HTTP/1.10', 400), version('HTTP/01.1', 'HTTP/01.1', 400), version('HTTP/1', 'HTTP/1', 400),
  version('in lower case', 'http/1.1', 400), version('with a comma', 'HTTP/1,1', 400), version('another protocol', 'RTSP/1.0', 400),
  version('with a letter', 'HTTP/1.x', 400), version('with a sign', 'HTTP/+1.1', 400),
  refused('RFC 9112 2.3', 'HTTP/0.9', 400, 'GET /\r\n'),
  refused('RFC 9113 3.4', 'the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  refused('RFC 8446 4.1.2', 'a TLS client hello', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
  refused('PROXY protocol', 'its line where none is expected', 400, `PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n${get()}`),
  { ...passes('RFC 9112 9.3', 'HTTP/1.0', 'GET / HTTP/1.0\r\nHost: h\r\n\r\n', up('GET /')), closes: true },
  { ...passes('RFC 9112 9.3', 'HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n', up('GET /', [], { host: '' })), closes: true },
  { ...passes('RFC 9112 9.3', 'HTTP/1.0 with keep-alive', 'GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n', up('GET /')),
    out: [{ status: 200, body: 'ok', has: /\r\nConnection: keep-alive\r\n/ }] },
]);

table('Field lines', [
  field('RFC 9112 5', 'no space behind the colon', 'A:b', ['A: b']), field('RFC 9112 5', 'spaces and tabs around a value', 'A: \t b \t', ['A: b']),
  field('RFC 9112 5', 'an empty value', 'A:', ['A: ']), field('RFC 9110 5.5', 'a tab inside a value', 'A: b\tc', ['A: b\tc']),
  field('RFC 9110 5.5', 'obs-text', 'A: \x80\xe9\xff', ['A: \x80\xe9\xff']),
  field('RFC 9110 5.6.2', 'every token character', "!#$%&'*+-.^`|~09azAZ: c", ["!#$%&'*+-.^`|~09azAZ: c"]),
  field('RFC 9110 5.3', 'duplicates keep their order', 'A: 1\r\nB: x\r\nA: 2\r\na: 3', ['A: 1', 'B: x', 'A: 2', 'a: 3']),
  field('RFC 6265 5.4', 'two Cookie lines stay two', 'Cookie: a=1\r\nCookie: b=2', ['Cookie: a=1', 'Cookie: b=2']),
  field('RFC 9112 5', 'a value with colons', 'A: b: c:', ['A: b: c:']), field('RFC 9112 5', 'a value that looks like a request line', 'A: GET / HTTP/1.1', ['A: GET / HTTP/1.1']),
  field('limit', 'a hundred fields', 'A: b\r\n'.repeat(99).slice(0, -2), Array(99).fill('A: b')),
  badField('RFC 9112 5.1', 'a space before the colon', 'A : b'), badField('RFC 9112 5.1', 'a tab before the colon', 'A\t: b'),
  badField('RFC 9112 5', 'no colon', 'abc'), badField('RFC 9112 5', 'an empty name', ': b'), badField('RFC 9112 5', 'a colon alone', ':'),
  badField('RFC 9110 5.1', 'a parenthesis in a name', 'A(: b'), badField('RFC 9110 5.1', 'a space in a name', 'A B: c'),
  badField('RFC 9110 5.1', 'a quote in a name', '"A": b'), badField('RFC 9110 5.1', 'a slash in a name', 'A/B: c'),
  badField('RFC 9110 5.1', 'obs-text in a name', 'A\xe9: b'), badField('RFC 9110 5.1', 'a NUL in a name', 'A\0: b'),
  badField('RFC 9110 5.1', 'a DEL in a name', 'A\x7f: b'), badField('RFC 9110 5.1', 'braces in a name', '{A}: b'),
  badField('RFC 9112 5.2', 'a folded line', 'A: b\r\n c'), badField('RFC 9112 5.2', 'a line folded with a tab', 'A: b\r\n\tc'),
  badField('RFC 9112 5.2', 'a folded line of spaces', 'A: b\r\n  \r\nC: d'), badField('RFC 9112 5.2', 'a fold that hides a field', 'A: b\r\n Content-Length: 5'),
  badField('RFC 9110 5.5', 'a NUL in a value', 'A: b\0c'), badField('RFC 9110 5.5', 'a control in a value', 'A: b\x01'),
  badField('RFC 9110 5.5', 'a DEL in a value', 'A: b\x7f'), badField('RFC 9110 5.5', 'an escape in a value', 'A: \x1b[31m'),
  badField('RFC 9110 5.5', 'a vertical tab in a value', 'A: \x0bb'), badField('RFC 9110 5.5', 'a form feed in a value', 'A: b\x0c'),
  badField('RFC 9112 2.2', 'a bare CR in a value', 'A: b\rC: d'), badField('RFC 9112 2.2', 'a bare CR in a name', 'A\rB: c'),
  badField('RFC 9112 2.2', 'CR CR LF', 'A: b\r'), badField('RFC 9112 2.2', 'a bare LF behind a field', 'A: b\nC: d'),
  refused('RFC 9112 2.2', 'bare LF throughout', 400, 'GET / HTTP/1.1\nHost: h\n\n'),
  refused('RFC 9112 2.2', 'a bare LF behind the request line', 400, 'GET / HTTP/1.1\nHost: h\r\n\r\n'),
  refused('RFC 9112 2.2', 'a bare LF for the empty line', 400, 'GET / HTTP/1.1\r\nHost: h\r\n\n'),
  refused('CVE-2025-23167', 'CR and something for the empty line', 400, 'GET / HTTP/1.1\r\nHost: h\r\n\rX'),
  refused('RFC 9112 2.2', 'CR CR LF for the empty line', 400, 'GET / HTTP/1.1\r\nHost: h\r\n\r\r\n'),
  refused('RFC 9112 2.2', 'a space before the first field', 400, 'GET / HTTP/1.1\r\n Host: h\r\n\r\n'),
  refused('RFC 9112 2.2', 'a line of spaces before the first field', 400, 'GET / HTTP/1.1\r\n \r\nHost: h\r\n\r\n'),
  badField('limit', 'a field of 20 kB', `A: ${'b'.repeat(20000)}`, 431), badField('limit', 'a name of 300 bytes', `${'A'.repeat(300)}: b`, 431),
  badField('limit', 'a hundred and one fields', 'A: b\r\n'.repeat(100).slice(0, -2), 431),
  badField('limit', 'a head of 70 kB', `A: ${'b'.repeat(14000)}\r\n`.repeat(5).slice(0, -2), 431),
  refused('limit', 'a request line of 20 kB', 414, get('', `/${'a'.repeat(20000)}`)),
  refused('RFC 9110 9.3.2', 'a bad HEAD gets no body', 400, 'HEAD / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n', { methods: ['HEAD'] }),
  refused('RFC 9110 9.3.2', 'a HEAD without Host gets no body', 400, 'HEAD / HTTP/1.1\r\n\r\n', { methods: ['HEAD'] }),
]);
