// What the tables cannot say: contents of events, reuse, limits, splicing.
#include <gtest/gtest.h>

#include "unit/http/transcript.h"

namespace hearth::http {
namespace {

constexpr std::string_view kGet = "GET /a?b HTTP/1.1\r\nHost: h\r\nCookie: s=1\r\n\r\n";

ParseEvent feed(RequestParser& parser, std::string_view& input) {
  std::size_t consumed = 0;
  const ParseEvent event = parser.next(input, consumed);
  input.remove_prefix(consumed);
  return event;
}

TEST(RequestParser, StopsExactlyAtTheEndOfTheHead) {
  RequestParser parser;
  std::string input = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET";
  std::string_view rest = input;
  ASSERT_EQ(feed(parser, rest), ParseEvent::head);
  EXPECT_EQ(rest, "abcGET");
  EXPECT_EQ(parser.body_remaining(), 3u);
  ASSERT_EQ(feed(parser, rest), ParseEvent::body);
  EXPECT_EQ(parser.body().data(), input.data() + input.size() - 6) << "bodies are not copied";
  ASSERT_EQ(feed(parser, rest), ParseEvent::message_end);
  EXPECT_EQ(rest, "GET");
  EXPECT_TRUE(parser.done());
}

TEST(RequestParser, HeadViewsDoNotDependOnTheInput) {
  RequestParser parser;
  std::string input(kGet);
  std::string_view rest = input;
  ASSERT_EQ(feed(parser, rest), ParseEvent::head);
  input.assign(input.size(), 'x');
  EXPECT_EQ(parser.head().path_and_query, "/a?b");
  EXPECT_EQ(parser.head().headers.value(KnownHeader::cookie), "s=1");
}

TEST(RequestParser, BytesBehindAHandshakeAreNotTouched) {
  RequestParser parser;
  std::string_view rest =
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x05hello";
  ASSERT_EQ(feed(parser, rest), ParseEvent::head);
  EXPECT_TRUE(parser.head().upgrade_websocket);
  ASSERT_EQ(feed(parser, rest), ParseEvent::message_end);
  EXPECT_EQ(rest, "\x81\x05hello");
}

TEST(RequestParser, BodyMayGoPastTheParser) {
  RequestParser parser;
  std::string_view rest = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nab";
  ASSERT_EQ(feed(parser, rest), ParseEvent::head);
  ASSERT_EQ(feed(parser, rest), ParseEvent::body);
  EXPECT_EQ(parser.body_remaining(), 999998u);
  parser.skip_body(999997);
  EXPECT_EQ(feed(parser, rest), ParseEvent::need_more);
  parser.skip_body(1);
  EXPECT_EQ(feed(parser, rest), ParseEvent::message_end);
}

TEST(RequestParser, ErrorsStay) {
  RequestParser parser;
  std::string_view rest = "GET  / HTTP/1.1\r\n\r\n";
  ASSERT_EQ(feed(parser, rest), ParseEvent::error);
  rest = kGet;
  EXPECT_EQ(feed(parser, rest), ParseEvent::error);
  EXPECT_EQ(parser.error().status, 400);
  parser.release();
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(feed(parser, rest), ParseEvent::head);
}

// RFC 9110 9.3.2: the answer to a HEAD has no body, so whoever refuses it must know that it was one.
TEST(RequestParser, KnowsTheMethodOfWhatItRefuses) {
  for (const std::string_view input : {"HEAD / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
                                       "HEAD / HTTP/1.1\r\nHost: h\r\nA : b\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n"}) {
    for (const std::size_t cut : {input.size(), std::size_t{12}}) {
      RequestParser parser;
      std::string_view first = input.substr(0, cut);
      std::string_view rest = input.substr(cut);
      if (feed(parser, first) == ParseEvent::need_more) feed(parser, rest);
      EXPECT_EQ(parser.error().status, 400) << input;
      EXPECT_EQ(parser.head().method, Method::head) << input;
    }
  }
}

TEST(RequestParser, IdleUntilTheFirstByteOfAMessage) {
  RequestParser parser;
  EXPECT_TRUE(parser.idle());
  std::string_view rest = "\r\n";
  EXPECT_EQ(feed(parser, rest), ParseEvent::need_more);
  EXPECT_TRUE(parser.idle());
  rest = "G";
  EXPECT_EQ(feed(parser, rest), ParseEvent::need_more);
  EXPECT_FALSE(parser.idle());
}

TEST(RequestParser, LimitsTheBodyByAnnouncementAndBySum) {
  Limits limits;
  limits.body_bytes = 10;
  EXPECT_EQ(
      test::read_requests({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789"}, limits).verdicts,
      "ok");
  EXPECT_EQ(test::read_requests({"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n"}, limits).verdicts, "413");
  const std::string chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(test::read_requests({chunked, "a\r\n0123456789\r\n0\r\n\r\n"}, limits).verdicts, "ok");
  EXPECT_EQ(test::read_requests({chunked, "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"}, limits).verdicts, "413");
}

TEST(RequestParser, DerivesWhatTheProxyAsks) {
  RequestParser parser;
  std::string_view rest =
      "POST http://Example:80?q HTTP/1.1\r\nHost: example\r\nExpect: 100-Continue\r\nTE: trailers, deflate\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(feed(parser, rest), ParseEvent::head);
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, Method::post);
  EXPECT_TRUE(head.absolute_form);
  EXPECT_EQ(head.path_and_query, "/?q");
  EXPECT_EQ(head.target, "http://Example:80?q");
  EXPECT_EQ(head.host, "example");
  EXPECT_TRUE(head.expect_continue);
  EXPECT_TRUE(head.accepts_trailers);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.framing, Framing::chunked);
}

TEST(RequestParser, AbsoluteFormWithoutPath) {
  for (const auto& [line, path] : {std::pair{"GET http://h HTTP/1.1", "/"}, std::pair{"OPTIONS http://h HTTP/1.1", "*"},
                                   std::pair{"GET http://h/x?y HTTP/1.1", "/x?y"}}) {
    RequestParser parser;
    const std::string input = std::string(line) + "\r\nHost: h\r\n\r\n";
    std::string_view rest = input;
    ASSERT_EQ(feed(parser, rest), ParseEvent::head) << line;
    EXPECT_EQ(parser.head().path_and_query, path);
  }
}

TEST(ResponseParser, InterimThenFinalThenReuse) {
  ResponseParser parser;
  parser.begin({});
  std::string_view rest = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz";
  std::size_t consumed = 0;
  ASSERT_EQ(parser.next(rest, consumed), ParseEvent::head);
  EXPECT_TRUE(parser.head().is_interim);
  EXPECT_EQ(parser.head().headers.value("link"), "</x>");
  rest.remove_prefix(consumed);
  ASSERT_EQ(parser.next(rest, consumed), ParseEvent::head);
  EXPECT_EQ(parser.head().status, 200);
  EXPECT_EQ(parser.head().headers.size(), 1u);
  EXPECT_TRUE(parser.head().keep_alive);
  rest.remove_prefix(consumed);
  ASSERT_EQ(parser.next(rest, consumed), ParseEvent::body);
  EXPECT_EQ(parser.body(), "z");
  ASSERT_EQ(parser.next({}, consumed), ParseEvent::message_end);
  EXPECT_EQ(parser.finish(), ParseEvent::message_end) << "a close behind a complete message is no error";
  parser.begin({.head_request = true});
  EXPECT_TRUE(parser.idle());
}

TEST(ResponseParser, KnowsWhetherTheConnectionMayBeUsedAgain) {
  const auto keep_alive = [](std::string_view input) {
    ResponseParser parser;
    parser.begin({});
    std::size_t consumed = 0;
    EXPECT_EQ(parser.next(input, consumed), ParseEvent::head) << input;
    return parser.head().keep_alive;
  };
  EXPECT_TRUE(keep_alive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x, Close\r\n\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1 200 OK\r\n\r\n")) << "until close";
  EXPECT_FALSE(keep_alive("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n"));
  EXPECT_TRUE(keep_alive("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_TRUE(keep_alive("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_FALSE(keep_alive("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n")) << "may send those bytes";
}

TEST(ResponseParser, TrailersSurvive) {
  ResponseParser parser;
  parser.begin({});
  std::string_view rest = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nServer-Timing: a\r\n\r\n";
  std::size_t consumed = 0;
  ASSERT_EQ(parser.next(rest, consumed), ParseEvent::head);
  rest.remove_prefix(consumed);
  ASSERT_EQ(parser.next(rest, consumed), ParseEvent::message_end);
  ASSERT_EQ(parser.trailers().size(), 1u);
  EXPECT_EQ(parser.trailers()[0].value, "a");
}

}  // namespace
}  // namespace hearth::http
