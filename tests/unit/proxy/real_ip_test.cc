#include "proxy/real_ip.h"

#include <gtest/gtest.h>

namespace hearth::proxy {
namespace {

config::Network network(const char* address, unsigned bits) {
  return {config::Network::Kind::ip, *SocketAddress::parse(address, 1), bits};
}

class RealIp : public testing::Test {
 protected:
  RealIp() {
    settings.trusted = {network("10.0.0.0", 8), {config::Network::Kind::unix_sockets, {}, 0}};
    settings.header = "X-Forwarded-For";
  }
  std::string client(const char* peer, std::vector<std::string> values, const SocketAddress* announced = nullptr) {
    http::HeaderList headers;
    for (const std::string& value : values) headers.add("x-forwarded-for", value);
    const auto found = real_client(settings, *SocketAddress::parse(peer, 1), announced, headers);
    return found ? found->ip() : "";
  }
  config::RealIpSettings settings;
};

TEST_F(RealIp, OnlyTrustedProxiesAreBelieved) {
  EXPECT_EQ(client("10.1.2.3", {"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(client("11.1.2.3", {"192.0.2.1"}), "");
  EXPECT_EQ(client("unix:/x", {"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(client("[::ffff:10.0.0.1]", {"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(client("10.1.2.3", {}), "");
}

TEST_F(RealIp, OfAListTheLastCountsOrTheLastThatIsNotTrusted) {
  EXPECT_EQ(client("10.0.0.1", {"192.0.2.1, 10.0.0.7"}), "10.0.0.7");
  settings.recursive = true;
  EXPECT_EQ(client("10.0.0.1", {"6.6.6.6, 192.0.2.1, 10.0.0.7"}), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.1", {"192.0.2.1", "10.0.0.7"}), "192.0.2.1") << "lines of one field are one list";
  EXPECT_EQ(client("10.0.0.1", {"10.0.0.8,10.0.0.7"}), "10.0.0.8");
  EXPECT_EQ(client("10.0.0.1", {"6.6.6.6, rubbish, 10.0.0.7"}), "10.0.0.7") << "nothing in front of rubbish is known";
}

TEST_F(RealIp, AddressesMayHavePortsAndBrackets) {
  for (const auto& [text, ip] : {std::pair("192.0.2.1:99", "192.0.2.1"), std::pair("2001:db8::1", "2001:db8::1"),
                                 std::pair("[2001:db8::1]:99", "2001:db8::1"), std::pair(" 192.0.2.1\t", "192.0.2.1"),
                                 std::pair("unix:/x", ""), std::pair("", ""), std::pair("localhost", "")})
    EXPECT_EQ(client("10.0.0.1", {text}), ip) << text;
}

TEST_F(RealIp, TheProxyProtocolsWordCountsWhenItIsAsked) {
  const SocketAddress announced = *SocketAddress::parse("192.0.2.9:5");
  EXPECT_EQ(client("10.0.0.1", {}, &announced), "");
  settings.source = config::RealIpSettings::Source::proxy_protocol;
  EXPECT_EQ(client("10.0.0.1", {"6.6.6.6"}, &announced), "192.0.2.9");
  EXPECT_EQ(client("11.0.0.1", {}, &announced), "");
  const SocketAddress nobody;
  EXPECT_EQ(client("10.0.0.1", {"6.6.6.6"}, &nobody), "");
}

}  // namespace
}  // namespace hearth::proxy
