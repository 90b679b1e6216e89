// Request targets, Host, methods, and the way from a path to a location (RFC 9112 3.2, RFC 9110 7.2, 9).
import { get, passes, refused, up } from './lib/cases.mjs';
import { table } from './lib/table.mjs';

const request = (target, host = 'h', method = 'GET') => `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const target = (rfc, name, text, sent = text) => passes(rfc, name, request(text), up(`GET ${sent}`));
const badTarget = (rfc, name, text, status = 400) => refused(rfc, name, status, request(text));
const host = (name, value) =>
  passes('RFC 9110 7.2', `Host ${name}`, request('/', value), up('GET /', [], { host: value }));
const badHost = (name, value) => refused('RFC 9110 7.2', `Host ${name}`, 400, request('/', value));
const method = (name) => passes('RFC 9110 9', name, request('/', 'h', name), up(`${name} /`));
// Well-formed, but nowhere to go: answered, and the connection goes on.
const local = (rfc, name, send, status, has, methods = ['GET']) =>
  ({ rfc, name, send, methods, up: [], out: [{ status, has }], closes: false });
const nowhere = (name, path) => local('RFC 3986 5.2.4', name, request(path), 400, []);

table('Targets', [
  target('RFC 9112 3.2.1', 'a query', '/a?b=c&d'), target('RFC 9112 3.2.1', 'an empty query', '/?'),
  target('RFC 9112 3.2.1', 'a question mark in a query', '/?a?b'),
  target('RFC 9112 3.2.1', 'a backslash in a query', '/?a\\b'),
  target('RFC 3986 2.1', 'escapes stay as they are', '/%41%2f%2F%c3%a9?%zz'),
  target('RFC 3986 3.3', 'double slashes stay', '//a//b'),
  target('RFC 3986 3.3', 'semicolons stay', '/a;b=c/d;e'),
  target('RFC 3986 6.2.2.3', 'dot segments inside stay', '/a/./b/../c'),
  target('RFC 3986 2.4', 'twice escaped stays', '/%252e%252e/%2525'),
  target('RFC 9112 3.2.1', 'what browsers send raw', '/a|b?c={}|^`"<>'),
  target('RFC 9110 4.1', 'a target of 8 000 bytes', `/${'a'.repeat(8000)}`),
  badTarget('RFC 9112 3.2.1', 'no slash', 'a'), badTarget('RFC 9112 3.2.1', 'only a query', '?a'),
  badTarget('RFC 9112 3.2.3', 'authority form', 'h:80'),
  badTarget('RFC 9112 3.2.4', 'an asterisk for GET', '*'), badTarget('RFC 9112 3.2.1', 'an asterisk and more', '*/a'),
  badTarget('RFC 9112 3.2', 'a fragment', '/a#b'), badTarget('RFC 9112 3.2', 'a backslash', '/a\\b'),
  badTarget('RFC 9112 3.2', 'backslashes that climb', '/a\\..\\..\\b'),
  badTarget('RFC 9112 3.2', 'UTF-8', '/\xc3\xa9'), badTarget('RFC 9112 3.2', 'UTF-8 in the query', '/?\xc3\xa9'),
  badTarget('RFC 9112 3.2', 'a NUL', '/a\0b'), badTarget('RFC 9112 3.2', 'a tab', '/a\tb'),
  badTarget('RFC 9112 3.2', 'a bare CR', '/a\rb'),
  badTarget('RFC 9112 3.2', 'a DEL', '/a\x7f'), badTarget('RFC 9112 3.2', 'a control', '/\x01'),
  badTarget('RFC 9112 3.2', 'a space', '/a b'),
  nowhere('climbing above the root', '/..'), nowhere('climbing from below', '/a/../../b'),
  nowhere('climbing in escapes', '/%2e%2e/a'),
  nowhere('climbing in mixed escapes', '/.%2E/a'), nowhere('climbing over an escaped slash', '/a%2f..%2f..%2fb'),
  nowhere('a NUL in an escape', '/a%00b'), nowhere('half an escape', '/a%2'), nowhere('a broken escape', '/%zz'),
  nowhere('a percent sign', '/%'),
]);

