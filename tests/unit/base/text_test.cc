#include <gmock/gmock.h>

#include <set>

#include "base/encoding.h"
#include "base/strings.h"
#include "base/uuid.h"

namespace hearth {
namespace {

using ::testing::ElementsAre;

TEST(Uuid, OneSpellingOnly) {
  const std::string text = "0123abcd-4567-4ef0-89ab-0123456789ab";
  ASSERT_TRUE(Uuid::parse(text));
  EXPECT_EQ(Uuid::parse(text)->text(), text);
  for (const std::string bad : {"", "0123ABCD-4567-4ef0-89ab-0123456789ab", "0123abcd-4567-4ef0-89ab-0123456789a",
                                "0123abcd-4567-4ef0-89ab-0123456789abc", "{123abcd-4567-4ef0-89ab-0123456789a}",
                                "0123abcd04567-4ef0-89ab-0123456789ab", "0123abcg-4567-4ef0-89ab-0123456789ab",
                                "0123abcd-4567-4ef0-89ab-0123456789-b"}) {
    EXPECT_FALSE(Uuid::parse(bad)) << bad;
  }
}

TEST(Uuid, RandomIsVersion4AndUnique) {
  std::set<Uuid> seen;
  for (int i = 0; i < 1000; ++i) {
    const Uuid id = Uuid::random();
    EXPECT_EQ(id.text()[14], '4');
    EXPECT_NE(std::string("89ab").find(id.text()[19]), std::string::npos);
    EXPECT_TRUE(seen.insert(id).second);
  }
  EXPECT_TRUE(Uuid{}.is_nil());
}

TEST(Hex, BothWays) {
  EXPECT_EQ(to_hex("\x00\xff\x10", 3), "00ff10");
  EXPECT_EQ(*from_hex("00FF10"), std::string("\x00\xff\x10", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_EQ(*from_hex(""), "");
}

TEST(Base64, Rfc4648Vectors) {
  const char* vectors[][2] = {{"", ""},
                              {"f", "Zg=="},
                              {"fo", "Zm8="},
                              {"foo", "Zm9v"},
                              {"foob", "Zm9vYg=="},
                              {"fooba", "Zm9vYmE="},
                              {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(*from_base64(encoded), plain);
  }
  EXPECT_EQ(to_base64url("\xfb\xff\xfe\xff"), "-__-_w");
  for (const char* bad : {"Zg", "Zg=", "Zg===", "Zh==", "Z===", "Zm 9v", "Zm9v\n", "====", "Zg==Zg=="}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(Percent, BothWays) {
  EXPECT_EQ(*percent_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(*percent_decode("a%20b+c", true), "a b c");
  for (const char* bad : {"%", "%4", "%zz", "a%g0"}) EXPECT_FALSE(percent_decode(bad)) << bad;
  EXPECT_EQ(percent_encode("a/b c~\xff"), "a%2Fb%20c~%FF");
}

TEST(Strings, Case) {
  EXPECT_TRUE(iequals("Content-LENGTH", "content-length"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_TRUE(istarts_with("BYTES=1", "bytes="));
  EXPECT_FALSE(istarts_with("byte", "bytes="));
  EXPECT_EQ(to_lower("ÄbC"), "Äbc");
}

TEST(Strings, TrimAndSplit) {
  EXPECT_EQ(trim(" \t a b\t "), "a b");
  EXPECT_EQ(trim(" \t"), "");
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Strings, ParseDecimal) {
  EXPECT_EQ(parse_decimal<std::uint16_t>("65535"), 65535);
  EXPECT_FALSE(parse_decimal<std::uint16_t>("65536"));
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "0x1", "1a"}) EXPECT_FALSE(parse_decimal<int>(bad)) << bad;
}

TEST(Strings, Lists) {
  EXPECT_TRUE(list_contains("a, Keep-Alive ,b", "keep-alive"));
  EXPECT_FALSE(list_contains("keep-alive-x, x", "keep-alive"));
  std::vector<std::string> seen;
  for_each_list_element(" ,a,, b ,", [&](std::string_view each) {
    seen.emplace_back(each);
    return true;
  });
  EXPECT_THAT(seen, ElementsAre("a", "b"));
}

TEST(Strings, EditDistance) {
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("same", "same"), 0u);
}

}  // namespace
}  // namespace hearth
