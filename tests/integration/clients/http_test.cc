#include "clients/http.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "support/loop_until.h"
#include "support/scripted_server.h"

namespace hearth {
namespace {

using test::run_until;
using test::ScriptedPeer;
using test::ScriptedServer;

class HttpTest : public testing::Test {
 protected:
  Result<HttpResponse> run(HttpRequest request) {
    std::optional<Result<HttpResponse>> answer;
    const auto call =
        client_->start(std::move(request), [&](Result<HttpResponse> result) { answer = std::move(result); });
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); })) << "no answer";
    if (!answer) return fail(ErrorCode::internal, ErrorSource::us, "no answer");
    return std::move(*answer);
  }
  static HttpRequest get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    return request;
  }

  Loop loop_;
  std::unique_ptr<HttpClient> client_ = std::make_unique<HttpClient>(loop_);
};

TEST_F(HttpTest, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  std::string head;
  std::string body;
  ScriptedServer server([&](ScriptedPeer& peer) {
    head = peer.read_head();
    body = peer.read_exactly(11);
    peer.send("HTTP/1.1 201 Created\r\nX-One: a\r\nContent-Length: 3\r\n\r\nyes");
  });
  HttpRequest request;
  request.method = "POST";
  request.url = server.url("/make?name=%2F");
  request.headers = {{"Content-Type", "application/json"}, {"X-Empty", ""}};
  request.body = R"({"a":"b\0"})";
  const auto answer = run(std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->header("x-one"), "a");
  EXPECT_EQ(answer->header("missing"), "");
  EXPECT_EQ(answer->body, "yes");
  EXPECT_TRUE(head.starts_with("POST /make?name=%2F HTTP/1.1\r\n")) << head;
  EXPECT_NE(head.find("\r\nContent-Type: application/json\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nContent-Length: 11\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nX-Empty:\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Expect"), std::string::npos) << head;
  EXPECT_EQ(body, R"({"a":"b\0"})");
}

TEST_F(HttpTest, AnEmptyPostHasLengthZeroAndNoInventedType) {
  std::string head;
  ScriptedServer server([&](ScriptedPeer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  });
  HttpRequest request = get(server.url());
  request.method = "POST";
  const auto answer = run(std::move(request));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 204);
  EXPECT_NE(head.find("Content-Length: 0\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Type"), std::string::npos) << head;
}

TEST_F(HttpTest, DeleteHasNoBody) {
  std::string head;
  ScriptedServer server([&](ScriptedPeer& peer) {
    head = peer.read_head();
    peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  });
  HttpRequest request = get(server.url("/containers/x"));
  request.method = "DELETE";
  const auto answer = run(std::move(request));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
  EXPECT_TRUE(head.starts_with("DELETE /containers/x HTTP/1.1\r\n")) << head;
  EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
}

TEST_F(HttpTest, SpeaksOverAUnixSocket) {
  char directory[] = "/tmp/hearth-http-XXXXXX";
  ASSERT_NE(mkdtemp(directory), nullptr);
  const std::string path = std::string(directory) + "/engine.sock";
  std::string head;
  {
    ScriptedServer server(path, [&](ScriptedPeer& peer) {
      head = peer.read_head();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
    });
    HttpRequest request = get("http://docker/_ping");
    request.unix_socket = path;
    const auto answer = run(std::move(request));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "OK");
    EXPECT_NE(head.find("Host: docker\r\n"), std::string::npos) << head;
  }
  HttpRequest request = get("http://docker/_ping");
  request.unix_socket = path;
  const auto refused = run(std::move(request));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_NE(refused.error().message.find(path), std::string::npos) << refused.error().message;
  rmdir(directory);
}

TEST_F(HttpTest, ChunksAreHandedOutAsTheyCome) {
  std::atomic<bool> first_seen{false};
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    while (!first_seen) std::this_thread::yield();  // only then the rest: it was not held back
    peer.send("6\r\nsecond\r\n0\r\n\r\n");
  });
  std::string got;
  std::optional<Result<HttpResponse>> answer;
  const auto call = client_->stream(
      get(server.url()),
      [&](std::string_view bytes) {
        got += bytes;
        if (got == "first") first_seen = true;
      },
      [&](Result<HttpResponse> result) { answer = std::move(result); });
  const bool ended = run_until(loop_, [&] { return answer.has_value(); });
  first_seen = true;
  ASSERT_TRUE(ended);
  ASSERT_TRUE(*answer);
  EXPECT_EQ((*answer)->status, 200);
  EXPECT_EQ((*answer)->body, "");
  EXPECT_EQ(got, "firstsecond");
}

TEST_F(HttpTest, RefusedIsUnavailable) {
  unsigned short port = 0;
  {
    port = ScriptedServer([](ScriptedPeer&) {}).port();
  }
  const auto answer = run(get("http://127.0.0.1:" + std::to_string(port) + "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::unavailable);
  EXPECT_EQ(answer.error().source, ErrorSource::runtime);
  EXPECT_TRUE(answer.error().retryable);
}

TEST_F(HttpTest, SilenceTimesOut) {
  ScriptedServer server([](ScriptedPeer& peer) { peer.wait_for_close(); });
  HttpRequest request = get(server.url());
  request.timeout = Milliseconds(80);
  const auto answer = run(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
}

TEST_F(HttpTest, AnAnswerThatWasLostIsATimeout) {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.reset();
  });
  const auto answer = run(get(server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::timeout);
  EXPECT_TRUE(answer.error().retryable);
}

TEST_F(HttpTest, ATruncatedAnswerIsAnError) {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
  });
  EXPECT_FALSE(run(get(server.url())));
}

