#include <gtest/gtest.h>

#include "hearth/directive.h"

namespace hearth::config {
namespace {

TEST(Units, Flags) {
  EXPECT_TRUE(*parse_flag("on"));
  EXPECT_TRUE(*parse_flag("ON"));
  EXPECT_FALSE(*parse_flag("Off"));
  EXPECT_EQ(parse_flag("yes").error().message, "invalid value \"yes\", it must be \"on\" or \"off\"");
  EXPECT_FALSE(parse_flag(""));
}

TEST(Units, Sizes) {
  EXPECT_EQ(*parse_size("0"), 0u);
  EXPECT_EQ(*parse_size("512"), 512u);
  EXPECT_EQ(*parse_size("8k"), 8192u);
  EXPECT_EQ(*parse_size("8K"), 8192u);
  EXPECT_EQ(*parse_size("10m"), 10u << 20);
  EXPECT_EQ(*parse_size("10M"), 10u << 20);
  EXPECT_EQ(*parse_size("3g"), std::uint64_t{3} << 30);
  EXPECT_EQ(*parse_size("3G"), std::uint64_t{3} << 30);
  for (const char* text : {"", "k", "-1", "+1", "1.5m", "1kb", "1 k", "1t", "0x10", "9223372036854775808",
                           "9007199254740992k", "99999999999999999999"}) {
    auto parsed = parse_size(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message,
              "invalid value \"" + std::string(text) + "\", it must be a size such as 512, 8k, 10m or 1g");
  }
}

TEST(Units, Times) {
  const std::pair<const char*, long long> good[] = {
      {"0", 0},
      {"5", 5000},
      {"5s", 5000},
      {"500ms", 500},
      {"1500ms", 1500},
      {"1m", 60000},
      {"1h", 3600000},
      {"7d", 604800000},
      {"1w", 604800000},
      {"1h30m", 5400000},
      {"1h 30m", 5400000},
      {"1h  30m", 5400000},
      {"1m30", 90000},
      {"1w1d1h1m1s1ms", 694861001},
      {"2m 5ms", 120005},
  };
  for (const auto& [text, ms] : good) {
    auto parsed = parse_time(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->count(), ms) << text;
  }
  for (const char* text : {"", "s", "ms", "30m1h", "1h1h", "1hm", "1y", "1M", "-1s", "1.5s", " 1s", "1s ", "1 s", "5 1",
                           "1s1", "1H", "9223372036854775807s", "99999999999999999999"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
  EXPECT_EQ(parse_time("5x").error().message,
            "invalid value \"5x\", it must be a time such as 30s, 500ms, 1h30m or 7d");
}

TEST(Units, Numbers) {
  EXPECT_EQ(*parse_number("42"), 42u);
  EXPECT_EQ(*parse_number("9223372036854775807"), 9223372036854775807u);
  for (const char* text : {"", "-1", "+1", "1a", "0x1", " 1", "9223372036854775808"})
    EXPECT_FALSE(parse_number(text)) << text;
  EXPECT_EQ(parse_number("x").error().message, "invalid value \"x\", it must be a number");
}

}  // namespace
}  // namespace hearth::config
