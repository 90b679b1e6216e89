#include "unit/http/cases.h"

namespace hearth::http::test {

using namespace std::string_literals;

namespace {
std::string line(const std::string& text) { return text + "\r\nHost: h\r\n\r\n"; }
std::string get(const std::string& target) { return line("GET " + target + " HTTP/1.1"); }
}  // namespace

std::vector<RequestCase> request_line_cases() {
  return {
      {"RFC 9112 3 plain GET", get("/"), "ok"},
      {"RFC 9112 9.3.2 pipelining", get("/a") + get("/b") + get("/c"), "ok ok ok"},
      {"RFC 9112 3 two spaces after method (facts 4.1)", line("GET  / HTTP/1.1"), "400"},
      {"RFC 9112 3 two spaces before version (facts 4.1)", line("GET /  HTTP/1.1"), "400"},
      {"RFC 9112 3 space behind version", line("GET / HTTP/1.1 "), "400"},
      {"RFC 9112 3 tab as separator", line("GET\t/ HTTP/1.1"), "400"},
      {"RFC 9112 3 tab in target", get("/a\tb"), "400"},
      {"RFC 9112 3 leading space", line(" GET / HTTP/1.1"), "400"},
      {"RFC 9112 3 leading tab", line("\tGET / HTTP/1.1"), "400"},
      {"RFC 9112 3 nothing but a method", line("GET"), "400"},
      {"RFC 9112 3 method and space", line("GET "), "400"},
      {"RFC 9112 3 no target", line("GET HTTP/1.1"), "400"},
      {"RFC 9112 2.2 one empty line before is ignored", "\r\n" + get("/"), "ok"},
      {"RFC 9112 2.2 and between requests", get("/") + "\r\n" + get("/"), "ok ok"},
      {"limits: two empty lines are not ignored", "\r\n\r\n" + get("/"), "400"},
      {"RFC 9112 2.2 leading bare LF (F1)", "\n" + get("/"), "400"},
      {"RFC 9112 2.2 leading CR without LF", "\r" + get("/"), "400"},
      {"RFC 9112 2.2 leading CR CR LF", "\r\r\n" + get("/"), "400"},
      // versions
      {"RFC 9112 2.3 HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "ok"},
      {"facts 4.2 item 1 HTTP/0.9 line", "GET /\r\n\r\n", "400"},
      {"facts 4.2 item 1 HTTP/0.9 spelled out", line("GET / HTTP/0.9"), "505"},
      {"facts 4.2 item 1 HTTP/2.0", line("GET / HTTP/2.0"), "505"},
      {"facts 4.1 HTTP/1.2", line("GET / HTTP/1.2"), "505"},
      {"facts H2-22 HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"RFC 9112 2.3 HTTP/1.10", line("GET / HTTP/1.10"), "400"},
      {"RFC 9112 2.3 HTTP/1", line("GET / HTTP/1"), "400"},
      {"RFC 9112 2.3 HTTP/1.", line("GET / HTTP/1."), "400"},
      {"RFC 9112 2.3 HTTP/01.1", line("GET / HTTP/01.1"), "400"},
      {"RFC 9112 2.3 lower case", line("GET / http/1.1"), "400"},
      {"RFC 9112 2.3 HTTP/1,1", line("GET / HTTP/1,1"), "400"},
      {"RFC 9112 2.3 HTTP 1.1", line("GET / HTTP 1.1"), "400"},
      {"RFC 9112 2.3 ICE protocol (facts 4.2 item 5)", line("SOURCE / ICE/1.0"), "400"},
      {"RFC 9112 2.3 RTSP protocol (facts 4.2 item 5)", line("OPTIONS / RTSP/1.0"), "400"},
      // methods
      {"RFC 9110 9.3.1 HEAD", line("HEAD / HTTP/1.1"), "ok"},
      {"RFC 9110 9.3.3 POST without body", line("POST / HTTP/1.1"), "ok"},
      {"RFC 9110 9.3.7 OPTIONS *", line("OPTIONS * HTTP/1.1"), "ok"},
      {"RFC 9112 3.2.4 GET *", line("GET * HTTP/1.1"), "400"},
      {"RFC 4918 PROPFIND", line("PROPFIND / HTTP/1.1"), "ok"},
      {"RFC 6352 REPORT", line("REPORT / HTTP/1.1"), "ok"},
      {"RFC 5789 PATCH", line("PATCH / HTTP/1.1"), "ok"},
      {"UPnP M-SEARCH", line("M-SEARCH / HTTP/1.1"), "ok"},
      {"RFC 9110 9.1 lower case (facts 4.1)", line("get / HTTP/1.1"), "501"},
      {"RFC 9110 9.1 unknown method (facts 4.1)", line("FOO / HTTP/1.1"), "501"},
      {"facts 4.2 item 5 SOURCE", line("SOURCE / HTTP/1.1"), "501"},
      {"facts 4.2 item 5 TRACE", line("TRACE / HTTP/1.1"), "405"},
      {"facts 4.2 item 5 CONNECT", line("CONNECT h:443 HTTP/1.1"), "405"},
      {"RFC 9110 9.1 method is a token", line("GE(T / HTTP/1.1"), "400"},
      {"RFC 9110 9.1 method with colon", line("GET: / HTTP/1.1"), "400"},
      {"a TLS client hello on a plain port", "\x16\x03\x01\x02\x00\x01"s, "400"},
      {"a TLS client hello's first byte", "\x16", "400"},
      // targets
      {"RFC 9112 3.2.1 query", get("/a?b=c&d"), "ok"},
      {"RFC 9112 3.2.1 empty query", get("/?"), "ok"},
      {"RFC 9112 3.2.1 question mark in query", get("/?a?b"), "ok"},
      {"RFC 9112 3.2.1 double slash", get("//a//b"), "ok"},
      {"RFC 9112 3.2.1 relative", get("a"), "400"},
      {"RFC 9112 3.2.1 query only", get("?a"), "400"},
      {"RFC 9112 3.2.3 authority form with GET", get("h:80"), "400"},
      {"facts 4.1 fragment", get("/a#b"), "400"},
      {"facts 4.5 rule 1 raw backslash in path", get("/a\\..\\b"), "400"},
      {"backslash in the query stays", get("/a?b\\c"), "ok"},
      {"facts 4.1 raw UTF-8", get("/\xc3\xa9"), "400"},
      {"raw UTF-8 in the query", get("/?\xc3\xa9"), "400"},
      {"byte 0xff in target", get("/\xff"), "400"},
      {"DEL in target", get("/\x7f"), "400"},
      {"NUL in target", get("/a\0b"s), "400"},
      {"control in target", get("/a\x01"), "400"},
      {"CR in target", get("/a\rb"), "400"},
      {"characters browsers send raw", get("/a|b?c={}|^`\"<>"), "ok"},
      {"facts 4.1 %zz passes to who understands it", get("/%zz"), "ok"},
      // absolute form
      {"RFC 9112 3.2.2 same host", get("http://h/x"), "ok"},
      {"RFC 9112 3.2.2 https", get("https://h/x"), "ok"},
      {"RFC 9112 3.2.2 scheme and host in upper case", get("HTTP://H/x"), "ok"},
      {"RFC 9112 3.2.2 default port", get("http://h:80/x"), "ok"},
      {"RFC 9112 3.2.2 no path", get("http://h"), "ok"},
      {"RFC 9112 3.2.2 no path but a query", get("http://h?q"), "ok"},
      {"RFC 9112 3.2.4 OPTIONS without path", line("OPTIONS http://h HTTP/1.1"), "ok"},
      {"facts 4.2 item 2 host differs", get("http://other/x"), "400"},
      {"facts 4.2 item 2 port differs", get("http://h:81/x"), "400"},
      {"facts 4.2 item 2 https is not port 80", get("https://h:80/x"), "400"},
      {"RFC 9110 4.2.4 userinfo in target", get("http://u@h/x"), "400"},
      {"RFC 9110 4.2.1 empty host", get("http:///x"), "400"},
      {"RFC 9112 3.2.2 unknown scheme", get("ftp://h/x"), "400"},
      {"RFC 9112 3.2.2 absolute form in HTTP/1.0 without Host", "GET http://h/x HTTP/1.0\r\n\r\n", "ok"},
      {"RFC 9112 3.2.2 absolute form still needs Host", "GET http://h/x HTTP/1.1\r\n\r\n", "400"},
  };
}

}  // namespace hearth::http::test
