#include "unit/http/cases.h"

namespace hearth::http::test {

using namespace std::string_literals;

namespace {
std::string with(const std::string& fields) { return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; }
std::string host(const std::string& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; }
}  // namespace

std::vector<RequestCase> request_field_cases() {
  return {
      // line ends
      {"RFC 9112 2.2 all bare LF (facts 4.1)", "GET / HTTP/1.1\nHost: h\n\n", "400"},
      {"RFC 9112 2.2 bare LF after a field", with("A: b\nC: d\r\n"), "400"},
      {"RFC 9112 2.2 bare LF ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\n", "400"},
      {"RFC 9112 2.2 bare LF request line", "GET / HTTP/1.1\nHost: h\r\n\r\n", "400"},
      {"RFC 9112 2.2 bare CR in value (CVE-2023-30589)", with("A: b\rC: d\r\n"), "400"},
      {"RFC 9112 2.2 bare CR in name", with("A\rB: c\r\n"), "400"},
      {"RFC 9112 2.2 CR CR LF", with("A: b\r\r\n"), "400"},
      {"CVE-2025-23167 CRLF CR X ends the head", "GET / HTTP/1.1\r\nHost: h\r\n\rXGET /2 HTTP/1.1\r\n\r\n", "400"},
      {"CRLF CR CRLF", "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n", "400"},
      // folding and white space
      {"RFC 9112 5.2 obs-fold with space (facts 4.2)", with("A: b\r\n c\r\n"), "400"},
      {"RFC 9112 5.2 obs-fold with tab", with("A: b\r\n\tc\r\n"), "400"},
      {"RFC 9112 5.2 folded Transfer-Encoding (CVE-2022-32215)", with("Transfer-Encoding:\r\n chunked\r\n"), "400"},
      {"RFC 9112 2.2 space before the first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "400"},
      {"RFC 9112 5.1 space before colon", with("A : b\r\n"), "400"},
      {"RFC 9112 5.1 tab before colon", with("A\t: b\r\n"), "400"},
      {"RFC 9112 5.1 space before colon of Transfer-Encoding", with("Transfer-Encoding : chunked\r\n"), "400"},
      {"RFC 9112 5.1 space before colon of Content-Length", with("Content-Length : 5\r\n"), "400"},
      {"RFC 9112 5 no space after colon", with("A:b\r\n"), "ok"},
      {"RFC 9112 5 spaces and tabs around value", with("A: \t b \t\r\n"), "ok"},
      {"RFC 9112 5 empty value", with("A:\r\n"), "ok"},
      {"RFC 9112 5 only spaces", with("A:   \r\n"), "ok"},
      // names
      {"RFC 9112 5 line without colon (facts 4.1)", with("abc\r\n"), "400"},
      {"CVE-2023-25725 empty name", with(": b\r\n"), "400"},
      {"CVE-2023-25725 empty name, nothing else", with(":\r\n"), "400"},
      {"RFC 9110 5.1 name with parenthesis", with("A(: b\r\n"), "400"},
      {"RFC 9110 5.1 name with space", with("A B: c\r\n"), "400"},
      {"RFC 9110 5.1 name with slash", with("A/B: c\r\n"), "400"},
      {"RFC 9110 5.1 name in quotes", with("\"A\": c\r\n"), "400"},
      {"RFC 9110 5.1 name with byte 0x80", with("A\x80: c\r\n"), "400"},
      {"RFC 9110 5.1 name with NUL", with("A\0: c\r\n"s), "400"},
      {"RFC 9110 5.6.2 every token character", with("!#$%&'*+-.^_`|~09azAZ: c\r\n"), "ok"},
      {"underscore in name passes", with("A_B: c\r\n"), "ok"},
      // values
      {"RFC 9110 5.5 NUL in value (facts 4.1)", with("A: b\0c\r\n"s), "400"},
      {"RFC 9110 5.5 control 0x01", with("A: b\x01\r\n"), "400"},
      {"RFC 9110 5.5 vertical tab", with("A: b\x0b\r\n"), "400"},
      {"RFC 9110 5.5 form feed", with("A: b\x0c\r\n"), "400"},
      {"RFC 9110 5.5 ESC", with("A: \x1b[31m\r\n"), "400"},
      {"RFC 9110 5.5 DEL", with("A: b\x7f\r\n"), "400"},
      {"RFC 9110 5.5 tab inside", with("A: b\tc\r\n"), "ok"},
      {"RFC 9110 5.5 obs-text", with("A: caf\xc3\xa9\r\n"), "ok"},
      {"RFC 9110 5.5 byte 0xff", with("A: \xff\r\n"), "ok"},
      {"RFC 9110 5.3 duplicates pass", with("A: 1\r\nA: 2\r\nCookie: a=1\r\nCookie: b=2\r\n"), "ok"},
      // Host
      {"RFC 9112 3.2 no Host in 1.1 (facts 4.2 item 2)", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"RFC 9112 3.2 two Hosts, same", with("Host: h\r\n"), "400"},
      {"RFC 9112 3.2 two Hosts, different", with("Host: i\r\n"), "400"},
      {"RFC 9112 3.2 two Hosts, case of the name", with("hOST: h\r\n"), "400"},
      {"RFC 9112 3.2 two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", "400"},
      {"RFC 9112 3.2 empty Host", host(""), "400"},
      {"RFC 9112 3.2 bad Host in 1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", "400"},
      {"RFC 9110 7.2 host and port", host("h.example:8080"), "ok"},
      {"RFC 9110 7.2 empty port", host("h:"), "ok"},
      {"RFC 9110 7.2 IPv4", host("127.0.0.1:80"), "ok"},
      {"RFC 9110 7.2 IPv6", host("[::1]:80"), "ok"},
      {"RFC 9110 7.2 IPv6 without port", host("[fe80::1]"), "ok"},
      {"RFC 9110 7.2 IPv6 without brackets", host("::1"), "400"},
      {"RFC 9110 7.2 unclosed bracket", host("[::1"), "400"},
      {"RFC 9110 7.2 letters after bracket", host("[::1]x"), "400"},
      {"RFC 9110 7.2 zone id", host("[fe80::1%25eth0]"), "400"},
      {"RFC 9110 7.2 port not a number", host("h:8a"), "400"},
      {"RFC 9110 7.2 port too large", host("h:65536"), "400"},
      {"RFC 9110 7.2 port of six digits", host("h:000080"), "400"},
      {"RFC 9110 7.2 two ports", host("h:80:80"), "400"},
      {"RFC 9110 7.2 port only", host(":80"), "400"},
      {"RFC 9110 7.2 space (facts 4.1)", host("a b"), "400"},
      {"RFC 9110 7.2 comma", host("a,b"), "400"},
      {"RFC 9110 7.2 userinfo (facts 4.1)", host("x@a"), "400"},
      {"RFC 9110 7.2 path", host("a/b"), "400"},
      {"RFC 9110 7.2 query", host("a?b"), "400"},
      {"RFC 9110 7.2 backslash", host("a\\b"), "400"},
      {"RFC 9110 7.2 UTF-8", host("\xc3\xa9"), "400"},
      {"RFC 9110 7.2 underscore is a name people use", host("my_host"), "ok"},
      // Expect
      {"RFC 9110 10.1.1 unknown expectation", with("Expect: 200-ok\r\n"), "417"},
      {"RFC 9110 10.1.1 without a body is only a hint", with("Expect: 100-continue\r\n"), "ok"},
      // closing
      {"RFC 9112 9.6 after close nothing is read", with("Connection: close\r\n") + with(""), "ok"},
      {"RFC 9112 9.3 HTTP/1.0 closes", "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n", "ok"},
      {"RFC 9112 9.3 HTTP/1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
       "ok ok"},
      {"RFC 9110 7.6.1 close among other options", with("Connection: x, CLOSE\r\n") + with(""), "ok"},
      {"unfinished request line", "GET / HT", "part"},
      {"unfinished head", "GET / HTTP/1.1\r\nHost: h\r\nA", "part"},
      {"head without its last LF", "GET / HTTP/1.1\r\nHost: h\r\n\r", "part"},
      {"nothing at all", "", ""},
  };
}

}  // namespace hearth::http::test
