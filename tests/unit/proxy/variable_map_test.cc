#include "proxy/variable_map.h"

#include <gtest/gtest.h>

namespace hearth::proxy {
namespace {

using Kind = config::MapSettings::Row::Kind;

std::string look_up(const config::MapSettings& settings, std::string_view key) {
  const VariableMap map(settings);
  config::Regex::Captures captures;
  std::string out;
  map.find(key, captures).expand(out, [&](config::Variable variable, std::string_view name, std::string& to) {
    if (variable == config::Variable::capture) to.append(captures[static_cast<std::size_t>(name[0] - '0')]);
    if (variable == config::Variable::host) to.append("HOST");
  });
  return out;
}

TEST(VariableMap, TextThenPatternsInOrderThenDefault) {
  config::MapSettings settings;
  settings.fallback = "none";
  settings.rows = {{Kind::regex, "^/(a)(.*)", "$2-$1$host"},
                   {Kind::text, "/abc", "text"},
                   {Kind::regex_no_case, "^/A", "any case"},
                   {Kind::regex, "(x+x+)+$", "hard"},
                   {Kind::text, "", "empty"}};
  EXPECT_EQ(look_up(settings, "/ABC"), "text");
  EXPECT_EQ(look_up(settings, "/abd"), "bd-aHOST");
  EXPECT_EQ(look_up(settings, "/Abd"), "any case");
  EXPECT_EQ(look_up(settings, "/b"), "none");
  EXPECT_EQ(look_up(settings, ""), "empty");
  EXPECT_EQ(look_up(settings, std::string(60, 'x') + "!"), "none");
}

TEST(VariableMap, Hostnames) {
  config::MapSettings settings;
  settings.hostnames = true;
  settings.fallback = "none";
  settings.rows = {{Kind::text, "*.example.com", "front"}, {Kind::text, "*.sub.example.com", "longer"},
                   {Kind::text, ".both.test", "both"},     {Kind::text, "www.example.*", "behind"},
                   {Kind::text, "a.example.com", "exact"}, {Kind::text, "www.*", "short"}};
  EXPECT_EQ(look_up(settings, "A.example.com"), "exact");
  EXPECT_EQ(look_up(settings, "b.example.com"), "front");
  EXPECT_EQ(look_up(settings, "x.sub.example.com"), "longer");
  EXPECT_EQ(look_up(settings, "example.com"), "none");
  EXPECT_EQ(look_up(settings, "both.test"), "both");
  EXPECT_EQ(look_up(settings, "x.both.test"), "both");
  EXPECT_EQ(look_up(settings, "www.example.org"), "behind");
  EXPECT_EQ(look_up(settings, "www.example.com"), "front");
  EXPECT_EQ(look_up(settings, "www.other.org"), "short");
  settings.hostnames = false;
  EXPECT_EQ(look_up(settings, "b.example.com"), "none");
}

}  // namespace
}  // namespace hearth::proxy
