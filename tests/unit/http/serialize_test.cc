#include "http/serialize.h"

#include <gtest/gtest.h>

#include "http/cookie.h"
#include "http/date.h"
#include "http/request_parser.h"
#include "http/response_parser.h"
#include "http/websocket.h"

namespace hearth::http {
namespace {

struct Parsed {
  explicit Parsed(const std::string& text) {
    std::size_t consumed = 0;
    EXPECT_EQ(parser.next(text, consumed), ParseEvent::head) << text;
  }
  RequestParser parser;
};
struct ParsedResponse {
  explicit ParsedResponse(const std::string& text, ResponseContext context = {}) {
    parser.begin(context);
    std::size_t consumed = 0;
    EXPECT_EQ(parser.next(text, consumed), ParseEvent::head) << text;
  }
  ResponseParser parser;
};

class DropSession : public FieldFilter {
 public:
  bool pass(const Header& field, std::string_view& value) override {
    if (field.id != KnownHeader::cookie || !has_cookie(value, "sess")) return true;
    scratch_.clear();
    remove_cookie(value, "sess", scratch_);
    value = scratch_;
    return !value.empty();
  }

 private:
  std::string scratch_;
};

// What an origin could read as another framing, host or identity than ours; any other underscore passes.
TEST(UpstreamHead, DropsLookalikes) {
  const Parsed request(
      "GET / HTTP/1.1\r\nHost: h\r\nContent_Length: 5\r\nTransfer.Encoding: chunked\r\nX_Request_Id: 1\r\n"
      "my_field: 2\r\n\r\n");
  std::string out;
  append_upstream_head(out, request.parser.head(), {.target = "/", .host = "h"});
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nHost: h\r\nmy_field: 2\r\n\r\n");
}

// facts 4.4, SPEC section 7
TEST(UpstreamHead, DropsWhatMustNotTravel) {
  const Parsed request(
      "GET /w/x HTTP/1.1\r\nHost: h:8080\r\nAccept: a\r\nConnection: X-Drop, Cookie\r\nKeep-Alive: 5\r\nX-Drop: 1\r\n"
      "Proxy-Connection: x\r\nTrailer: y\r\nUpgrade: h2c\r\nX-Forwarded-For: 6.6.6.6\r\nx_forwarded_user: root\r\n"
      "Forwarded: for=x\r\nX-Real-IP: 1\r\nAuthorization: Basic x\r\nCookie: sess=1; a=2\r\nCookie: b=3\r\n"
      "Cookie: sess=9\r\nA: 1\r\nA: 2\r\n\r\n");
  DropSession filter;
  const Field added[] = {{"X-Forwarded-For", "1.2.3.4"}, {"X-Bad", "a\r\nb"}};
  std::string out = "kept";
  append_upstream_head(out, request.parser.head(),
                       {.target = "/x", .host = "h:8080", .filter = &filter, .added = added});
  EXPECT_EQ(
      out,
      "keptGET /x HTTP/1.1\r\nHost: h:8080\r\nAccept: a\r\nAuthorization: Basic x\r\nCookie: a=2\r\nCookie: b=3\r\n"
      "A: 1\r\nA: 2\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n");
}

TEST(UpstreamHead, WritesOneFramingField) {
  const auto head = [](const std::string& fields) {
    const Parsed request("POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
    std::string out;
    append_upstream_head(out, request.parser.head(), {.target = "/", .host = "h"});
    return out;
  };
  EXPECT_EQ(head("content-length: 007\r\n"), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(head("Content-Length: 0\r\n"), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(head("transfer-encoding: Chunked\r\n"), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(head("TE: trailers\r\n"), "POST / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
  EXPECT_EQ(head("Expect: 100-continue\r\nContent-Length: 1\r\n"),
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
}

TEST(UpstreamHead, CarriesAHandshakeAndAClose) {
  const Parsed handshake(
      "GET /s HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nOrigin: http://h\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  std::string out;
  append_upstream_head(out, handshake.parser.head(), {.target = "/s", .host = "h"});
  EXPECT_EQ(out,
            "GET /s HTTP/1.1\r\nHost: h\r\nOrigin: http://h\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const Parsed plain("GET / HTTP/1.0\r\n\r\n");
  out.clear();
  append_upstream_head(out, plain.parser.head(), {.target = "/", .keep_alive = false});
  EXPECT_EQ(out, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
}

ClientFraming framing_for(const std::string& request, const std::string& response, ResponseContext context = {}) {
  const Parsed q(request);
  const ParsedResponse p(response, context);
  return choose_client_framing(q.parser.head(), p.parser.head());
}

// RFC 9112 6.1, 6.3
TEST(ClientFraming, FollowsWhatTheClientCanRead) {
  const std::string get11 = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string get10 = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string until_close = "HTTP/1.1 200 OK\r\n\r\n";
  const std::string counted = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(framing_for(get11, chunked).framing, Framing::chunked);
  EXPECT_EQ(framing_for(get11, until_close).framing, Framing::chunked);
  EXPECT_TRUE(framing_for(get11, until_close).keep_alive);
  EXPECT_EQ(framing_for(get10, chunked).framing, Framing::until_close);
  EXPECT_FALSE(framing_for(get10, chunked).keep_alive);
  EXPECT_EQ(framing_for(get10, counted).framing, Framing::content_length);
  EXPECT_TRUE(framing_for(get10, counted).keep_alive);
  EXPECT_EQ(framing_for(get11, "HTTP/1.1 204 N\r\n\r\n").framing, Framing::none);
  EXPECT_EQ(framing_for("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", until_close, {.head_request = true}).framing,
            Framing::none);
}

std::string client_head(const std::string& response, ClientHeadOptions options, ResponseContext context = {}) {
  const ParsedResponse p(response, context);
  std::string out;
  append_client_head(out, p.parser.head(), options);
  return out;
}

TEST(ClientHead, DropsHopByHopAndKeepsDuplicates) {
  EXPECT_EQ(
      client_head("HTTP/1.0 200 Fine\r\nServer: x\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 3\r\n"
                  "Set-Cookie: a=1\r\nContent-Length: 5\r\nSet-Cookie: b=2\r\n\r\n",
                  {.framing = {Framing::content_length, true}, .date = "D"}),
      "HTTP/1.1 200 Fine\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\nDate: D\r\n\r\n");
}

TEST(ClientHead, FramesAnew) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: X\r\n\r\n";
  EXPECT_EQ(client_head(chunked, {.framing = {Framing::chunked, true}, .date = "D"}),
            "HTTP/1.1 200 OK\r\nDate: X\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(client_head(chunked, {.framing = {Framing::until_close, false}, .client_minor = 0}),
            "HTTP/1.1 200 OK\r\nDate: X\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client_head("HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n",
                        {.framing = {Framing::content_length, true}, .client_minor = 0}),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n");
}

TEST(ClientHead, ContentLengthWithoutABody) {
  EXPECT_EQ(client_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {.framing = {Framing::none, true}},
                        {.head_request = true}),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client_head("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", {.framing = {Framing::none, true}}),
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(client_head("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", {.framing = {Framing::none, true}}),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(ClientHead, InterimAndUpgrade) {
  EXPECT_EQ(client_head("HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n", {.date = "D"}),
            "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n");
  EXPECT_EQ(client_head("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
                        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
                        {}, {.expects_upgrade = true}),
            "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

// RFC 9112 7.1
TEST(Chunks, AreWhatTheParserReads) {
  std::string out;
  append_chunk_head(out, 0x1a2b);
  EXPECT_EQ(out, "1a2b\r\n");
  HeaderList trailers;
  trailers.add("Server-Timing", "x");
  trailers.add("Transfer-Encoding", "chunked");
  out.clear();
  HeaderList headers;
  ConnectionNominated scratch;
  append_last_chunk(out, trailers, headers, scratch);
  EXPECT_EQ(out, "0\r\nServer-Timing: x\r\n\r\n");
  // RFC 9110 7.6.1: Connection names trailers as well.
  headers.add("Connection", "Server-Timing");
  trailers.add("X-Request-Id", "forged");
  trailers.add("X-Sum", "1");
  out.clear();
  append_last_chunk(out, trailers, headers, scratch);
  EXPECT_EQ(out, "0\r\nX-Sum: 1\r\n\r\n");
  out.clear();
  append_last_chunk(out, {}, headers, scratch);
  EXPECT_EQ(out, kLastChunk);
}

TEST(Reply, Local) {
  std::string out;
  const Field fields[] = {{"Retry-After", "2"}};
  append_reply(out, {.status = 503, .content_type = "text/plain", .headers = fields, .body = "no\n", .date = "D"});
  EXPECT_EQ(out,
            "HTTP/1.1 503 Service Unavailable\r\nDate: D\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
            "Retry-After: 2\r\n\r\nno\n");
  out.clear();
  append_reply(out, {.status = 400, .body = "bad", .head_only = true, .keep_alive = false});
  EXPECT_EQ(out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  out.clear();
  append_reply(out, {.status = 204, .body = "ignored", .client_minor = 0});
  EXPECT_EQ(out, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
}

TEST(Status, Phrases) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(599), "");
}

// RFC 9110 5.6.7
TEST(Date, FormatsAndParses) {
  DateCache cache;
  EXPECT_EQ(cache.at(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.at(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(cache.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(cache.at(951826854), "Tue, 29 Feb 2000 12:20:54 GMT");
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  for (const char* bad :
       {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT", "", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    EXPECT_EQ(parse_date(bad), std::nullopt) << bad;
  }
}

// RFC 6455 1.3 has this key and this answer.
TEST(WebSocket, AcceptKey) {
  const auto accept = websocket_accept_key("dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(std::string_view(accept.data(), accept.size()), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// WS-09
TEST(WebSocket, OnlyTheRightAnswerOpensATunnel) {
  const auto verdict = [](const std::string& fields) {
    const ParsedResponse p("HTTP/1.1 101 S\r\n" + fields + "\r\n", {.expects_upgrade = true});
    return validate_websocket_response(p.parser.head(), "dGhlIHNhbXBsZSBub25jZQ==").status;
  };
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  EXPECT_EQ(verdict("Upgrade: WebSocket\r\nConnection: Upgrade\r\n" + accept), 0);
  EXPECT_EQ(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n"), 502);
  EXPECT_EQ(verdict("Upgrade: websocket\r\nConnection: Upgrade\r\n" + accept + accept), 502);
  EXPECT_EQ(
      verdict("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
      502);
  EXPECT_EQ(verdict("Upgrade: websocket, x\r\nConnection: Upgrade\r\n" + accept), 502);
  EXPECT_EQ(verdict("Upgrade: h2c\r\nConnection: Upgrade\r\n" + accept), 502);
  EXPECT_EQ(verdict("Upgrade: websocket\r\n" + accept), 502);
  const ParsedResponse refused("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", {.expects_upgrade = true});
  EXPECT_EQ(validate_websocket_response(refused.parser.head(), "x").status, 502);
}

}  // namespace
}  // namespace hearth::http
