// Balancer, locations, virtual hosts, access rules.
#include <gtest/gtest.h>

#include "proxy/balancer.h"
#include "proxy/location.h"

namespace hearth::proxy {
namespace {

config::UpstreamServer server(const char* address, unsigned weight = 1, bool backup = false, bool down = false) {
  config::UpstreamServer out;
  out.address = *SocketAddress::parse(address);
  out.weight = weight;
  out.backup = backup;
  out.down = down;
  return out;
}

std::string picks(Balancer& balancer, int n, std::uint64_t now = 1, std::uint64_t excluded = 0) {
  std::string out;
  for (int i = 0; i < n; ++i) out += std::to_string(balancer.pick(now, excluded));
  return out;
}

TEST(Balancer, SmoothWeightedRoundRobin) {
  config::UpstreamSettings settings;
  settings.servers = {server("1.1.1.1:1", 5), server("1.1.1.2:1"), server("1.1.1.3:1")};
  Balancer balancer(settings);
  EXPECT_EQ(picks(balancer, 7), "0010200");
}

TEST(Balancer, SkipsDownExcludedAndFailed) {
  config::UpstreamSettings settings;
  settings.servers = {server("1.1.1.1:1"), server("1.1.1.2:1", 1, false, true), server("1.1.1.3:1"),
                      server("1.1.1.4:1", 1, true)};
  Balancer balancer(settings);
  EXPECT_EQ(picks(balancer, 4), "0202");
  EXPECT_EQ(picks(balancer, 2, 1, 1), "22");
  balancer.failed(0, 1000);
  EXPECT_EQ(picks(balancer, 3, 1000), "222");
  balancer.failed(2, 1000);
  EXPECT_EQ(picks(balancer, 2, 1000), "33");                          // the backup
  EXPECT_NE(balancer.pick(1000, 1 << 3), -1);                         // a guess that all are dead is no outage
  EXPECT_EQ(balancer.pick(1000, 1 | 1 << 2 | 1 << 3), -1);            // all tried
  EXPECT_NE(picks(balancer, 4, 11000).find('0'), std::string::npos);  // after fail_timeout
  balancer.succeeded(0);
  EXPECT_NE(picks(balancer, 4, 1000).find('0'), std::string::npos);
}

TEST(Balancer, OneServerIsAlwaysPickedOnce) {
  config::UpstreamSettings settings;
  settings.servers = {server("1.1.1.1:1")};
  Balancer balancer(settings);
  balancer.failed(0, 1);
  EXPECT_EQ(balancer.pick(1, 0), 0);
  EXPECT_EQ(balancer.pick(1, 1), -1);
}

class Locations : public ::testing::Test {
 protected:
  using Match = config::LocationSettings::Match;
  void add(const char* path, Match match = Match::prefix) {
    config::LocationSettings location;
    location.path = path;
    location.match = match;
    location.access_log.on = false;
    server_.locations.push_back(location);
  }
  std::string locate(const char* path) {
    config::HttpSettings http;
    server_.fallback.access_log.on = false;
    config::ListenSettings listen;
    listen.address = *SocketAddress::parse("127.0.0.1:80");
    server_.listens = {listen};
    http.servers = {server_};
    const Router router(http, {});
    const VirtualServer& host = router.hosts(listen.address).select("any");
    config::Regex::Captures captures;
    const Location* found = host.locate(path, captures);
    if (found == nullptr) return "too hard";
    return found == &host.fallback ? "fallback" : found->settings->path;
  }
  config::ServerSettings server_;
};

TEST_F(Locations, ExactThenLongestPrefixThenFallback) {
  add("/a");
  add("/a/b/");
  add("/a/b/c", Match::exact);
  EXPECT_EQ(locate("/"), "fallback");
  EXPECT_EQ(locate("/a"), "/a");
  EXPECT_EQ(locate("/abc"), "/a");
  EXPECT_EQ(locate("/a/b"), "/a");
  EXPECT_EQ(locate("/a/b/x"), "/a/b/");
  EXPECT_EQ(locate("/a/b/c"), "/a/b/c");
  EXPECT_EQ(locate("/a/b/c/"), "/a/b/");
  EXPECT_EQ(locate("/A"), "fallback");
}

TEST_F(Locations, RegularExpressionsInOrderUnlessThePrefixIsFinal) {
  add("/a");
  add("/final", Match::prefix_final);
  add("/exact.php", Match::exact);
  add("\\.php$", Match::regex);
  add("\\.PHP", Match::regex_no_case);
  add("(x+x+)+$", Match::regex);
  add("@named", Match::named);
  EXPECT_EQ(locate("/a/b.php"), "\\.php$");
  EXPECT_EQ(locate("/a/b.pHp"), "\\.PHP");
  EXPECT_EQ(locate("/a/b.phx"), "/a");
  EXPECT_EQ(locate("/exact.php"), "/exact.php");
  EXPECT_EQ(locate("/final/x.php"), "/final");
  EXPECT_EQ(locate("@named"), "fallback");
  EXPECT_EQ(locate(("/a/" + std::string(60, 'x') + "!").c_str()), "too hard");
}

TEST(VirtualHosts, ExactWildcardDefault) {
  config::ServerSettings settings[4];
  settings[1].names = {"a.test", "b.test"};
  settings[2].names = {"*.test"};
  settings[3].names = {"*.sub.test"};
  VirtualServer servers[4];
  VirtualHosts hosts;
  for (int i = 0; i < 4; ++i) {
    servers[i].settings = &settings[i];
    hosts.add(servers[i], false);
  }
  const auto chosen = [&](const char* host) { return &hosts.select(host) - servers; };
  EXPECT_EQ(chosen(""), 0);
  EXPECT_EQ(chosen("A.TEST:8080"), 1);
  EXPECT_EQ(chosen("b.test"), 1);
  EXPECT_EQ(chosen("c.test"), 2);
  EXPECT_EQ(chosen("x.sub.test"), 3);
  EXPECT_EQ(chosen("test"), 0);
  EXPECT_EQ(chosen("[::1]:80"), 0);
}

TEST(AccessRules, FirstMatchDecides) {
  const auto rule = [](bool allow, const char* network, unsigned bits) {
    return config::AccessRule{allow, {config::Network::Kind::ip, *SocketAddress::parse(network, 1), bits}};
  };
  const config::AccessRule everybody{false, {config::Network::Kind::all, {}, 0}};
  const std::vector<config::AccessRule> rules{rule(false, "10.0.0.128:1", 25), rule(true, "10.0.0.0:1", 8),
                                              rule(true, "[2001:db8::]:1", 33), everybody};
  const auto allowed = [&](const char* client) { return is_allowed(rules, *SocketAddress::parse(client, 1)); };
  EXPECT_TRUE(allowed("10.0.0.127:1"));
  EXPECT_FALSE(allowed("10.0.0.128:1"));
  EXPECT_TRUE(allowed("10.255.0.1:1"));
  EXPECT_FALSE(allowed("11.0.0.1:1"));
  EXPECT_TRUE(allowed("[2001:db8:7fff::1]:1"));
  EXPECT_FALSE(allowed("[2001:db8:8000::1]:1"));
  EXPECT_TRUE(is_allowed({}, *SocketAddress::parse("1.2.3.4:5")));
}

}  // namespace
}  // namespace hearth::proxy
