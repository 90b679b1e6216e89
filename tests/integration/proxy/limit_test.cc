// Limits on what a client may send and how long it may take.
#include <gmock/gmock.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

TEST(Limit, BodySize) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "client_max_body_size 10; location / { " + origin.pass() + " }"});
  EXPECT_EQ(fetch(gateway.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789").status, 200);
  RawClient declared(gateway.port());
  declared.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n");
  EXPECT_EQ(declared.response().status, 413);
  RawClient chunked(gateway.port());
  chunked.send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n");
  const Response response = chunked.response();
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.header("Connection"), "close");
}

TEST(Limit, HeadSizes) {
  Gateway gateway({.server = "large_client_header_buffers 8 4k; location / { return 200 x; }"});
  EXPECT_EQ(get(gateway.port(), "/" + std::string(5000, 'a')).status, 414);
  EXPECT_EQ(get(gateway.port(), "/", "A: " + std::string(5000, 'a') + "\r\n").status, 431);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": 1\r\n";
  EXPECT_EQ(get(gateway.port(), "/", many).status, 431);
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
}

TEST(Limit, WhatFollowsARefusalIsReadToItsEnd) {
  Gateway gateway({.server = "location / { return 200 in; }"});
  RawClient client(gateway.port());
  client.send("GET /" + std::string(200'000, 'a'));
  EXPECT_EQ(client.response().status, 414);
  client.close();
  EXPECT_TRUE(eventually([&] { return gateway.open_connections() == 0; }, Milliseconds(3000)))
      << "it did not see the client's end and waits for the lingering to time out";
}

TEST(Limit, HeaderTimeout) {
  Gateway gateway({.server = "client_header_timeout 200ms; location / { return 200 x; }"});
  RawClient silent(gateway.port());
  RawClient dripping(gateway.port());
  dripping.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(silent.read_to_end(), RawClient::End::fin);
  for (int i = 0; i < 100 && !dripping.readable(Milliseconds(20)); ++i) dripping.send("A: b\r\n");
  EXPECT_EQ(dripping.response().status, 408);  // bytes do not buy time
}

TEST(Limit, BodyTimeout) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "client_body_timeout 200ms; location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.response().status, 408);
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Limit, KeepaliveTimeout) {
  Gateway gateway({.server = "keepalive_timeout 200ms; location / { return 200 x; }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Limit, SendTimeout) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (peer.send(std::string(65536, 'a'))) {
    }
  });
  Gateway gateway({.server = "send_timeout 200ms; " + proxy_to(origin)});
  RawClient client(gateway.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return gateway.access_log().find("\"ended_by\":\"client\"") != std::string::npos; }));
}

// The whole answer is with us and the client takes it slowly but steadily: it gets all of it.
TEST(Limit, SlowReaderOfAClosingAnswerIsNotCut) {
  Origin origin(ok(std::string(6 << 20, 'a')));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const Response response = client.response();
  EXPECT_TRUE(response.complete);
  EXPECT_EQ(response.body.size(), 6u << 20);
}

TEST(Limit, WorkerConnectionsPauseAccepting) {
  Gateway gateway({.server = "location / { return 200 x; }", .main = "events { worker_connections 4; }"});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(std::make_unique<RawClient>(gateway.port()));
  for (auto& client : clients) client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  int answered = 0;
  for (auto& client : clients) answered += client->readable(Milliseconds(50)) ? 1 : 0;
  EXPECT_EQ(answered, 4);
  EXPECT_LE(gateway.open_connections(), 4u);
  for (auto& client : clients) {  // each that leaves lets one in
    EXPECT_EQ(client->response().status, 200);
    client->close();
  }
}

TEST(Limit, TunnelsCountAsConnections) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin), .main = "events { worker_connections 2; }"});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(std::make_unique<RawClient>(gateway.port()));
    clients.back()->send(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_THAT(clients.back()->read_until("\r\n\r\n"), HasSubstr(" 101 "));
  }
  RawClient third(gateway.port());
  third.send("BAD\r\n\r\n");
  EXPECT_FALSE(third.readable(Milliseconds(200)));
  clients.front()->close();
  EXPECT_EQ(third.response().status, 400);
}

}  // namespace
}  // namespace hearth::test
