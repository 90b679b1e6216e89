// Modules' handlers through the SDK: answers now and later, bodies, streams, proxy plans.
#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kServer = "location / { try; }";

TEST(Handler, RepliesNow) {
  Gateway gateway({.server = kServer, .handlers = {{"try", [](Exchange& exchange, WorkerHost&) {
                                                      const RequestView& r = exchange.request();
                                                      exchange.set_user("ann");
                                                      exchange.reply(
                                                          {201,
                                                           {{"X-A", "1"}, {"X-A", "2"}},
                                                           std::string(r.method) + " " + std::string(r.path) + " " +
                                                               std::string(r.query) + " " + std::string(r.host) + " " +
                                                               std::string(r.cookie("k").value_or("none"))});
                                                    }}}});
  RawClient client(gateway.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /p%20q?x=1 HTTP/1.1\r\nHost: h:1\r\nCookie: a=b\r\nCookie: k=v\r\n\r\n");
    const Response response = client.response();
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(response.all("X-A").size(), 2u);
    EXPECT_EQ(response.body, "GET /p%20q x=1 h:1 v");
  }
  EXPECT_THAT(gateway.access_log(), HasSubstr("ann"));
}

TEST(Handler, RepliesLaterFromAnotherThread) {
  std::vector<std::thread> threads;
  Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost& worker) {
                                                      threads.emplace_back([id = exchange.id(), &worker] {
                                                        worker.loop().post([id, &worker] {
                                                          if (Exchange* waiting = worker.find(id))
                                                            waiting->reply({200, {}, "later"});
                                                        });
                                                      });
                                                    }}}});
  RawClient client(gateway.port());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().body, "later");
  EXPECT_EQ(client.response().body, "later");
  for (auto& thread : threads) thread.join();
}

TEST(Handler, FindIsNullAfterTheClientLeft) {
  std::promise<ExchangeId> asked;
  std::promise<void> ended;
  std::promise<Loop*> loop;
  WorkerHost* host = nullptr;
  Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost& worker) {
                                                      host = &worker;
                                                      exchange.on_end([&] { ended.set_value(); });
                                                      asked.set_value(exchange.id());
                                                    }}}});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const ExchangeId id = asked.get_future().get();
  bool found = false;
  gateway.on_worker([&](proxy::WorkerContext&) { found = host->find(id) != nullptr; });
  EXPECT_TRUE(found);
  client.reset();
  ended.get_future().wait();
  gateway.on_worker([&](proxy::WorkerContext&) { found = host->find(id) != nullptr; });
  EXPECT_FALSE(found);
}

TEST(Handler, OnEndComesOnceForEveryEnd) {
  std::atomic<int> ends{0};
  Origin origin(ok("x"));
  Gateway gateway(
      {.server = kServer,
       .handlers = {
           {"try", [&](Exchange& exchange, WorkerHost&) {
              exchange.on_end([&] { ++ends; });
              if (exchange.request().path == "/p") {
                exchange.proxy(
                    {*SocketAddress::parse("127.0.0.1:" + std::to_string(origin.port())), "/", {}, {}, {}, {}});
              } else {
                exchange.reply({});
              }
            }}}});
  get(gateway.port(), "/p");
  get(gateway.port(), "/");
  EXPECT_TRUE(eventually([&] { return ends == 2; }));
}

TEST(Handler, ReadBody) {
  Gateway gateway(
      {.server = kServer,
       .handlers = {{"try", [](Exchange& exchange, WorkerHost&) {
                       exchange.read_body(100, [&exchange](Result<std::string> body) {
                         exchange.reply({body ? 200 : 413, {}, body ? "<" + *body + ">" : body.error().message});
                       });
                     }}}});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(client.response().body, "<abc>");
  client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
      .send("1\r\nc\r\n0\r\n\r\n");
  EXPECT_EQ(client.response().body, "<abc>");
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response().body, "<>");
  client.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.response().status, 100);
  client.send("ok");
  EXPECT_EQ(client.response().body, "<ok>");
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" + std::string(101, 'x'));
  const Response large = client.response();
  EXPECT_EQ(large.status, 413);
  EXPECT_EQ(large.header("Connection"), "close");
  RawClient half(gateway.port());
  half.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").half_close();
  EXPECT_EQ(half.response().body, "<ok>");
}

TEST(Handler, ReadBodyLater) {
  Gateway gateway(
      {.server = kServer, .handlers = {{"try", [](Exchange& exchange, WorkerHost& worker) {
                                          worker.loop().post([id = exchange.id(), &worker] {
                                            Exchange* waiting = worker.find(id);
                                            if (waiting == nullptr) return;
                                            waiting->read_body(1 << 20, [waiting](Result<std::string> body) {
                                              waiting->reply({200, {}, std::to_string(body ? body->size() : 0)});
                                            });
                                          });
                                        }}}});
  RawClient client(gateway.port());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500000\r\n\r\n" + std::string(500000, 'b'));
  EXPECT_EQ(client.response().body, "500000");
}

