// Client connections: keep-alive, pipelining, HTTP/1.0, half-close.
#include <gmock/gmock.h>

#include "proxy/client_connection.h"
#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Connection, KeepAliveCarriesManyRequestsOverOneUpstreamConnection) {
  Origin origin(ok("hello"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  for (int i = 0; i < 20; ++i) {
    client.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = client.response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.header("Connection"), "");
  }
  EXPECT_EQ(origin.connections(), 1);
  EXPECT_EQ(gateway.counters().connections_accepted, 1u);
  EXPECT_EQ(gateway.counters().upstream_reuses, 19u);
}

TEST(Connection, PipelinedRequestsAreAnsweredInOrder) {
  Origin origin([](const std::string& request) { return ok(request.substr(4, request.find(' ', 4) - 4)); });
  Gateway gateway({.server = "location / { " + origin.pass() + " } location /local { return 200 local; }"});
  RawClient client(gateway.port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "GET /" + (i % 3 == 0 ? std::string("local") : std::to_string(i)) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.response().body, i % 3 == 0 ? "local" : "/" + std::to_string(i));
  }
}

TEST(Connection, RequestsByteByByte) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  for (const char c : std::string_view(
           "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET /n HTTP/1.1\r\nHost: h\r\n\r\n")) {
    client.send({&c, 1});
  }
  EXPECT_EQ(client.response().body, "x");
  EXPECT_EQ(client.response().body, "x");
  EXPECT_THAT(origin.requests().at(0), HasSubstr("\r\n\r\nabc"));
}

TEST(Connection, ConnectionCloseIsObeyed) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const Response response = client.response();
  EXPECT_EQ(response.header("Connection"), "close");
  EXPECT_EQ(response.body, "x");
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Connection, KeepaliveRequestsLimitsOneConnection) {
  Gateway gateway({.server = "keepalive_requests 2; location / { return 200 x; }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().header("Connection"), "");
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().header("Connection"), "close");
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Connection, Http10) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient plain(gateway.port());
  plain.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(plain.response().body, "x");
  EXPECT_EQ(plain.read_to_end(), RawClient::End::fin);
  RawClient kept(gateway.port());
  for (int i = 0; i < 2; ++i) {
    kept.send("GET / HTTP/1.0\r\nHost: h\r\nConnection: keep-alive\r\n\r\n");
    const Response response = kept.response();
    EXPECT_EQ(response.header("Connection"), "keep-alive");
    EXPECT_EQ(response.body, "x");
  }
  EXPECT_THAT(origin.last(), HasSubstr(" HTTP/1.1\r\n"));
}

TEST(Connection, Http10ClientGetsChunkedAnswersUnframed) {
  Origin origin("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const Response response = client.response();
  EXPECT_EQ(response.header("Transfer-Encoding"), "");
  EXPECT_EQ(response.body, "abcde");
  EXPECT_TRUE(response.complete);
}

TEST(Connection, HeadHasNoBody) {
  Origin origin("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
  Gateway gateway({.server = "location / { " + origin.pass() + " } location /l { return 200 text; }"});
  RawClient client(gateway.port());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response("HEAD").header("Content-Length"), "500");
  client.send("HEAD /l HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response("HEAD").header("Content-Length"), "4");
  client.send("GET /l HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().body, "text");
}

TEST(Connection, AnswerAfterHalfClose) {
  Origin origin(ok(std::string(3 << 20, 'a')));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").half_close();
  const Response response = client.response();
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body.size(), 3u << 20);
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Connection, BodyThenHalfCloseIsAnswered) {
  ScriptedServer slow([](ScriptedPeer& peer) {
    while (!peer.read_head().empty()) peer.send(ok("got " + peer.read_exactly(5)));
  });
  Gateway gateway({.server = proxy_to(slow)});
  for (int i = 0; i < 20; ++i) {  // the end may be seen before or after the upstream is connected
    RawClient client(gateway.port());
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").half_close();
    EXPECT_EQ(client.response("POST").body, "got hello");
  }
}

TEST(Connection, PipelinedRequestsThenHalfCloseAreAllAnswered) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  std::string all;
  for (int i = 0; i < 10; ++i) all += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  client.send(all + "GET / HT").half_close();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client.response().status, 200);
  client.set_patience(Milliseconds(2000));
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);  // the half request is not waited for
}

// What has not gone out yet when a kept-alive exchange ends still belongs to the client.
TEST(Connection, SlowReaderGetsTheLastBytesAfterHalfClose) {
  const std::string large(200 * 1024, 'z');
  Gateway gateway({.server = "location / { root "
                             "html; }",
                   .files = {{"html/f", large}}});
  RawClient client(gateway.port(), 4096);
  client.send("GET /f HTTP/1.1\r\nHost: h\r\n\r\nGET /f HTTP/1.1\r\nHost: h\r\n\r\nGET /f HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 15; ++i) {
    client.send("GET /f HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  client.half_close();
  for (int i = 0; i < 18; ++i) {
    const Response response = client.response();
    ASSERT_TRUE(response.complete) << i;
    ASSERT_EQ(response.body.size(), large.size());
  }
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

// A client that asks and asks and never reads must not fill our memory.
TEST(Connection, UnreadAnswersStopTheReadingOfRequests) {
  Gateway gateway(
      {.server = "keepalive_requests 1000000; location / { return 200 '" + std::string(4000, 'x') + "'; }"});
  RawClient client(gateway.port(), 4096);
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  std::size_t sent = 0;
  std::size_t last = requests.size();
  for (int i = 0; i < 300 && last == requests.size(); ++i) sent += last = client.send_some(requests, Milliseconds(200));
  EXPECT_LT(last, requests.size()) << "the gateway read " << sent << " bytes of requests";
  std::size_t queued = 0;
  gateway.on_worker([&](proxy::WorkerContext& context) {
    for (auto* connection : context.connections) queued = std::max(queued, connection->socket().queued());
  });
  EXPECT_LT(queued, 256u * 1024);
  const std::size_t whole = sent / 27;
  for (std::size_t i = 0; i < whole; ++i) ASSERT_EQ(client.response().body.size(), 4000u) << i;
}

TEST(Connection, VirtualHosts) {
  const std::uint16_t port = free_port();
  const std::string listen = "listen 127.0.0.1:" + std::to_string(port) + ";";
  Gateway gateway({.server = "location / { return 200 first; }",
                   .http = "server { " + listen + " server_name a.test; location / { return 200 a; } }\n" +
                           "server { " + listen + " server_name *.b.test; location / { return 200 b; } }\n"});
  const auto ask = [&](const std::string& host) {
    return fetch(port, "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").body;
  };
  EXPECT_EQ(ask("A.test:80"), "a");
  EXPECT_EQ(ask("x.b.test"), "b");
  EXPECT_EQ(ask("other"), "a");
}

}  // namespace
}  // namespace hearth::test
