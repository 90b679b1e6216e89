// limit_req, limit_conn, limit_rate.
#include <gmock/gmock.h>

#include <future>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;


Milliseconds since(SteadyTime from) { return std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - from); }

TEST(LimitReq, MoreThanTheBurstIsRefusedWithTheStatusThatIsSet) {
  Gateway gateway({.server = "location / { limit_req zone=z burst=2 nodelay; limit_req_status 429; return 200 in; }"
                             "location /free { return 200 in; }",
                   .http = "limit_req_zone $binary_remote_addr zone=z:1m rate=1r/m;"});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(gateway.port(), "/").status, 200) << i;
  EXPECT_EQ(get(gateway.port(), "/").status, 429);
  EXPECT_EQ(get(gateway.port(), "/free").status, 200);
}

TEST(LimitReq, WhoComesTooSoonWaitsAndIsThenServed) {
  Gateway gateway({.server = "location / { limit_req zone=z burst=5; return 200 $arg_n; }",
                   .http = "limit_req_zone $http_user zone=z:1m rate=5r/s;"});
  RawClient client(gateway.port());
  const auto from = SteadyClock::now();
  for (int i = 0; i < 3; ++i) client.send("GET /?n=" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\nUser: a\r\n\r\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.response().body, std::to_string(i));
  EXPECT_GE(since(from), Milliseconds(390)) << "two of them waited 200 ms each";
  client.send("GET /?n=9 HTTP/1.1\r\nHost: h\r\nUser: a\r\n\r\n");
  client.reset();  // while it waits
  EXPECT_TRUE(eventually([&] { return gateway.open_connections() == 0; }));
  const auto again = SteadyClock::now();
  EXPECT_EQ(get(gateway.port(), "/?n=x").body, "x") << "an empty key is not counted";
  EXPECT_LT(since(again), Milliseconds(2000));
}

TEST(LimitConn, CountsWhatIsUnderWayTunnelsToo) {
  std::promise<void> go;
  const std::shared_future<void> gone = go.get_future().share();
  ScriptedServer origin([&](ScriptedPeer& peer) {
    for (std::string head; !(head = peer.read_head()).empty();) {
      if (head.find("/ws") != std::string::npos) {
        peer.send(kAccept);
        peer.wait_for_close();
        return;
      }
      gone.wait();
      peer.send(ok("slow"));
    }
  });
  Gateway gateway({.server = "limit_conn z 1;" + proxy_to(origin),
                   .http = "limit_conn_zone $remote_addr zone=z:1m;"});
  RawClient slow(gateway.port());
  slow.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return origin.accepted() == 1; }));
  EXPECT_EQ(get(gateway.port(), "/").status, 503);
  go.set_value();
  EXPECT_EQ(slow.response().body, "slow");
  RawClient tunnel(gateway.port());
  tunnel.send(kHandshake);
  EXPECT_THAT(tunnel.read_until("\r\n\r\n"), HasSubstr("101"));
  EXPECT_EQ(get(gateway.port(), "/").status, 503);
  tunnel.reset();
  EXPECT_TRUE(eventually([&] {
    RawClient next(gateway.port());
    next.send(kHandshake);
    return next.read_until("\r\n\r\n").find(" 101 ") != std::string::npos;
  })) << "its place is free again";
}

TEST(LimitRate, SlowsAProxiedBodyAndAFileDown) {
  const std::string body(60000, 'x');
  Origin origin(ok(body));
  Gateway gateway({.server = "limit_rate 100k; location / { " + origin.pass() + " }"
                             "location /file { root html; } location /fast { limit_rate 0; root html; }"
                             "location /later { limit_rate_after 50k; " + origin.pass() + " }",
                   .files = {{"html/file", body}, {"html/fast", body}}});
  for (const auto& [path, least, most] : {std::tuple("/", 390, 5000), std::tuple("/file", 390, 5000),
                                          std::tuple("/fast", 0, 440), std::tuple("/later", 0, 440)}) {
    const auto from = SteadyClock::now();
    const Response response = get(gateway.port(), path);
    EXPECT_TRUE(response.body == body) << path;
    EXPECT_GE(since(from), Milliseconds(least)) << path;
    if (most < 1000) continue;  // how soon the others come depends on the machine
    EXPECT_LT(since(from), Milliseconds(most)) << path;
  }
}

TEST(LimitRate, TheNextResponseOnTheUpstreamConnectionIsNotSlowed) {
  const std::string body(300000, 'x');
  Origin origin(ok(body));
  Gateway gateway({.server = "location /slow { limit_rate 1m; " + origin.pass() + " } location / { " + origin.pass() + " }"});
  EXPECT_TRUE(get(gateway.port(), "/slow").body == body);
  EXPECT_TRUE(get(gateway.port(), "/").body == body);
  EXPECT_EQ(origin.connections(), 1);
}

TEST(LimitRate, AClientThatLeavesMeanwhileIsLetGo) {
  Origin origin(ok(std::string(1000000, 'x')));
  Gateway gateway({.server = "limit_rate 10k; location / { " + origin.pass() + " }"});
  RawClient client(gateway.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  client.read_until("\r\n\r\n");
  client.reset();
  EXPECT_TRUE(eventually([&] { return gateway.open_connections() == 0; }));
}

}  // namespace
}  // namespace hearth::test
