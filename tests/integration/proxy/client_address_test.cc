// Who the client is: real_ip_header, and the PROXY protocol on both sides.
#include <gmock/gmock.h>

#include "support/gateway/gateway.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::string kSays = "location / { return 200 \"$remote_addr $remote_port $realip_remote_addr $proxy_protocol_addr\"; }";

TEST(RealIp, IsWhatTheTrustedProxySaysEverywhere) {
  Origin origin(ok("x"));
  Gateway gateway({.server = "set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;" + kSays +
                             "location /pass { " + origin.pass() + " }"
                             "location /deny { deny 192.0.2.1; return 200 in; }"});
  RawClient client(gateway.port());
  const auto from = [&](const std::string& path, const std::string& address) {
    client.send("GET " + path + " HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: " + address + "\r\n\r\n");
    return client.response();
  };
  EXPECT_THAT(from("/", "192.0.2.1").body, StartsWith("192.0.2.1 0 127.0.0.1"));
  EXPECT_EQ(from("/deny", "192.0.2.1").status, 403);
  EXPECT_EQ(from("/deny", "192.0.2.2").status, 200) << "the next request on a connection may be another's";
  from("/pass", "192.0.2.3");
  EXPECT_THAT(origin.last(), HasSubstr("X-Forwarded-For: 192.0.2.3\r\n"));
  EXPECT_THAT(from("/", "rubbish").body, StartsWith("127.0.0.1 "));
  EXPECT_THAT(gateway.access_log(), HasSubstr("\"remote_addr\":\"192.0.2.3\""));
}

class ProxyProtocol : public testing::Test {
 protected:
  const std::uint16_t port_ = free_port();
  const std::string listen_ = "listen 127.0.0.1:" + std::to_string(port_) + " proxy_protocol; ";
};

TEST_F(ProxyProtocol, IsReadInFrontOfTheFirstRequest) {
  Gateway gateway({.server = listen_ + "set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;" + kSays});
  const std::string request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  {
    RawClient client(port_);
    client.send("PROXY TCP4 192.0.2.1 198.51.100.7 56324 80\r\n" + request + request);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(client.response().body, "192.0.2.1 56324 127.0.0.1 192.0.2.1");
  }
  {
    RawClient client(port_);
    for (const char c : "PROXY UNKNOWN\r\n" + request) client.send({&c, 1});
    EXPECT_THAT(client.response().body, StartsWith("127.0.0.1 "));
  }
  EXPECT_THAT(get(gateway.port(), "/").body, StartsWith("127.0.0.1 ")) << "the other address expects none";
}

TEST_F(ProxyProtocol, WithoutItTheConnectionIsClosedUnanswered) {
  Gateway gateway({.server = listen_ + kSays});
  for (const char* bytes : {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", "PROXY TCP4 x\r\n"}) {
    RawClient client(port_);
    client.send(bytes);
    std::string rest;
    EXPECT_NE(client.read_to_end(&rest), RawClient::End::none);
    EXPECT_EQ(rest, "");
  }
  RawClient half(port_);
  half.send("PROXY TC");
  half.half_close();
  EXPECT_NE(half.read_to_end(), RawClient::End::none);
}

TEST_F(ProxyProtocol, WhoIsOnlyAnnouncedIsNotBelieved) {
  Gateway gateway({.server = listen_ + kSays});
  RawClient client(port_);
  client.send("PROXY TCP4 192.0.2.1 198.51.100.7 56324 80\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.response().body, StartsWith("127.0.0.1 "));
}

TEST_F(ProxyProtocol, IsWrittenToTheUpstreamOncePerConnectionAndClient) {
  std::atomic<int> connections{0};
  ScriptedServer origin([&](ScriptedPeer& peer) {
    ++connections;
    const std::string head = peer.read_head();
    peer.send(ok(head.substr(0, head.find("\r\n"))));
    peer.wait_for_close();
  });
  Gateway gateway({.server = "proxy_protocol v1; " + proxy_to(origin)});
  RawClient client(gateway.port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.response().body, "PROXY TCP4 127.0.0.1 127.0.0.1 " + std::to_string(client.local_port()) + " " +
                                          std::to_string(gateway.port()));
  }
  EXPECT_EQ(connections, 2);
}

}  // namespace
}  // namespace hearth::test
