// Graceful stop of a worker: what is under way is finished, nothing a client was promised is lost.
#include <gmock/gmock.h>

#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

TEST(Drain, RequestUnderWayIsFinished) {
  std::promise<void> asked;
  std::promise<void> go;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    asked.set_value();
    go.get_future().wait();
    peer.send(ok("done"));
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  asked.get_future().wait();
  auto drained = std::async(std::launch::async, [&] { return gateway.drain(Seconds(20)); });
  EXPECT_TRUE(eventually([&] {
    bool draining = false;
    gateway.on_worker([&](proxy::WorkerContext& context) { draining = context.draining; });
    return draining;
  }));
  go.set_value();
  const Response response = client.response();
  EXPECT_EQ(response.body, "done");
  EXPECT_TRUE(drained.get());
}

TEST(Drain, ConnectionJustAcceptedIsServed) {
  Gateway gateway({.server = "location / { return 200 x; }"});
  RawClient client(gateway.port());
  RawClient kept(gateway.port());
  kept.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(kept.response().status, 200);
  EXPECT_TRUE(eventually([&] { return gateway.open_connections() == 2; }));
  auto drained = std::async(std::launch::async, [&] { return gateway.drain(Seconds(20)); });
  EXPECT_TRUE(eventually([&] {
    bool draining = false;
    gateway.on_worker([&](proxy::WorkerContext& context) { draining = context.draining; });
    return draining;
  }));
  for (RawClient* each : {&client, &kept}) {
    each->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = each->response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Connection"), "close");
    each->close();
  }
  EXPECT_TRUE(drained.get());
}

TEST(Drain, SlowReaderGetsEverything) {
  Origin origin(ok(std::string(6 << 20, 'a')));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_until("\r\n\r\n");
  auto drained = std::async(std::launch::async, [&] { return gateway.drain(Seconds(20)); });
  EXPECT_EQ(client.read_exactly(6 << 20).size(), 6u << 20);
  EXPECT_TRUE(drained.get());
}

TEST(Drain, IdleConnectionsDoNotHoldItUp) {
  Gateway gateway({.server = "location / { return 200 x; }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(gateway.drain(Seconds(5)));
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

TEST(Drain, TunnelsAreClosedAtTheLimit) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client
      .send(
          "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
      .read_until("\r\n\r\n");
  EXPECT_FALSE(gateway.drain(Milliseconds(200)));
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

}  // namespace
}  // namespace hearth::test
