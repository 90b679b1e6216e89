// Bodies that go past the parser, inside the kernel: what follows them, and what cuts them short.
#include <gmock/gmock.h>

#include <future>

#include "proxy/client_connection.h"
#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kLarge = 4u << 20;

std::string numbered(std::size_t size) {
  std::string text;
  text.reserve(size + 16);
  for (unsigned i = 0; text.size() < size; ++i) text += std::to_string(i) + '\n';
  text.resize(size);
  return text;
}

std::string counted(std::size_t size) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}

std::uint64_t spliced(Gateway& gateway) {
  std::uint64_t bytes = 0;
  gateway.on_worker([&](proxy::WorkerContext& context) { bytes = context.loop.splice_pipes().total(); });
  return bytes;
}

TEST(Splice, LargeAndSmallAnswersFollowEachOtherOnTheSameConnections) {
  const std::string large = numbered(kLarge);
  ScriptedServer origin([&](ScriptedPeer& peer) {
    for (int i = 0; !peer.read_head().empty(); ++i) peer.send(i % 2 == 0 ? counted(kLarge) + large : ok("small"));
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  for (int i = 0; i < 6; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = client.response();
    EXPECT_TRUE(response.complete);
    EXPECT_TRUE(response.body == (i % 2 == 0 ? large : "small")) << i << ": " << response.body.size();
  }
  EXPECT_EQ(origin.accepted(), 1);
  EXPECT_THAT(gateway.access_log(), HasSubstr(std::to_string(kLarge)));
  EXPECT_GT(spliced(gateway), 3 * (kLarge - 200'000));
}

std::size_t queued_for_clients(Gateway& gateway) {
  std::size_t queued = 0;
  gateway.on_worker([&](proxy::WorkerContext& context) {
    for (auto* connection : context.connections) queued += connection->socket().queued();
  });
  return queued;
}

// What the client does not take stays in a pipe; the next answer on the connection comes behind it.
TEST(Splice, ASlowReaderGetsEverythingInOrder) {
  constexpr std::size_t kHuge = 24u << 20;  // more than the kernel buffers
  const std::string huge = numbered(kHuge);
  ScriptedServer origin([&](ScriptedPeer& peer) {
    while (!peer.read_head().empty()) peer.send(counted(kHuge) + huge);
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port(), 64 * 1024);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(eventually([&] { return queued_for_clients(gateway) > 0; })) << "it takes no more";
    client.read_until("\r\n\r\n");
    const std::string body = client.read_exactly(kHuge);
    EXPECT_TRUE(body == huge) << i << ": " << body.size();
  }
  EXPECT_EQ(origin.accepted(), 1);
  EXPECT_GT(spliced(gateway), 2 * (kHuge - 200'000));
}

// Of some of these sizes the end stays in the pipe while nobody reads: the next answer may not overtake it.
TEST(Splice, TheNextAnswerWaitsForTheEndOfTheOneInThePipe) {
  constexpr std::size_t kMost = 8u << 20;  // more than the kernel buffers towards a client with a small window
  const std::string all = numbered(kMost);
  for (std::size_t size = 512 * 1024; size <= kMost; size += 96 * 1024) {
    const std::string_view body = std::string_view(all).substr(0, size);
    ScriptedServer origin([&](ScriptedPeer& peer) {
      peer.read_head();
      peer.send(counted(size) + std::string(body));
      peer.read_head();
      peer.send(ok("next"));
      peer.wait_for_close();
    });
    Gateway gateway({.server = proxy_to(origin)});
    RawClient client(gateway.port(), 64 * 1024);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return queued_for_clients(gateway) > 0 || gateway.counters().requests == 2; }));
    ASSERT_TRUE(client.response().body == body) << size;
    ASSERT_EQ(client.response().body, "next") << size;
  }
}

TEST(Splice, ASlowUpstreamGetsEverythingInOrder) {
  constexpr std::size_t kHuge = 96u << 20;  // the kernel may buffer a third of it
  const std::string huge = numbered(kHuge);
  std::promise<void> go;
  const std::shared_future<void> start = go.get_future().share();
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    start.wait();
    peer.send(ok(peer.read_exactly(kHuge) == huge ? "same" : "other"));
    peer.read_head();
    peer.send(ok("next"));
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  std::thread sender([&] {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kHuge) + "\r\n\r\n" + huge +
                "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  });
  EXPECT_TRUE(eventually([&] {
    bool reading = true;
    gateway.on_worker([&](proxy::WorkerContext& context) {
      reading = context.connections.empty() || (*context.connections.begin())->socket().reading();
    });
    return !reading;
  })) << "the upstream takes no more";
  go.set_value();
  sender.join();
  EXPECT_EQ(client.response("POST").body, "same");
  EXPECT_EQ(client.response().body, "next");
  EXPECT_EQ(origin.accepted(), 1);
  EXPECT_GT(spliced(gateway), kHuge - 200'000);
}

TEST(Splice, AnUploadAndTheNextRequestBehindItAreToldApart) {
  const std::string large = numbered(kLarge);
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(ok(peer.read_exactly(kLarge) == large ? "same" : "other"));
    EXPECT_THAT(peer.read_head(), HasSubstr("GET /next"));
    peer.send(ok("next"));
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  std::thread sender([&] {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n" + large +
                "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  });
  sender.join();
  EXPECT_EQ(client.response("POST").body, "same");
  EXPECT_EQ(client.response().body, "next");
}

TEST(Splice, UntilTheConnectionClosesToAnOldClient) {
  const std::string large = numbered(kLarge);
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\n" + large);
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.0\r\n\r\n");
  const Response response = client.response();
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(response.body == large);
}

TEST(Splice, AnAnswerCutShortIsCutShortForTheClient) {
  const std::string part = numbered(kLarge / 2);
  for (const bool reset : {false, true}) {
    for (const bool until_close : {false, true}) {
      if (until_close && !reset) continue;  // that is its end
      ScriptedServer origin([&](ScriptedPeer& peer) {
        peer.read_head();
        peer.send((until_close ? "HTTP/1.1 200 OK\r\n\r\n" : counted(kLarge)) + part);
        if (reset) peer.reset();
      });
      Gateway gateway({.server = proxy_to(origin)});
      RawClient client(gateway.port());
      client.send(until_close ? "GET / HTTP/1.0\r\n\r\n" : "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      client.read_until("\r\n\r\n");
      std::string rest;
      EXPECT_EQ(client.read_to_end(&rest), RawClient::End::reset) << reset << until_close << rest.size();
      EXPECT_THAT(gateway.access_log(), HasSubstr("\"ended_by\":\"upstream\""));
    }
  }
}

TEST(Splice, AClientThatLeavesEndsTheReadingOfTheUpstream) {
  std::promise<void> left;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(counted(1u << 30));
    const std::string block(1 << 16, 'b');
    while (peer.send(block)) {
    }
    left.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").read_exactly(kLarge);
  client.reset();
  EXPECT_EQ(left.get_future().wait_for(Seconds(10)), std::future_status::ready);
}

TEST(Splice, AnUploadThatStopsHalfwayReachesTheUpstreamAsHalf) {
  std::promise<std::size_t> got;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    got.set_value(peer.read_exactly(kLarge).size());
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n");
  client.send(numbered(kLarge / 2)).half_close();
  auto size = got.get_future();
  ASSERT_EQ(size.wait_for(Seconds(10)), std::future_status::ready);
  EXPECT_EQ(size.get(), kLarge / 2);
}

TEST(Splice, AnEarlyRefusalOfAnUploadIsSeenByTheClient) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.read_exactly(300'000);
    peer.send("HTTP/1.1 413 X\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    peer.finish_sending();
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kLarge) + "\r\n\r\n");
  client.send(numbered(600'000));
  const Response response = client.response("POST");
  EXPECT_EQ(response.status, 413);
  EXPECT_EQ(response.body, "big");
}

TEST(Splice, ATunnelMovesMuchBothWaysAndEndsEachWayAlone) {
  const std::string large = numbered(kLarge);
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(kAccept);
    const std::string got = peer.read_exactly(kLarge);
    peer.send(got == large ? large : "other");
    peer.send(got == large ? large : "other");
    peer.finish_sending();
    EXPECT_EQ(peer.read_exactly(4), "last");
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send(kHandshake).read_until("\r\n\r\n");
  std::thread sender([&] { client.send(large); });
  sender.join();
  EXPECT_TRUE(client.read_exactly(kLarge) == large);
  EXPECT_TRUE(client.read_exactly(kLarge) == large);
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
  client.send("last").half_close();
}

}  // namespace
}  // namespace hearth::test