table('Host and absolute form', [
  host('with a port', 'h.example:8080'), host('in IPv4', '127.0.0.1:80'), host('in IPv6', '[::1]:80'),
  host('in IPv6 without port', '[fe80::1]'),
  host('with an empty port', 'h:'), host('with an underscore', 'my_host'), host('in upper case', 'H.EXAMPLE'),
  badHost('empty', ''), badHost('with a space', 'a b'), badHost('with a comma', 'a,b'), badHost('with userinfo', 'x@a'),
  badHost('with a path', 'a/b'),
  badHost('with a query', 'a?b'), badHost('with a fragment', 'a#b'), badHost('with a backslash', 'a\\b'),
  badHost('that is only a port', ':80'),
  badHost('with two ports', 'h:80:80'), badHost('with a port of letters', 'h:8a'),
  badHost('with port 65536', 'h:65536'),
  badHost('with a negative port', 'h:-1'), badHost('in IPv6 without brackets', '::1'),
  badHost('with an open bracket', '[::1'),
  badHost('with letters behind the bracket', '[::1]x'), badHost('with a zone', '[fe80::1%25eth0]'),
  badHost('in UTF-8', '\xc3\xa9'),
  badHost('with a NUL', 'a\0b'), badHost('with a tab inside', 'a\tb'), badHost('with an escape', 'a%2fb'),
  badHost('with a scheme', 'http://a'),
  refused('RFC 9112 3.2', 'no Host', 400, 'GET / HTTP/1.1\r\n\r\n'),
  refused('RFC 9112 3.2', 'two Hosts, the same', 400, get('Host: h\r\n')),
  refused('RFC 9112 3.2', 'two Hosts, different', 400, get('Host: i\r\n')),
  refused('RFC 9112 3.2', 'two Hosts, other case', 400, get('hOST: h\r\n')),
  refused('RFC 9112 3.2', 'two Hosts, one empty', 400, get('Host:\r\n')),
  refused('RFC 9112 3.2', 'two Hosts in HTTP/1.0', 400, 'GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n'),
  refused('RFC 9112 5.1', 'Host with a space before the colon', 400, 'GET / HTTP/1.1\r\nHost : h\r\n\r\n'),
  refused('RFC 9112 5.2', 'Host on a folded line', 400, 'GET / HTTP/1.1\r\nHost:\r\n h\r\n\r\n'),
  target('RFC 9112 3.2.2', 'absolute form becomes origin form', 'http://h/x?y', '/x?y'),
  target('RFC 9112 3.2.2', 'without a path', 'http://h', '/'),
  target('RFC 9112 3.2.2', 'without a path, with a query', 'http://h?q', '/?q'),
  target('RFC 9112 3.2.2', 'in upper case', 'HTTP://H/x', '/x'),
  target('RFC 9112 3.2.2', 'with the default port', 'http://h:80/x', '/x'),
  target('RFC 9112 3.2.2', 'with an empty port', 'http://h:/x', '/x'),
  badTarget('RFC 9112 3.2.2', 'another host than Host', 'http://other/x'),
  badTarget('RFC 9112 3.2.2', 'another port than Host', 'http://h:81/x'),
  badTarget('RFC 9112 3.2.2', 'https with port 80', 'https://h:80/x'),
  badTarget('RFC 9110 4.2.4', 'userinfo', 'http://u@h/x'),
  badTarget('RFC 9110 4.2.4', 'userinfo that looks like the host', 'http://h:80@evil/x'),
  badTarget('RFC 9110 4.2.1', 'an empty host', 'http:///x'),
  badTarget('RFC 9112 3.2.2', 'one slash', 'http:/h/x'), badTarget('RFC 9112 3.2.2', 'another scheme', 'ftp://h/x'),
  badTarget('RFC 9112 3.2.2', 'a backslash behind the host', 'http://h\\@evil/x'),
  refused('RFC 9112 3.2.2', 'absolute form without Host', 400, 'GET http://h/x HTTP/1.1\r\n\r\n'),
  { ...passes('RFC 9112 3.2.2', 'absolute form in HTTP/1.0 without Host', 'GET http://h/x HTTP/1.0\r\n\r\n',
    up('GET /x')), closes: true },
]);

