// WebSocket: the handshake decides, then bytes both ways.
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;


TEST(WebSocket, TunnelsBothWays) {
  std::string head;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    head = peer.read_head();
    peer.send(kAccept);
    for (int i = 0; i < 3; ++i) peer.send("echo " + peer.read_exactly(4));
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake);
  const std::string answer = client.read_until("\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("HTTP/1.1 101 "));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(answer, HasSubstr("Sec-WebSocket-Protocol: p\r\n"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send("abcd").read_exactly(9), "echo abcd");
  EXPECT_THAT(head, HasSubstr("Connection: Upgrade\r\n"));
  EXPECT_THAT(head, HasSubstr("Upgrade: websocket\r\n"));
  EXPECT_EQ(gateway.counters().tunnels_open, 1u);
  client.close();
  EXPECT_TRUE(eventually([&] { return gateway.counters().tunnels_open == 0; }));
  EXPECT_THAT(gateway.access_log(), HasSubstr("\"status\":101"));
}

TEST(WebSocket, EarlyBytesOfBothSides) {
  std::promise<std::string> early;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(std::string(kAccept) + "first frame");
    early.set_value(peer.read_exactly(5));
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(std::string(kHandshake) + "eager");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_exactly(11), "first frame");
  EXPECT_EQ(early.get_future().get(), "eager");
}

TEST(WebSocket, NothingGoesUpBeforeTheUpgradeIsAccepted) {
  std::promise<std::string> rest;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
    rest.set_value(peer.read_exactly(1));
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(std::string(kHandshake) + "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n");
  const Response response = client.response();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Connection"), "close");
  EXPECT_EQ(response.body, "no");
  std::string after;
  EXPECT_EQ(client.read_to_end(&after), RawClient::End::fin);
  EXPECT_EQ(after, "");
  client.close();
  gateway.on_worker([](proxy::WorkerContext& context) { context.upstreams.clear(); });
  EXPECT_EQ(rest.get_future().get(), "");
}

TEST(WebSocket, RefusalIsRelayed) {
  for (const int status : {302, 403, 426, 500}) {
    Origin origin("HTTP/1.1 " + std::to_string(status) +
                  " Whatever\r\nContent-Length: 1\r\nSec-WebSocket-Version: 13\r\n\r\nx");
    Gateway gateway({.server = "location / { " + origin.pass() + " }"});
    const Response response = fetch(gateway.port(), kHandshake);
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(response.body, "x");
    EXPECT_EQ(response.header("Connection"), "close");
  }
}

TEST(WebSocket, WrongAcceptIs502) {
  for (const std::string bad :
       {"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
        "Upgrade: websocket\r\nConnection: Upgrade\r\n",
        "Upgrade: other\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
        "Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"}) {
    Origin origin("HTTP/1.1 101 Switching Protocols\r\n" + bad + "\r\n");
    Gateway gateway({.server = "location / { " + origin.pass() + " }"});
    const Response response = fetch(gateway.port(), kHandshake);
    EXPECT_EQ(response.status, 502) << bad;
    EXPECT_EQ(gateway.counters().tunnels_opened, 0u);
  }
}

TEST(WebSocket, BadHandshakes) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  const auto with = [](const std::string& from, const std::string& to) {
    std::string text = kHandshake;
    return text.replace(text.find(from), from.size(), to);
  };
  const Response version = fetch(gateway.port(), with("Version: 13", "Version: 8"));
  EXPECT_EQ(version.status, 426);
  EXPECT_EQ(version.header("Sec-WebSocket-Version"), "13");
  EXPECT_EQ(fetch(gateway.port(), with("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=")).status, 400);
  EXPECT_EQ(fetch(gateway.port(), with("GET", "POST")).status, 400);
  EXPECT_EQ(fetch(gateway.port(), with("HTTP/1.1", "HTTP/1.0")).status, 400);
  EXPECT_EQ(fetch(gateway.port(), with("Upgrade: websocket", "Content-Length: 3\r\nUpgrade: websocket") + "abc").status,
            400);
  EXPECT_EQ(origin.connections(), 0);
  EXPECT_EQ(fetch(gateway.port(), with("keep-alive, Upgrade", "keep-alive")).status, 200);  // a plain request
  EXPECT_THAT(origin.last(), Not(HasSubstr("Upgrade: websocket")));
}

TEST(WebSocket, HalfCloseByTheClient) {
  const std::string much(1 << 20, 'm');
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    peer.wait_for_close();  // its FIN
    peer.send(much);
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port(), 8192);
  client.send(kHandshake).read_until("\r\n\r\n");
  client.send("bye").half_close();
  std::string rest;
  EXPECT_EQ(client.read_to_end(&rest), RawClient::End::fin);
  EXPECT_EQ(rest.size(), much.size());
  EXPECT_TRUE(eventually([&] { return gateway.counters().tunnels_open == 0; }));
}

TEST(WebSocket, HalfCloseByTheUpstream) {
  std::promise<std::string> received;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    peer.finish_sending();
    received.set_value(peer.read_exactly(300000));
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).read_until("\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
  client.send(std::string(300000, 'c'));
  EXPECT_EQ(received.get_future().get().size(), 300000u);
  client.close();
  EXPECT_TRUE(eventually([&] { return gateway.counters().tunnels_open == 0; }));
}

TEST(WebSocket, HalfCloseBeforeTheUpgradeIsAccepted) {
  std::promise<void> closed;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    std::this_thread::sleep_for(Milliseconds(50));
    peer.send(kAccept);
    peer.wait_for_close();
    closed.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).half_close();
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr(" 101 "));
  EXPECT_EQ(closed.get_future().wait_for(Seconds(5)), std::future_status::ready);
}

TEST(WebSocket, OriginDies) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    peer.read_exactly(1);
    peer.reset();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).read_until("\r\n\r\n");
  client.send("x");
  EXPECT_NE(client.read_to_end(), RawClient::End::none);
  EXPECT_TRUE(eventually([&] { return gateway.counters().tunnels_open == 0; }));
  EXPECT_THAT(gateway.access_log(), HasSubstr("\"ended_by\":\"upstream\""));
}

TEST(WebSocket, ClientResetReachesTheOrigin) {
  std::promise<void> closed;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    peer.wait_for_close();
    closed.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).read_until("\r\n\r\n");
  client.reset();
  EXPECT_EQ(closed.get_future().wait_for(Seconds(2)), std::future_status::ready);
}

TEST(WebSocket, SlowReaderPausesTheOtherSide) {
  std::atomic<std::size_t> sent{0};
  constexpr std::size_t kTotal = 48u << 20;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    const std::string block(65536, 'w');
    while (sent < kTotal && peer.send(block)) sent += block.size();
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port(), 8192);
  client.send(kHandshake).read_until("\r\n\r\n");
  std::size_t seen = 1;
  ASSERT_TRUE(eventually([&] {
    const std::size_t before = std::exchange(seen, sent.load());
    std::this_thread::sleep_for(Milliseconds(100));
    return seen > 0 && before == sent;
  }));
  EXPECT_LT(sent, 24u << 20);
  EXPECT_EQ(client.read_exactly(kTotal).size(), kTotal);
}

TEST(WebSocket, IdleTunnelIsClosed) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    peer.wait_for_close();
  });
  Gateway gateway({.server = "tunnel_timeout 200ms; " + proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).read_until("\r\n\r\n");
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
}

}  // namespace
}  // namespace hearth::test
