#include "runtime/address.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Address, ParsesAndPrints) {
  for (const char* text : {"127.0.0.1:80", "[::1]:443", "unix:/run/x.sock", "0.0.0.0:65535"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(SocketAddress::parse("10.0.0.1", 81)->text(), "10.0.0.1:81");
  EXPECT_EQ(SocketAddress::parse("[::2]", 81)->port(), 81);
  EXPECT_EQ(SocketAddress::parse("[::2]:5")->ip(), "::2");
}

TEST(Address, Refuses) {
  for (const std::string& text :
       {std::string("127.0.0.1"), std::string("127.0.0.1:0"), std::string("127.0.0.1:65536"),
        std::string("127.0.0.1:8x"), std::string("name:80"), std::string("[::1:80"), std::string("unix:"),
        "unix:/" + std::string(200, 'a'), std::string(""), std::string(":80"), std::string("[127.0.0.1]:80"),
        std::string("::1:80"), std::string("[::1]x:80"), std::string("127.0.0.1:")}) {
    EXPECT_FALSE(SocketAddress::parse(text)) << text;
  }
}

TEST(Address, EqualityAndHash) {
  const auto a = *SocketAddress::parse("127.0.0.1:80");
  const auto b = *SocketAddress::parse("127.0.0.1:80");
  const auto c = *SocketAddress::parse("127.0.0.1:81");
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.hash(), b.hash());
  EXPECT_FALSE(a == c);
  EXPECT_EQ(SocketAddress().text(), "-");
  EXPECT_EQ(SocketAddress::resolve("localhost", 5)->port(), 5);
}

}  // namespace
}  // namespace hearth