table('Methods', [
  ...['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'REPORT', 'M-SEARCH', 'PURGE'].map(method),
  passes('RFC 9110 9.3.2', 'HEAD', request('/', 'h', 'HEAD'), up('HEAD /'),
    { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' }),
  local('RFC 9110 9.3.7', 'OPTIONS * is answered here', request('*', 'h', 'OPTIONS'), 204, [], ['OPTIONS']),
  local('RFC 9112 3.2.4', 'OPTIONS of an absolute form without path', request('http://h', 'h', 'OPTIONS'), 204, [],
    ['OPTIONS']),
  passes('RFC 9112 3.2.4', 'OPTIONS of a path', request('http://h/', 'h', 'OPTIONS'), up('OPTIONS /')),
  local('RFC 9110 7.6.2', 'OPTIONS that may go no further', 'OPTIONS /a HTTP/1.1\r\nHost: h\r\nMax-Forwards: 0\r\n\r\n',
    204, [], ['OPTIONS']),
  passes('RFC 9110 7.6.2', 'OPTIONS that may go one further',
    'OPTIONS /a HTTP/1.1\r\nHost: h\r\nMax-Forwards: 1\r\n\r\n', up('OPTIONS /a', ['Max-Forwards: 0'])),
  passes('RFC 9110 7.6.2', 'Max-Forwards means nothing to GET', get('Max-Forwards: 0\r\n'),
    up('GET /', ['Max-Forwards: 0'])),
  refused('RFC 9110 9.3.8', 'TRACE', 405, request('/', 'h', 'TRACE'), { out: [{ status: 405, has: /\r\nAllow: / }] }),
  refused('RFC 9110 9.3.6', 'CONNECT', 405, request('h:443', 'h:443', 'CONNECT'),
    { out: [{ status: 405, has: /\r\nAllow: / }] }),
  refused('RFC 9110 9.3.6', 'CONNECT with a path', 405, request('/', 'h', 'CONNECT')),
  refused('RFC 9110 9.3.8', 'TRACE with a body', 405, 'TRACE / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello'),
  refused('RFC 9112 3.2.4', 'POST *', 400, request('*', 'h', 'POST')),
]);

const closed = (name, path) => local('RFC 3986 6.2.2', name, request(path), 403, []);
table('Paths and locations', [
  closed('the location itself', '/private/x'), closed('an escaped letter', '/%70rivate/x'),
  closed('two slashes before', '//private/x'),
  closed('two slashes behind', '/private//x'), closed('a dot segment', '/a/../private/x'),
  closed('a dot segment in escapes', '/a/%2e%2e/private/x'),
  closed('half an escaped dot segment', '/a/.%2e/private/x'), closed('an escaped slash', '/private%2fx'),
  closed('a dot segment over escaped slashes', '/a%2f..%2fprivate%2fx'),
  closed('a single dot', '/./private/x'), closed('a single dot in escapes', '/%2E/private/x'),
  closed('an absolute form', 'http://h/private/x'),
  closed('an absolute form with a dot segment', 'http://h/a/../private/x'), closed('a query behind', '/private/?x'),
  passes('RFC 3986 6.2.2', 'leaving it by a dot segment', request('/private/../x'), up('GET /private/../x')),
  passes('RFC 3986 2.4', 'twice escaped is another name', request('/%2570rivate/x'), up('GET /%2570rivate/x')),
  passes('RFC 3986 3.4', 'its name in a query', request('/x?/../private/'), up('GET /x?/../private/')),
  passes('proxy_pass with a path', 'replaces the prefix', request('/sub/a?b'), up('GET /base/a?b')),
  passes('proxy_pass with a path', 'no line end comes out of an escape', request('/sub/a%0d%0aB:%20c%20HTTP/1.1'),
    up('GET /base/a%0D%0AB:%20c%20HTTP/1.1')),
  passes('proxy_pass with a path', 'no query comes out of an escape', request('/sub/a%3fb%23c'),
    up('GET /base/a%3Fb%23c')),
  passes('proxy_pass with a path', 'no dot segment comes through', request('/sub/a/../b/./c'), up('GET /base/b/c')),
  local('proxy_pass with a path', 'no dot segment climbs', request('/sub/..%2f..%2fx'), 400, []),
], { server: 'location /private/ { proxy_pass $ORIGIN; deny all; } location /sub/ { proxy_pass $ORIGIN/base/; }' });
