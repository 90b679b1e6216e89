// Bodies both ways: framing, trailers, size, back-pressure, 100-continue, early answers.
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "proxy/client_connection.h"
#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST(Body, ChunkedRequestWithTrailers) {
  ScriptedServer recorder([](ScriptedPeer& peer) {
    const std::string head = peer.read_head();
    const std::string chunks = peer.read_until("0\r\n");
    peer.send(ok(chunks + peer.read_until("\r\n\r\n")));
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(recorder)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n")
      .send("4;ext=1\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
  const std::string body = client.response("POST").body;
  EXPECT_THAT(body, HasSubstr("abc"));
  EXPECT_THAT(body, HasSubstr("defg"));
  EXPECT_THAT(body, EndsWith("0\r\nX-Sum: 7\r\n\r\n"));
  EXPECT_THAT(body, Not(HasSubstr("ext")));
}

TEST(Body, ChunkedResponseWithTrailers) {
  Origin origin("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    const Response response = client.response();
    EXPECT_EQ(response.body, "abcdefg");
    EXPECT_EQ(response.trailers, "X-Sum: 7\r\n");
  }
  EXPECT_EQ(origin.connections(), 1);
}

TEST(Body, UntilCloseBecomesChunked) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it");
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = client.response();
    EXPECT_TRUE(response.chunked);
    EXPECT_TRUE(response.complete);
    EXPECT_EQ(response.body, "all of it");
  }
}

TEST(Body, Http10Origin) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  });
  Gateway gateway({.server = proxy_to(origin)});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(gateway.port(), "/").body, "hi");
  EXPECT_EQ(origin.accepted(), 3);
}

TEST(Body, LargeBothWays) {
  const std::string body = pattern(8 << 20);
  ScriptedServer echo([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(ok(peer.read_exactly(body.size())));
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(echo)});
  RawClient client(gateway.port());
  std::thread sender([&] {
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  sender.join();
  const Response response = client.response("POST");
  EXPECT_TRUE(response.complete);
  EXPECT_TRUE(response.body == body);
}

TEST(Body, LargeChunkedBothWays) {
  std::string framed;
  const std::string piece = pattern(5000);
  for (int i = 0; i < 800; ++i) framed += "1388\r\n" + piece + "\r\n";
  framed += "0\r\n\r\n";
  ScriptedServer echo([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string received = peer.read_until("\r\n0\r\n\r\n");
    peer.send(received);
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(echo)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + framed);
  const Response response = client.response("POST");
  EXPECT_TRUE(response.complete);
  ASSERT_EQ(response.body.size(), 800u * 5000u);
  for (int i = 0; i < 800; ++i) ASSERT_EQ(response.body.compare(static_cast<std::size_t>(i) * 5000, 5000, piece), 0);
}

TEST(Body, SlowReaderStopsTheReadingOfTheUpstream) {
  std::atomic<std::size_t> sent{0};
  const std::string block(64 * 1024, 'b');
  constexpr std::size_t kTotal = 64u << 20;
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
    while (sent < kTotal && peer.send(block)) sent += block.size();
    peer.wait_for_close();
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port(), 8192);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_until("\r\n\r\n");
  std::size_t seen = 1;
  ASSERT_TRUE(eventually([&] {
    const std::size_t before = std::exchange(seen, sent.load());
    std::this_thread::sleep_for(Milliseconds(100));
    return seen > 0 && before == sent;
  }));
  EXPECT_LT(sent, 24u << 20);  // what the kernel holds for two connections, not the whole
  std::size_t queued = 0;
  gateway.on_worker([&](proxy::WorkerContext& context) {
    for (auto* connection : context.connections) queued = std::max(queued, connection->socket().queued());
  });
  EXPECT_LT(queued, 192u * 1024);
  EXPECT_EQ(client.read_exactly(kTotal).size(), kTotal);
}

TEST(Body, SlowUpstreamStopsTheReadingOfTheClient) {
  std::promise<void> go;
  auto start = go.get_future().share();
  constexpr std::size_t kTotal = 128u << 20;  // the kernel may buffer a third of it
  ScriptedServer origin([&](ScriptedPeer& peer) {
    peer.read_head();
    start.wait();
    const std::size_t got = peer.read_exactly(kTotal).size();
    peer.send(ok(std::to_string(got)));
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kTotal) + "\r\n\r\n");
  const std::string all(kTotal, 'u');
  const std::size_t sent = client.send_some(all, Milliseconds(300));
  EXPECT_LT(sent, kTotal);
  EXPECT_TRUE(eventually([&] {
    bool reading = true;
    gateway.on_worker([&](proxy::WorkerContext& context) {
      reading = context.connections.empty() || (*context.connections.begin())->socket().reading();
    });
    return !reading;
  }));
  go.set_value();
  client.send(std::string_view(all).substr(sent));
  EXPECT_EQ(client.response("POST").body, std::to_string(kTotal));
}

TEST(Body, ExpectContinueIsAnsweredByTheOrigin) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    for (std::string head; !(head = peer.read_head()).empty();) {
      peer.send("HTTP/1.1 100 Continue\r\n\r\n");
      peer.send(ok(peer.read_exactly(4) + head));
    }
  });
  Gateway gateway({.server = proxy_to(origin)});
  RawClient client(gateway.port());
  for (int i = 0; i < 2; ++i) {
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    EXPECT_THAT(client.response().head, HasSubstr("HTTP/1.1 100 Continue"));
    client.send("data");
    EXPECT_THAT(client.response("PUT").body, HasSubstr("dataPUT / HTTP/1.1"));
  }
}

TEST(Body, InterimAnswersAreRelayedButNotToHttp10) {
  Origin origin("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok("end"));
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const Response early = client.response();
  EXPECT_EQ(early.status, 103);
  EXPECT_EQ(early.header("Link"), "</a>");
  EXPECT_EQ(client.response().body, "end");
  EXPECT_EQ(fetch(gateway.port(), "GET / HTTP/1.0\r\n\r\n").status, 200);
}

TEST(Body, AnswerBeforeTheWholeRequestClosesTheConnection) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    peer.wait_for_close();
  });
  Gateway gateway({.server = "client_max_body_size 0; " + proxy_to(origin)});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nsome");
  const Response response = client.response("POST");
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.header("Connection"), "close");
  EXPECT_EQ(response.body, "no");
  client.send(std::string(50000, 'x'));  // still on its way: must not turn into a reset before the answer is read
  EXPECT_EQ(client.read_to_end(), RawClient::End::fin);
  EXPECT_EQ(gateway.idle_upstreams(), 0u);
}

TEST(Body, RangeGoesThrough) {
  Origin origin("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 1-3/9\r\nContent-Length: 3\r\n\r\nbcd");
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  const Response response = get(gateway.port(), "/", "Range: bytes=1-3\r\n");
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), "bytes 1-3/9");
  EXPECT_THAT(origin.last(), HasSubstr("Range: bytes=1-3\r\n"));
}

TEST(Body, NoContentAnswersKeepTheConnection) {
  Origin origin([](const std::string& request) {
    return std::string(request.find("/304") != std::string::npos ? "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"
                                                                 : "HTTP/1.1 204 No Content\r\n\r\n");
  });
  Gateway gateway({.server = "location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET /304 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 304);
  client.send("GET /204 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 204);
  client.send("GET /204 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().status, 204);
  EXPECT_EQ(origin.connections(), 1);
}

}  // namespace
}  // namespace hearth::test
