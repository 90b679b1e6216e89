#include "proxy/proxy_protocol.h"

#include <gtest/gtest.h>

namespace hearth::proxy {
namespace {

using State = ProxyHeader::State;
using namespace std::string_literals;

const std::string kV2 = "\r\n\r\n\0\r\nQUIT\n"s;

TEST(ProxyProtocol, ALineNamesBothEnds) {
  const ProxyHeader header = parse_proxy_header("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\nGET /");
  ASSERT_EQ(header.state, State::done);
  EXPECT_EQ(header.size, 45u);
  EXPECT_EQ(header.source.text(), "192.0.2.1:56324");
  EXPECT_EQ(header.destination.text(), "198.51.100.7:443");
  EXPECT_EQ(parse_proxy_header("PROXY TCP6 2001:db8::1 ::1 1 2\r\n").source.text(), "[2001:db8::1]:1");
  const ProxyHeader unknown = parse_proxy_header("PROXY UNKNOWN whatever stands here\r\n");
  EXPECT_EQ(unknown.state, State::done);
  EXPECT_TRUE(unknown.source.empty());
}

TEST(ProxyProtocol, WhatIsNoHeaderIsRefused) {
  for (const std::string& text :
       {"GET / HTTP/1.1\r\n"s, "proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n"s, "PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"s,
        "PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"s, "PROXY TCP4 ::1 ::2 1 2\r\n"s, "PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n"s,
        "PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n"s, "PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n"s,
        "PROXY TCP5 1.1.1.1 2.2.2.2 1 2\r\n"s, "PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"s, "PROXY "s + std::string(102, 'x'),
        "\r\n"s + "GET"s, kV2 + "\x11\x11\0\x0c"s, kV2 + "\x22\x11\0\x0c"s, kV2 + "\x21\x11\0\x0b"s + std::string(11, 'x'),
        kV2 + "\x21\x11\xff\xff"s})
    EXPECT_EQ(parse_proxy_header(text).state, State::invalid) << text;
}

TEST(ProxyProtocol, EveryBeginningOfAHeaderWaitsForMore) {
  std::string v2;
  append_proxy_header(v2, 2, *SocketAddress::parse("[2001:db8::1]:5"), *SocketAddress::parse("[::1]:6"));
  for (const std::string& whole : {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n"s, v2}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(parse_proxy_header(whole.substr(0, size)).state, State::need_more) << size;
    EXPECT_EQ(parse_proxy_header(whole).size, whole.size());
  }
}

TEST(ProxyProtocol, WhatIsWrittenIsReadBack) {
  for (const int version : {1, 2}) {
    for (const auto& [source, destination] :
         {std::pair("192.0.2.1:56324", "198.51.100.7:443"), std::pair("[2001:db8::1]:5", "[::1]:65535")}) {
      std::string text;
      append_proxy_header(text, version, *SocketAddress::parse(source), *SocketAddress::parse(destination));
      const ProxyHeader header = parse_proxy_header(text + "more");
      EXPECT_EQ(header.size, text.size());
      EXPECT_EQ(header.source.text(), source);
      EXPECT_EQ(header.destination.text(), destination);
    }
    std::string text;
    append_proxy_header(text, version, *SocketAddress::parse("unix:/a"), *SocketAddress::parse("unix:/b"));
    EXPECT_EQ(parse_proxy_header(text).state, State::done);
    EXPECT_TRUE(parse_proxy_header(text).source.empty());
  }
}

TEST(ProxyProtocol, ExtensionsAndHealthChecksArePassedOver) {
  // HAProxy's own check, and addresses with a TLV behind them.
  const ProxyHeader local = parse_proxy_header(kV2 + "\x20\0\0\0"s);
  EXPECT_EQ(local.state, State::done);
  EXPECT_TRUE(local.source.empty());
  const ProxyHeader extended =
      parse_proxy_header(kV2 + "\x21\x11\0\x10\x0a\0\0\1\x0a\0\0\2\0\1\0\2\4\0\1x"s + "GET");
  EXPECT_EQ(extended.size, 32u);
  EXPECT_EQ(extended.source.text(), "10.0.0.1:1");
}

}  // namespace
}  // namespace hearth::proxy
