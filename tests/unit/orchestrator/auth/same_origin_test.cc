#include "orchestrator/auth/same_origin.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

TEST(OriginIsHost, ComparesHostAndPort) {
  EXPECT_TRUE(origin_is_host("http://hearth.example:8080", "hearth.example:8080"));
  EXPECT_TRUE(origin_is_host("https://Hearth.Example", "hearth.example"));
  EXPECT_TRUE(origin_is_host("https://hearth.example", "hearth.example:443"));
  EXPECT_TRUE(origin_is_host("http://[::1]:8080", "[::1]:8080"));
  for (const char* origin : {"null", "", "hearth.example", "http://", "http://evil.example", "http://hearth.example:81",
                             "http://hearth.example.evil", "http://hearth.example/x", "http://x@hearth.example",
                             "ftp://hearth.example", "http://hearth.example:443"}) {
    EXPECT_FALSE(origin_is_host(origin, "hearth.example")) << origin;
  }
}

TEST(SameOrigin, NeedsAWordFromTheBrowserWhenACookieVouches) {
  const auto check = [](std::string_view origin, std::string_view site) {
    return same_origin(origin, site, "h:1", true);
  };
  EXPECT_TRUE(check("http://h:1", ""));
  EXPECT_TRUE(check("", "same-origin"));
  EXPECT_TRUE(check("", "none"));
  EXPECT_TRUE(check("http://h:1", "same-origin"));
  EXPECT_FALSE(check("", ""));
  EXPECT_FALSE(check("", "same-site"));
  EXPECT_FALSE(check("", "cross-site"));
  EXPECT_FALSE(check("http://h:1", "cross-site"));
  EXPECT_FALSE(check("http://evil", "same-origin"));
  EXPECT_TRUE(same_origin("", "", "h:1", false));
  EXPECT_FALSE(same_origin("null", "", "h:1", false));
}

}  // namespace
}  // namespace hearth::orchestrator
