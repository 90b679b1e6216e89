#include "config/regex.h"

#include <gtest/gtest.h>

namespace hearth::config {
namespace {

using Outcome = Regex::Outcome;

TEST(Regex, MatchesBytesAndCaptures) {
  auto regex = Regex::compile("^/(a+)(b)?/(.*)$");
  ASSERT_TRUE(regex);
  Regex::Captures captures;
  EXPECT_EQ(captures[1], "");
  EXPECT_EQ(regex->match("/aa/x\xff y", &captures), Outcome::yes);
  EXPECT_EQ(captures[0], "/aa/x\xff y");
  EXPECT_EQ(captures[1], "aa");
  EXPECT_EQ(captures[2], "");
  EXPECT_EQ(captures[3], "x\xff y");
  EXPECT_EQ(captures[4], "");
  EXPECT_EQ(captures[99], "");
  EXPECT_EQ(regex->match("/c", &captures), Outcome::no);
  EXPECT_EQ(captures[1], "aa") << "only a match changes them";
  EXPECT_EQ(regex->match("/AA/", nullptr), Outcome::no);
  EXPECT_EQ(Regex::compile("^/(a+)", true)->match("/AA/"), Outcome::yes);
  EXPECT_EQ(Regex::compile("")->match(std::string_view()), Outcome::yes);
}

TEST(Regex, BacktrackingHasALimit) {
  const auto regex = Regex::compile("^(a+)+$");
  ASSERT_TRUE(regex);
  EXPECT_EQ(regex->match(std::string(50, 'a')), Outcome::yes);
  EXPECT_EQ(regex->match(std::string(50, 'a') + "b"), Outcome::too_hard);
}

TEST(Regex, SaysWhatIsWrong) {
  const auto regex = Regex::compile("a(b");
  ASSERT_FALSE(regex);
  EXPECT_EQ(regex.error().message, "invalid regular expression \"a(b\": missing closing parenthesis at offset 3");
}

}  // namespace
}  // namespace hearth::config
