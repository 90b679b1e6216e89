// What a bad, slow or vanished upstream does to the client: a clear error, or a visibly cut answer; never a
// whole-looking one.
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

// Answers the first `answers` requests of each connection, then closes it without a word when the next has come.
ScriptedServer::Script closing_after(int answers, std::atomic<int>& heads) {
  return [answers, &heads](ScriptedPeer& peer) {
    for (int i = 0; i < answers; ++i) {
      if (peer.read_head().empty()) return;
      ++heads;
      peer.send(ok("x"));
    }
    if (!peer.read_head().empty()) ++heads;
  };
}

TEST(Upstream, StalePooledConnectionIsRetriedOnceForGet) {
  std::atomic<int> heads{0};
  ScriptedServer origin(closing_after(1, heads));
  Gateway gateway({.server = proxy_to(origin)});
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(heads, 3);
  EXPECT_EQ(origin.accepted(), 2);
}

TEST(Upstream, StalePooledConnectionIsNotRetriedForPost) {
  std::atomic<int> heads{0};
  ScriptedServer origin(closing_after(1, heads));
  Gateway gateway({.server = proxy_to(origin)});
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(fetch(gateway.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").status, 502);
  EXPECT_EQ(heads, 2);
}

TEST(Upstream, FreshConnectionIsNotRetried) {
  std::atomic<int> heads{0};
  ScriptedServer origin(closing_after(0, heads));
  Gateway gateway({.server = proxy_to(origin)});
  EXPECT_EQ(get(gateway.port(), "/").status, 502);
  EXPECT_EQ(heads, 1);
}

TEST(Upstream, ClosedIdleConnectionLeavesThePool) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(ok("x"));
  });
  Gateway gateway({.server = proxy_to(origin)});
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(get(gateway.port(), "/").status, 200);
    EXPECT_TRUE(eventually([&] { return gateway.idle_upstreams() == 0; }));
  }
}

TEST(Upstream, BytesAfterAnAnswerAreNeverTheNextAnswer) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(ok("x") + ok("forged"));
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  EXPECT_EQ(get(gateway.port(), "/").body, "x");
  EXPECT_EQ(get(gateway.port(), "/").body, "x");
  EXPECT_EQ(origin.accepted(), 2);
}

TEST(Upstream, Refused) {
  Gateway gateway({.server = "location / { proxy_pass http://127.0.0.1:" + std::to_string(free_port()) + "; }"});
  RawClient client(gateway.port());
  for (int i = 0; i < 3; ++i) {  // a local error does not cost the client its connection
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.response().status, 502);
  }
}

TEST(Upstream, UnixSocketMissingAndPresent) {
  TemporaryDirectory directory;
  const std::string path = directory.file("s.sock");
  Gateway gateway({.server = "location / { proxy_pass http://unix:" + path + ":; }"});
  EXPECT_EQ(get(gateway.port(), "/").status, 502);
  ScriptedServer origin(path, [](ScriptedPeer& peer) {
    while (!peer.read_head().empty()) peer.send(ok("unix"));
  });
  EXPECT_EQ(get(gateway.port(), "/").body, "unix");
  EXPECT_EQ(get(gateway.port(), "/").body, "unix");
}

TEST(Upstream, NextServerIsTriedWhenOneRefuses) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { proxy_pass http://u; }",
                   .http = "upstream u { server 127.0.0.1:" + std::to_string(free_port()) +
                           "; server 127.0.0.1:" + std::to_string(origin.port()) + "; }"});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(fetch(gateway.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nab").status, 200);
}

TEST(Upstream, NeverAnswers) {
  ScriptedServer origin([](ScriptedPeer& peer) { peer.wait_for_close(); });
  Gateway gateway({.server = "proxy_read_timeout 200ms; " + proxy_to(origin)});
  EXPECT_EQ(get(gateway.port(), "/").status, 504);
}

TEST(Upstream, StopsInTheMiddle) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    peer.wait_for_close();
  });
  Gateway gateway({.server = "proxy_read_timeout 200ms; " + proxy_to(origin)});
  const Response response = get(gateway.port(), "/");
  EXPECT_EQ(response.body, "abc");
  EXPECT_FALSE(response.complete);
}

struct BadAnswer {
  const char* name;
  std::string bytes;
};