TEST_F(HttpTest, NonsenseIsAProtocolError) {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("SSH-2.0-OpenSSH\r\n\r\n");
  });
  const auto answer = run(get(server.url()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::protocol);
}

TEST_F(HttpTest, TooLongAnAnswerIsALimit) {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(5000, 'x'));
  });
  HttpRequest request = get(server.url());
  request.max_response = 1000;
  const auto answer = run(std::move(request));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::limit);
  EXPECT_NE(answer.error().message.find("1000 bytes"), std::string::npos) << answer.error().message;
}

TEST_F(HttpTest, RedirectsAreHandedBack) {
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
  });
  const auto answer = run(get(server.url()));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(answer->header("location"), "/elsewhere");
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpTest, TheEnvironmentsProxyIsNotUsed) {
  ScriptedServer proxy([](ScriptedPeer& peer) { peer.wait_for_close(); });
  ScriptedServer server([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  setenv("http_proxy", proxy.url().c_str(), 1);
  const auto answer = run(get(server.url()));
  unsetenv("http_proxy");
  EXPECT_TRUE(answer);
  EXPECT_EQ(proxy.accepted(), 0);
}

TEST_F(HttpTest, ConnectionsAreReused) {
  ScriptedServer server([](ScriptedPeer& peer) {
    while (!peer.read_head().empty()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
  });
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(run(get(server.url())));
  EXPECT_EQ(server.accepted(), 1);
}

TEST_F(HttpTest, ManyAtOnce) {
  ScriptedServer server([](ScriptedPeer& peer) {
    while (!peer.read_head().empty()) peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK");
  });
  std::vector<std::unique_ptr<HttpCall>> calls;
  int good = 0;
  for (int i = 0; i < 50; ++i) {
    calls.push_back(client_->start(get(server.url()), [&](Result<HttpResponse> result) { good += result ? 1 : 0; }));
  }
  ASSERT_TRUE(run_until(loop_, [&] { return good == 50; }));
}

TEST_F(HttpTest, ADroppedCallIsSilentAndFreesItsConnection) {
  std::atomic<bool> closed{false};
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    closed = peer.wait_for_close();
  });
  bool called = false;
  auto call = client_->start(get(server.url()), [&](Result<HttpResponse>) { called = true; });
  ASSERT_TRUE(run_until(loop_, [&] { return server.accepted() == 1; }));
  test::run_for(loop_, Milliseconds(20));
  call.reset();
  EXPECT_TRUE(run_until(loop_, [&] { return closed.load(); }));
  EXPECT_FALSE(called);
}

TEST_F(HttpTest, AChunkCallbackMayDropItsCall) {
  std::atomic<bool> closed{false};
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nbytes");
    closed = peer.wait_for_close();
  });
  std::unique_ptr<HttpCall> call;
  int chunks = 0;
  bool done = false;
  call = client_->stream(
      get(server.url()),
      [&, kept = std::string(100, 'k')](std::string_view) {
        ++chunks;
        call.reset();
        EXPECT_EQ(kept.size(), 100u);
      },
      [&](Result<HttpResponse>) { done = true; });
  EXPECT_TRUE(run_until(loop_, [&] { return closed.load(); }));
  EXPECT_EQ(chunks, 1);
  EXPECT_FALSE(done);
}

TEST_F(HttpTest, AChunkCallbackMayStartAnother) {
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
  });
  std::unique_ptr<HttpCall> second;
  bool second_done = false;
  const auto first = client_->stream(
      get(server.url()),
      [&](std::string_view) {
        second =
            client_->start(get(server.url()), [&](Result<HttpResponse> result) { second_done = result.has_value(); });
      },
      [](Result<HttpResponse>) {});
  EXPECT_TRUE(run_until(loop_, [&] { return second_done; }));
}

TEST_F(HttpTest, CallbacksMayDestroyTheClient) {
  ScriptedServer server([&](ScriptedPeer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbytes");
  });
  bool gone = false;
  const auto other = client_->start(get(server.url()), [](Result<HttpResponse>) {});
  const auto in_done = client_->start(get(server.url()), [&](Result<HttpResponse>) {
    client_.reset();
    gone = true;
  });
  ASSERT_TRUE(run_until(loop_, [&] { return gone; }));

  client_ = std::make_unique<HttpClient>(loop_);
  gone = false;
  const auto in_chunk = client_->stream(
      get(server.url()),
      [&](std::string_view) {
        client_.reset();
        gone = true;
      },
      [](Result<HttpResponse>) { ADD_FAILURE() << "called after the client was destroyed"; });
  ASSERT_TRUE(run_until(loop_, [&] { return gone; }));
  test::run_for(loop_, Milliseconds(20));
}

}  // namespace
}  // namespace hearth