TEST(Handler, Streams) {
  Gateway gateway(
      {.server = kServer, .handlers = {{"try", [](Exchange& exchange, WorkerHost&) {
                                          exchange.start_stream(200, {{"Content-Type", "text/event-stream"}});
                                          exchange.send("one ");
                                          exchange.send("two");
                                          exchange.finish();
                                        }}}});
  RawClient client(gateway.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const Response response = client.response();
    EXPECT_TRUE(response.chunked);
    EXPECT_EQ(response.header("Content-Type"), "text/event-stream");
    EXPECT_EQ(response.body, "one two");
  }
  const Response old = fetch(gateway.port(), "GET / HTTP/1.0\r\n\r\n");
  EXPECT_FALSE(old.chunked);
  EXPECT_EQ(old.body, "one two");
}

TEST(Handler, StreamToHeadHasNoBody) {
  Gateway gateway({.server = kServer, .handlers = {{"try", [](Exchange& exchange, WorkerHost&) {
                                                      exchange.start_stream(200, {});
                                                      exchange.send("body");
                                                      exchange.finish();
                                                    }}}});
  RawClient client(gateway.port());
  client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.response("HEAD").status, 200);
  const Response next = client.response();
  EXPECT_THAT(next.head, ::testing::StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(next.body, "body");
}

TEST(Handler, StreamToASlowClientIsCut) {
  std::promise<void> ended;
  Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost&) {
                                                      exchange.on_end([&] { ended.set_value(); });
                                                      exchange.start_stream(200, {});
                                                      const std::string block(64 * 1024, 's');
                                                      int sent = 0;
                                                      while (exchange.send(block) && sent < 10000) ++sent;
                                                      EXPECT_LT(sent, 10000);
                                                    }}}});
  RawClient client(gateway.port(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(ended.get_future().wait_for(Seconds(10)), std::future_status::ready);
  EXPECT_FALSE(client.response().complete);
}

TEST(Handler, StreamEndsWhenTheClientLeaves) {
  std::promise<void> ended;
  Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost&) {
                                                      exchange.on_end([&] { ended.set_value(); });
                                                      exchange.start_stream(200, {});
                                                      exchange.send("hello");
                                                    }}}});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").read_until("hello");
  client.reset();
  EXPECT_EQ(ended.get_future().wait_for(Seconds(5)), std::future_status::ready);
}

TEST(Handler, ProxyPlan) {
  Origin origin([](const std::string& request) { return ok(request); });
  Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost&) {
                                                      ProxyPlan plan;
                                                      plan.address = *SocketAddress::parse(
                                                          "127.0.0.1:" + std::to_string(origin.port()));
                                                      plan.target = "/inner?a=%20";
                                                      plan.forwarded_prefix = "/w/1";
                                                      plan.hidden_cookie = "session";
                                                      plan.route = "ws-1";
                                                      plan.user = "bob";
                                                      exchange.proxy(std::move(plan));
                                                    }}}});
  const Response response =
      fetch(gateway.port(),
            "POST /w/1/inner HTTP/1.1\r\nHost: my.host:8\r\nCookie: a=1; session=secret; b=2\r\n"
            "Cookie: session=secret\r\nX-Forwarded-Prefix: /forged\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_THAT(response.body,
              AllOf(HasSubstr("POST /inner?a=%20 HTTP/1.1\r\n"), HasSubstr("Host: my.host:8\r\n"),
                    HasSubstr("X-Forwarded-Prefix: /w/1\r\n"), HasSubstr("a=1; b=2"), HasSubstr("\r\n\r\nbody")));
  EXPECT_THAT(response.body, Not(HasSubstr("secret")));
  EXPECT_THAT(response.body, Not(HasSubstr("forged")));
  EXPECT_THAT(gateway.access_log(), AllOf(HasSubstr("ws-1"), HasSubstr("bob")));
}

TEST(Handler, StopEndsWaitingExchanges) {
  std::atomic<int> ends{0};
  std::promise<void> asked;
  {
    Gateway gateway({.server = kServer, .handlers = {{"try", [&](Exchange& exchange, WorkerHost&) {
                                                        exchange.on_end([&] { ++ends; });
                                                        exchange.id();
                                                        asked.set_value();
                                                      }}}});
    RawClient client(gateway.port());
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    asked.get_future().wait();
  }
  EXPECT_EQ(ends, 1);
}

}  // namespace
}  // namespace hearth::test