class BadAnswers : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(BadAnswers, Is502) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(GetParam().bytes);
  });
  Gateway gateway({.server = proxy_to(origin)});
  const Response response = get(gateway.port(), "/");
  EXPECT_EQ(response.status, 502);
  EXPECT_TRUE(response.complete);
}

INSTANTIATE_TEST_SUITE_P(
    Upstream, BadAnswers,
    ::testing::Values(BadAnswer{"Nothing", ""}, BadAnswer{"Garbage", "hello\r\n\r\n"},
                      BadAnswer{"HalfHead", "HTTP/1.1 200 OK\r\nContent-Le"},
                      BadAnswer{"TwoLengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"},
                      BadAnswer{"LengthAndChunked",
                                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
                      BadAnswer{"BadLength", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
                      BadAnswer{"NulInField", std::string("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", 27)},
                      BadAnswer{"FoldedField", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
                      BadAnswer{"UnaskedUpgrade",
                                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"},
                      BadAnswer{"EndlessHead", "HTTP/1.1 200 OK\r\nA: " + std::string(200000, 'a')},
                      BadAnswer{"OnlyInterim", "HTTP/1.1 103 Early Hints\r\nBad Name: x\r\n\r\n"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Upstream, EndlessInterimAnswers) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    while (peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")) {
    }
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  Response response;
  while ((response = client.response()).status == 103) {
  }
  EXPECT_EQ(response.status, 502);
}

TEST(Upstream, TruncatedAnswersLookTruncated) {
  for (const std::string head : {"Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
                                 "Transfer-Encoding: chunked\r\n\r\n9\r\nabc"}) {
    ScriptedServer origin([&](ScriptedPeer& peer) {
      peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\n" + head);
    });
    Gateway gateway({.server = proxy_to(origin)});
    const Response response = get(gateway.port(), "/");
    EXPECT_EQ(response.status, 200);
    EXPECT_FALSE(response.complete) << head;
    RawClient old(gateway.port());
    old.send("GET / HTTP/1.0\r\n\r\n");
    const Response unframed = old.response();
    EXPECT_FALSE(unframed.complete) << "an HTTP/1.0 client saw a regular end after " << unframed.body;
    EXPECT_THAT(gateway.access_log(), HasSubstr("\"ended_by\":\"upstream\""));
  }
}

TEST(Upstream, ResetInTheMiddle) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nuntil close");
    peer.reset();
  });
  Gateway gateway({.server = proxy_to(origin)});
  const Response response = get(gateway.port(), "/");
  EXPECT_TRUE(response.status == 502 || !response.complete);
}

TEST(Upstream, ClientAbortReachesTheUpstream) {
  std::promise<void> asked;
  std::promise<void> left;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    asked.set_value();
    peer.wait_for_close();
    left.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  asked.get_future().wait();
  client.reset();
  EXPECT_EQ(left.get_future().wait_for(Seconds(5)), std::future_status::ready);
  EXPECT_TRUE(eventually([&] { return gateway.access_log().find("\"status\":499") != std::string::npos; }));
}

TEST(Upstream, ClientThatLeavesDuringALongAnswerReachesTheUpstream) {
  std::promise<void> left;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.send("5\r\nabcde\r\n")) std::this_thread::sleep_for(Milliseconds(5));
    left.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").read_until("abcde");
  client.close();
  EXPECT_EQ(left.get_future().wait_for(Seconds(5)), std::future_status::ready);
}

TEST(Upstream, ClientAbortDuringUpload) {
  std::promise<void> left;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.wait_for_close();
    left.set_value();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\nabc");
  EXPECT_TRUE(eventually([&] { return origin.accepted() == 1; }));
  client.close();  // half a request: nothing to wait for
  EXPECT_EQ(left.get_future().wait_for(Seconds(5)), std::future_status::ready);
}

TEST(Upstream, KeepaliveLimits) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "location / { proxy_pass http://u; }",
                   .http = "upstream u { server 127.0.0.1:" + std::to_string(origin.port()) +
                           "; keepalive 1; keepalive_requests 2; keepalive_timeout 100ms; }"});
  for (int i = 0; i < 4; ++i) EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_EQ(origin.connections(), 2);
  EXPECT_EQ(get(gateway.port(), "/").status, 200);
  EXPECT_TRUE(eventually([&] { return gateway.idle_upstreams() == 0; }));
}

}  // namespace
}  // namespace hearth::test
