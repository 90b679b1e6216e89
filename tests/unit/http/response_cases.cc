#include "unit/http/cases.h"

namespace hearth::http::test {

using namespace std::string_literals;

namespace {
std::string ok(const std::string& fields, const std::string& body = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}
std::string status(const std::string& line, const std::string& fields = "Content-Length: 0\r\n") {
  return line + "\r\n" + fields + "\r\n";
}
std::string repeat(const std::string& text, int n) {
  std::string all;
  for (int i = 0; i < n; ++i) all += text;
  return all;
}
constexpr ResponseContext kHead{.head_request = true};
constexpr ResponseContext kUpgrade{.expects_upgrade = true};
}  // namespace

std::vector<ResponseCase> response_cases() {
  const std::string end = status("HTTP/1.1 200 OK");
  return {
      {"RFC 9112 6.3 counted", ok("Content-Length: 5\r\n", "hello"), "ok"},
      {"RFC 9112 6.3 bytes behind are untouched", ok("Content-Length: 5\r\n", "helloX"), "ok"},
      {"RFC 9112 6.3 zero", ok("Content-Length: 0\r\n"), "ok"},
      {"RFC 9112 6.3 chunked", ok("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), "ok"},
      {"RFC 9112 7.1.2 chunked with trailers", ok("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\nA: b\r\n\r\n"),
       "ok"},
      {"RFC 9112 6.3 until close", ok("", "hello"), "ok", {}, true},
      {"RFC 9112 6.3 until close, still open", ok("", "hello"), "part"},
      {"RFC 9112 6.3 until close, empty", ok(""), "ok", {}, true},
      {"RFC 9112 8 counted, cut short", ok("Content-Length: 5\r\n", "hel"), "502", {}, true},
      {"RFC 9112 8 chunked, cut in data", ok("Transfer-Encoding: chunked\r\n", "5\r\nhel"), "502", {}, true},
      {"RFC 9112 8 chunked, cut before last chunk",
       ok("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"),
       "502",
       {},
       true},
      {"RFC 9112 8 chunked, cut before last CRLF", ok("Transfer-Encoding: chunked\r\n", "0\r\n"), "502", {}, true},
      {"RFC 9112 8 cut in head", "HTTP/1.1 200 OK\r\nA: b\r\n", "502", {}, true},
      {"RFC 9112 8 closed without a byte", "", "502", {}, true},
      // responses without body
      {"RFC 9112 6.3 HEAD with Content-Length", ok("Content-Length: 5\r\n"), "ok", kHead},
      {"RFC 9112 6.3 HEAD with chunked", ok("Transfer-Encoding: chunked\r\n"), "ok", kHead},
      {"RFC 9112 6.3 HEAD without either", ok(""), "ok", kHead},
      {"RFC 9112 6.3 204", status("HTTP/1.1 204 No Content", ""), "ok"},
      {"RFC 9112 6.3 204 with bytes behind", status("HTTP/1.1 204 No Content", "") + "x", "ok"},
      {"RFC 9110 8.6 204 with Content-Length", status("HTTP/1.1 204 No Content", "Content-Length: 3\r\n"), "ok"},
      {"RFC 9112 6.1 204 with Transfer-Encoding", status("HTTP/1.1 204 N", "Transfer-Encoding: chunked\r\n"), "502"},
      {"RFC 9112 6.3 304 with Content-Length", status("HTTP/1.1 304 Not Modified", "Content-Length: 3\r\n"), "ok"},
      {"RFC 9112 6.3 304 with chunked", status("HTTP/1.1 304 N", "Transfer-Encoding: chunked\r\n"), "ok"},
      // framing conflicts
      {"RFC 9112 6.3 TE and CL", ok("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), "502"},
      {"RFC 9112 6.3 CL and TE", ok("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "502"},
      {"RFC 9112 6.3 CL twice, same", ok("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "502"},
      {"RFC 9112 6.3 CL twice, different", ok("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), "502"},
      {"RFC 9112 6.3 CL list", ok("Content-Length: 5, 5\r\n", "hello"), "502"},
      {"RFC 9112 6.3 CL twice next to a Host", ok("Host: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n"), "502"},
      {"RFC 9110 8.6 CL +5", ok("Content-Length: +5\r\n", "hello"), "502"},
      {"RFC 9110 8.6 CL negative", ok("Content-Length: -1\r\n"), "502"},
      {"RFC 9110 8.6 CL empty", ok("Content-Length:\r\n"), "502"},
      {"RFC 9110 8.6 CL too large", ok("Content-Length: 99999999999999999999\r\n"), "502"},
      {"RFC 9112 6.1 gzip, chunked is not until close", ok("Transfer-Encoding: gzip, chunked\r\n", "x"), "502"},
      {"RFC 9112 6.1 identity", ok("Transfer-Encoding: identity\r\n", "x"), "502"},
      {"RFC 9112 6.1 xchunked", ok("Transfer-Encoding: xchunked\r\n", "x"), "502"},
      {"RFC 9112 6.1 empty", ok("Transfer-Encoding:\r\n", "x"), "502"},
      {"facts 4.2 item 3 chunked and a tab", ok("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n"), "502"},
      {"RFC 9112 6.1 twice", ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "502"},
      {"RFC 9112 6.1 in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "502"},
      {"RFC 9112 7.1 bad chunk size", ok("Transfer-Encoding: chunked\r\n", "x\r\n"), "502"},
      {"RFC 9112 7.1 chunk size with bare LF", ok("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n"), "502"},
      {"RFC 9110 6.5.1 Content-Length in trailers",
       ok("Transfer-Encoding: chunked\r\n", "0\r\nContent-Length: 5\r\n\r\n"), "502"},
      {"RFC 9110 6.5.1 Set-Cookie in trailers", ok("Transfer-Encoding: chunked\r\n", "0\r\nSet-Cookie: a\r\n\r\n"),
       "502"},
      {"RFC 9110 6.5.1 Content-Encoding in trailers",
       ok("Transfer-Encoding: chunked\r\n", "0\r\nContent-Encoding: x\r\n\r\n"), "502"},
      // status line
      {"RFC 9112 4 empty reason", status("HTTP/1.1 200 "), "ok"},
      {"RFC 9112 4 no reason and no space", status("HTTP/1.1 200"), "ok"},
      {"RFC 9112 4 reason with spaces and obs-text", status("HTTP/1.1 200 all \xc3\xa9 fine"), "ok"},
      {"RFC 9112 4 HTTP/1.0", status("HTTP/1.0 200 OK"), "ok"},
      {"RFC 9112 4 unknown status", status("HTTP/1.1 599 Odd"), "ok"},
      {"RFC 9112 4 HTTP/2.0", status("HTTP/2.0 200 OK"), "502"},
      {"RFC 9112 4 HTTP/0.9", "hello", "502", {}, true},
      {"RFC 9112 4 HTTP/1.2", status("HTTP/1.2 200 OK"), "502"},
      {"RFC 9112 4 two digits", status("HTTP/1.1 20 OK"), "502"},
      {"RFC 9112 4 four digits", status("HTTP/1.1 2000 OK"), "502"},
      {"RFC 9112 4 below 100", status("HTTP/1.1 099 OK"), "502"},
      {"RFC 9112 4 letters", status("HTTP/1.1 2xx OK"), "502"},
      {"RFC 9112 4 two spaces", status("HTTP/1.1  200 OK"), "502"},
      {"RFC 9112 4 leading space", status(" HTTP/1.1 200 OK"), "502"},
      {"RFC 9112 4 leading empty line", "\r\n" + end, "502"},
      {"RFC 9112 4 ICY", status("ICY 200 OK"), "502"},
      // response splitting
      {"RFC 9112 2.2 bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "502"},
      {"RFC 9112 2.2 bare CR in value", ok("A: b\rSet-Cookie: x\r\nContent-Length: 0\r\n"), "502"},
      {"RFC 9110 5.5 NUL in value", ok("A: b\0\r\nContent-Length: 0\r\n"s), "502"},
      {"RFC 9110 5.5 control in reason", status("HTTP/1.1 200 O\x01K"), "502"},
      {"RFC 9112 5.2 obs-fold", ok("A: b\r\n c\r\nContent-Length: 0\r\n"), "502"},
      {"RFC 9112 5.1 space before colon", ok("Content-Length : 0\r\n"), "502"},
      {"CVE-2023-25725 empty name", ok(": x\r\nContent-Length: 0\r\n"), "502"},
      {"RFC 9112 5 no colon", ok("abc\r\nContent-Length: 0\r\n"), "502"},
      {"RFC 9112 2.2 CRLF CR X", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rX", "502"},
      {"RFC 9110 5.3 several Set-Cookie", ok("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n"), "ok"},
      // interim
      {"RFC 9110 15.2.1 100 then final", "HTTP/1.1 100 Continue\r\n\r\n" + end, "interim ok"},
      {"RFC 9110 15.2.2 102", "HTTP/1.1 102 Processing\r\n\r\n" + end, "interim ok"},
      {"RFC 8297 103", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + end, "interim ok"},
      {"RFC 9110 15.2 unknown 1xx", "HTTP/1.1 150 X\r\n\r\n" + end, "interim ok"},
      {"RFC 9110 15.2 before a HEAD response", "HTTP/1.1 100 C\r\n\r\n" + ok("Content-Length: 5\r\n"), "interim ok",
       kHead},
      {"limit: eight interim responses", repeat("HTTP/1.1 103 E\r\n\r\n", 8) + end,
       "interim interim interim interim interim interim interim interim ok"},
      {"limit: nine interim responses", repeat("HTTP/1.1 103 E\r\n\r\n", 9) + end,
       "interim interim interim interim interim interim interim interim 502"},
      {"RFC 9110 8.6 interim with a body", "HTTP/1.1 103 E\r\nContent-Length: 3\r\n\r\nabc" + end, "502"},
      {"RFC 9112 6.1 interim with Transfer-Encoding", "HTTP/1.1 100 C\r\nTransfer-Encoding: chunked\r\n\r\n", "502"},
      {"RFC 9112 8 closed after an interim", "HTTP/1.1 100 Continue\r\n\r\n", "interim 502", {}, true},
      // upgrade
      {"facts 4.2 item 7 101 not asked for", "HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "502"},
      {"WS-10 101 and the first frame", "HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00"s,
       "ok", kUpgrade},
      {"RFC 9110 15.2.2 101 with a body", "HTTP/1.1 101 S\r\nContent-Length: 3\r\n\r\n", "502", kUpgrade},
      {"RFC 6455 4.1 101 in HTTP/1.0", "HTTP/1.0 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "502",
       kUpgrade},
      {"WS-08 refused upgrade", "HTTP/1.1 403 F\r\nContent-Length: 2\r\n\r\nno", "ok", kUpgrade},
      {"WS-08 interim before 101",
       "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "interim ok",
       kUpgrade},
      {"Upgrade advertised in a 200", ok("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "hi"), "ok"},
      {"Upgrade advertised in a 426",
       status("HTTP/1.1 426 U", "Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n"), "ok"},
      // limits
      {"limit: 101 fields", ok(repeat("A: b\r\n", 101)), "502"},
      {"limit: status line", status("HTTP/1.1 200 " + std::string(9000, 'r')), "502"},
      {"limit: head", ok(repeat("A: " + std::string(15000, 'v') + "\r\n", 5)), "502"},
  };
}

}  // namespace hearth::http::test
