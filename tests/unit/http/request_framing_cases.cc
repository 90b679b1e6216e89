#include "unit/http/cases.h"

namespace hearth::http::test {

using namespace std::string_literals;

namespace {
std::string post(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
std::string chunks(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }
const std::string kNext = "GET /next HTTP/1.1\r\nHost: h\r\n\r\n";
}  // namespace

std::vector<RequestCase> request_framing_cases() {
  return {
      // Content-Length
      {"RFC 9112 6.2 counted body, then the next request", post("Content-Length: 5\r\n", "hello") + kNext, "ok ok"},
      {"RFC 9112 6.2 zero", post("Content-Length: 0\r\n") + kNext, "ok ok"},
      {"RFC 9112 6.3 no field, no body", post("") + kNext, "ok ok"},
      {"RFC 9112 6.2 a body that looks like a request",
       post("Content-Length: " + std::to_string(kNext.size()) + "\r\n", kNext) + kNext, "ok ok"},
      {"RFC 9112 6.2 GET with body", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi" + kNext, "ok ok"},
      {"RFC 9110 8.6 leading zeros", post("Content-Length: 005\r\n", "hello") + kNext, "ok ok"},
      {"body cut short", post("Content-Length: 5\r\n", "hel"), "part"},
      {"RFC 9112 6.3 twice, same (facts 4.1)", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400"},
      {"RFC 9112 6.3 twice, different", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), "400"},
      {"RFC 9112 6.3 list", post("Content-Length: 5, 5\r\n", "hello"), "400"},
      {"RFC 9112 6.3 list of different", post("Content-Length: 5,6\r\n", "hello"), "400"},
      {"RFC 9110 8.6 plus", post("Content-Length: +5\r\n", "hello"), "400"},
      {"RFC 9110 8.6 minus", post("Content-Length: -5\r\n", "hello"), "400"},
      {"RFC 9110 8.6 hexadecimal", post("Content-Length: 0x5\r\n", "hello"), "400"},
      {"RFC 9110 8.6 letters behind", post("Content-Length: 5Z\r\n", "hello"), "400"},
      {"RFC 9110 8.6 fraction", post("Content-Length: 5.0\r\n", "hello"), "400"},
      {"RFC 9110 8.6 inner space", post("Content-Length: 1 0\r\n", "hello"), "400"},
      {"RFC 9110 8.6 quotes", post("Content-Length: \"5\"\r\n", "hello"), "400"},
      {"CVE-2023-40225 empty", post("Content-Length:\r\n", "hello"), "400"},
      {"RFC 9110 8.6 2^63", post("Content-Length: 9223372036854775808\r\n"), "400"},
      {"RFC 9110 8.6 2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "hello"), "400"},
      {"RFC 9110 8.6 tab in a framing field", post("Content-Length: 5\t\r\n", "hello"), "400"},
      {"facts 4.3 HTTP/1.0 GET with a body", "GET / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "400"},
      {"RFC 9112 6.2 HTTP/1.0 POST with a body", "POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi", "ok"},
      {"underscored Content_Length is just a field", post("Content_Length: 5\r\n") + kNext, "ok ok"},
      // Transfer-Encoding
      {"RFC 9112 6.1 CL then TE", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
      {"RFC 9112 6.1 TE then CL", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), "400"},
      {"RFC 9112 6.1 case of the coding", post("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n") + kNext, "ok ok"},
      {"RFC 9112 6.1 xchunked", post("Transfer-Encoding: xchunked\r\n"), "501"},
      {"RFC 9112 6.1 gzip, chunked (facts 4.1)", post("Transfer-Encoding: gzip, chunked\r\n"), "501"},
      {"RFC 9112 6.1 ,chunked (facts 4.1)", post("Transfer-Encoding: ,chunked\r\n"), "501"},
      {"RFC 9112 6.1 chunked,", post("Transfer-Encoding: chunked,\r\n"), "501"},
      {"RFC 9112 6.1 chunked, identity", post("Transfer-Encoding: chunked, identity\r\n"), "501"},
      {"RFC 9112 6.1 identity", post("Transfer-Encoding: identity\r\n"), "501"},
      {"RFC 9112 6.1 chunked twice in one", post("Transfer-Encoding: chunked, chunked\r\n"), "501"},
      {"RFC 9112 6.1 quoted", post("Transfer-Encoding: \"chunked\"\r\n"), "501"},
      {"RFC 9112 6.1 with parameter", post("Transfer-Encoding: chunked;q=1\r\n"), "501"},
      {"RFC 9112 6.1 two fields", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "400"},
      {"RFC 9112 6.1 two fields, one odd", post("Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n"), "400"},
      {"RFC 9112 6.1 empty (F1)", post("Transfer-Encoding:\r\n"), "400"},
      {"RFC 9112 6.1 vertical tab",
       post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       "400"},
      {"facts 4.2 item 3 tab behind", post("Transfer-Encoding: chunked\t\r\n", "0\r\n\r\n"), "400"},
      {"RFC 9112 6.1 space behind", post("Transfer-Encoding: chunked \r\n", "0\r\n\r\n"), "ok"},
      {"RFC 9112 6.1 in HTTP/1.0 (facts 4.1)", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"underscored Transfer_Encoding is just a field", post("Transfer_Encoding: chunked\r\n") + kNext, "ok ok"},
      // chunked coding
      {"RFC 9112 7.1 two chunks", chunks("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n") + kNext, "ok ok"},
      {"RFC 9112 7.1 empty body", chunks("0\r\n\r\n") + kNext, "ok ok"},
      {"RFC 9112 7.1 case of digits", chunks("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), "ok"},
      {"RFC 9112 7.1 leading zeros", chunks("0005\r\nhello\r\n000\r\n\r\n"), "ok"},
      {"RFC 9112 7.1 data with CRLF inside", chunks("4\r\n\r\n\r\n\r\n0\r\n\r\n"), "ok"},
      {"RFC 9112 7.1 cut in data", chunks("5\r\nhel"), "part"},
      {"RFC 9112 7.1 cut before the end", chunks("5\r\nhello\r\n0\r\n"), "part"},
      {"RFC 9112 7.1 no size", chunks("\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 0x5", chunks("0x5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 +5", chunks("+5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 -5", chunks("-5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 5_0", chunks("5_0\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 g", chunks("g\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 space before size", chunks(" 5\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 space after size (facts 4.1)", chunks("5 \r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 tab after size", chunks("5\t\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 overflow 2^64", chunks("10000000000000000\r\n"), "400"},
      {"RFC 9112 7.1 overflow to 5", chunks("10000000000000005\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 bare LF after size (facts 4.1)", chunks("5\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 bare LF after data (facts 4.1)", chunks("5\r\nhello\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 bare CR after size", chunks("5\rXhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 data longer than its size", chunks("5\r\nhelloX\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 data shorter than its size", chunks("6\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1 bare LF ends the message", chunks("0\r\n\n"), "400"},
      {"RFC 9112 7.1.1 extension", chunks("5;a=b\r\nhello\r\n0;c\r\n\r\n") + kNext, "ok ok"},
      {"RFC 9112 7.1.1 several extensions", chunks("5;a;b=c;d=e\r\nhello\r\n0\r\n\r\n"), "ok"},
      {"RFC 9112 7.1.1 quoted extension", chunks("5;a=\"b c\"\r\nhello\r\n0\r\n\r\n"), "ok"},
      {"RFC 9112 7.1.1 CR in extension (F19)", chunks("5;a\rb\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1.1 LF in extension", chunks("5;a\nb\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1.1 LF ends extension", chunks("5;a\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1.1 NUL in extension", chunks("5;a\0b\r\nhello\r\n0\r\n\r\n"s), "400"},
      {"RFC 9112 7.1.1 empty extension", chunks("5;\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1.1 space in extension", chunks("5; a\r\nhello\r\n0\r\n\r\n"), "400"},
      {"RFC 9112 7.1.1 CR in quotes", chunks("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"), "400"},
      // trailers
      {"RFC 9112 7.1.2 trailer", chunks("0\r\nX-Sum: 1\r\nY: 2\r\n\r\n") + kNext, "ok ok"},
      {"RFC 9110 6.5.1 Content-Length in trailers (facts 4.2)", chunks("0\r\nContent-Length: 5\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Transfer-Encoding in trailers", chunks("0\r\nTransfer-Encoding: chunked\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Host in trailers", chunks("0\r\nHost: i\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Connection in trailers", chunks("0\r\nConnection: close\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Cookie in trailers", chunks("0\r\nCookie: a=b\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 identity in trailers", chunks("0\r\nX-Forwarded-User: root\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Content-Type in trailers", chunks("0\r\nContent-Type: a/b\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Content-Encoding in trailers", chunks("0\r\nContent-Encoding: gzip\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Content-Range in trailers", chunks("0\r\nContent-Range: bytes 0-1/2\r\n\r\n"), "400"},
      {"RFC 9110 6.5.1 Range in trailers", chunks("0\r\nRange: bytes=0-1\r\n\r\n"), "400"},
      {"lookalike of a framing field in trailers", chunks("0\r\nTransfer_Encoding: chunked\r\n\r\n"), "400"},
      {"RFC 9112 5.2 folded trailer", chunks("0\r\nA: b\r\n c\r\n\r\n"), "400"},
      {"RFC 9112 2.2 bare LF in trailers", chunks("0\r\nA: b\n\r\n"), "400"},
      {"RFC 9112 5 trailer without colon", chunks("0\r\nab\r\n\r\n"), "400"},
      {"CVE-2023-25725 trailer without name", chunks("0\r\n: b\r\n\r\n"), "400"},
      {"RFC 9110 5.5 NUL in trailers", chunks("0\r\nA: \0\r\n\r\n"s), "400"},
  };
}

std::vector<RequestCase> request_upgrade_cases() {
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const auto get = [](const std::string& fields) { return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; };
  const std::string ask = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
  return {
      {"WS-01 good handshake, bytes behind it untouched", get(ask + key + version) + "\x81\x00"s, "ok"},
      {"WS-07 a request behind the handshake is untouched", get(ask + key + version) + kNext, "ok"},
      {"WS-04 case and lists", get("Connection: keep-alive, upgrade\r\nUpgrade: WebSocket\r\n" + key + version), "ok"},
      {"WS-02 version 8", get(ask + key + "Sec-WebSocket-Version: 8\r\n"), "426"},
      {"WS-02 version 14", get(ask + key + "Sec-WebSocket-Version: 14\r\n"), "426"},
      {"WS-02 version missing", get(ask + key), "426"},
      {"WS-02 version twice", get(ask + key + version + version), "426"},
      {"WS-03 key missing", get(ask + version), "400"},
      {"WS-03 key of 15 bytes", get(ask + version + "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1\r\n"), "400"},
      {"WS-03 key not base64", get(ask + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j*Q==\r\n"), "400"},
      {"WS-03 two keys", get(ask + version + key + key), "400"},
      {"WS-05 Upgrade without Connection (G08)", get("Upgrade: websocket\r\n" + key + version) + kNext, "ok ok"},
      {"WS-05 Connection without Upgrade", get("Connection: upgrade\r\n") + kNext, "ok ok"},
      {"WS-06 POST", "POST / HTTP/1.1\r\nHost: h\r\n" + ask + key + version + "\r\n", "400"},
      {"WS-06 HTTP/1.0", "GET / HTTP/1.0\r\nHost: h\r\n" + ask + key + version + "\r\n", "400"},
      {"WS-06 counted body", get(ask + key + version + "Content-Length: 2\r\n") + "hi", "400"},
      {"WS-06 chunked body", get(ask + key + version + "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", "400"},
      {"F2 h2c is a plain request", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n") + kNext, "ok ok"},
      {"F2 h2c with a counted body", post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "hi") + kNext,
       "ok ok"},
      {"F2 h2c with a chunked body",
       post("Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n") + kNext,
       "ok ok"},
      {"F2 Upgrade in HTTP/1.0 is ignored",
       "GET / HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: foo\r\n\r\n" + kNext, "ok ok"},
  };
}

std::vector<RequestCase> request_limit_cases() {
  const auto fields = [](int n) {
    std::string text = "GET / HTTP/1.1\r\nHost: h\r\n";
    for (int i = 1; i < n; ++i) text += "A" + std::to_string(i) + ": b\r\n";
    return text + "\r\n";
  };
  const auto target = [](std::size_t size) {
    return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  const auto value = [](std::size_t n) {
    return "GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(n, 'v') + "\r\n\r\n";
  };
  const auto name = [](std::size_t n) { return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(n, 'n') + ": v\r\n\r\n"; };
  std::string big = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 5; ++i) big += "A: " + std::string(15 * 1024, 'v') + "\r\n";
  std::string many_extensions = "";
  for (int i = 0; i < 100; ++i) many_extensions += "1;" + std::string(200, 'e') + "\r\nx\r\n";
  std::string trailers = "0\r\n";
  for (int i = 0; i < 33; ++i) trailers += "T: v\r\n";
  return {
      {"limit: request line of 8 KiB", target(8 * 1024), "ok"},
      {"limit: request line of 8 KiB + 1", target(8 * 1024 + 1), "414"},
      {"limit: request line without end", "GET /" + std::string(9000, 'a'), "414"},
      {"limit: 100 fields", fields(100), "ok"},
      {"limit: 101 fields", fields(101), "431"},
      {"limit: field line of 16 KiB", value(16 * 1024 - 3), "ok"},
      {"limit: field line of 16 KiB + 1", value(16 * 1024 - 2), "431"},
      {"limit: name of 256", name(256), "ok"},
      {"limit: name of 257", name(257), "431"},
      {"limit: head of 75 KiB", big + "\r\n", "431"},
      {"limit: chunk size line of 256", chunks("1;" + std::string(254, 'e') + "\r\nx\r\n0\r\n\r\n"), "ok"},
      {"limit: chunk size line of 257", chunks("1;" + std::string(255, 'e') + "\r\nx\r\n0\r\n\r\n"), "400"},
      {"limit: endless zeros as chunk size", chunks(std::string(300, '0')), "400"},
      {"limit: extensions of one message (CVE-2024-22019)", chunks(many_extensions + "0\r\n\r\n"), "400"},
      {"limit: 33 trailers", chunks(trailers + "\r\n"), "431"},
      {"limit: 33 trailers, the first of them bad: the same however they are cut",
       chunks("0\r\nA B: c\r\n" + trailers.substr(3) + "\r\n"), "431"},
  };
}

}  // namespace hearth::http::test
