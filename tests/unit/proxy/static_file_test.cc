#include "proxy/static_file.h"

#include <gtest/gtest.h>

namespace hearth::proxy {
namespace {

std::string range(std::string_view text, std::uint64_t size) {
  ByteRange out;
  switch (parse_range(text, size, out)) {
    case RangeVerdict::whole:
      return "whole";
    case RangeVerdict::unsatisfiable:
      return "416";
    case RangeVerdict::part:
      break;
  }
  return std::to_string(out.first) + "+" + std::to_string(out.length);
}

TEST(ParseRange, EveryForm) {
  EXPECT_EQ(range("bytes=0-0", 10), "0+1");
  EXPECT_EQ(range("Bytes=3-", 10), "3+7");
  EXPECT_EQ(range("bytes=3-100", 10), "3+7");
  EXPECT_EQ(range("bytes=-4", 10), "6+4");
  EXPECT_EQ(range("bytes=-40", 10), "0+10");
  EXPECT_EQ(range("bytes=10-", 10), "416");
  EXPECT_EQ(range("bytes=-0", 10), "416");
  EXPECT_EQ(range("bytes=0-", 0), "416");
  EXPECT_EQ(range("bytes=-1", 0), "416");
  for (const char* odd : {"bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "bytes=1-2,4-5", "items=1-2", "bytes=1",
                          "bytes=+1-2", "bytes=0-18446744073709551616"}) {
    EXPECT_EQ(range(odd, 10), "whole") << odd;
  }
  EXPECT_EQ(range("bytes=18446744073709551615-", 10), "416");
  EXPECT_EQ(range("bytes=0-18446744073709551615", 10), "0+10");
}

TEST(FilePath, RootAndAlias) {
  config::LocationSettings settings;
  settings.path = "/img/";
  settings.root = "/srv";
  EXPECT_EQ(file_path(settings, "/img/a.png"), "/srv/img/a.png");
  settings.alias = "/data/";
  EXPECT_EQ(file_path(settings, "/img/a.png"), "/data/a.png");
}

TEST(MediaType, ByTheLastExtension) {
  config::LocationSettings settings;
  settings.types = std::make_shared<const std::map<std::string, std::string>>(
      std::map<std::string, std::string>{{"html", "text/html"}, {"gz", "application/gzip"}});
  settings.default_type = "x/y";
  EXPECT_EQ(media_type(settings, "/a/b.HTML"), "text/html");
  EXPECT_EQ(media_type(settings, "/a/b.html.gz"), "application/gzip");
  EXPECT_EQ(media_type(settings, "/a.html/b"), "x/y");
  EXPECT_EQ(media_type(settings, "/a/b."), "x/y");
}

}  // namespace
}  // namespace hearth::proxy
