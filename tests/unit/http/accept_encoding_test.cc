#include "http/accept_encoding.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

unsigned weight(std::string_view value, std::string_view coding = "gzip") {
  HeaderList headers;
  headers.add("Host", "h");
  headers.add("accept-encoding", value);
  return coding_weight(headers, coding);
}

TEST(AcceptEncoding, Weights) {
  EXPECT_EQ(weight("gzip"), 1000u);
  EXPECT_EQ(weight("br, GZIP ;q=0.5"), 500u);
  EXPECT_EQ(weight("x-gzip"), 1000u);
  EXPECT_EQ(weight("gzip;q=0"), 0u);
  EXPECT_EQ(weight("gzip;q=0.000"), 0u);
  EXPECT_EQ(weight("gzip; Q=0.123"), 123u);
  EXPECT_EQ(weight("gzip;q=1.000"), 1000u);
  EXPECT_EQ(weight("*"), 1000u);
  EXPECT_EQ(weight("*;q=0.2, gzip;q=0"), 0u);
  EXPECT_EQ(weight("gzip;q=0.3, *;q=0"), 300u);
  EXPECT_EQ(weight(""), 0u);
  EXPECT_EQ(weight("gzipped, agzip"), 0u);
  for (const char* odd : {"gzip;q=", "gzip;q=2", "gzip;q=1.5", "gzip;q=0.1234", "gzip;q=-1", "gzip;x=1", "gzip;q=a"}) {
    EXPECT_EQ(weight(odd), 0u) << odd;
  }
}

TEST(AcceptEncoding, Identity) {
  EXPECT_EQ(weight("gzip", "identity"), 1u);
  EXPECT_EQ(weight("gzip, identity;q=0.5", "identity"), 500u);
  EXPECT_EQ(weight("*;q=0", "identity"), 0u);
  EXPECT_EQ(weight("*;q=0.7", "identity"), 1u);
  EXPECT_EQ(coding_weight({}, "identity"), 1u);
  EXPECT_EQ(coding_weight({}, "gzip"), 0u);
}

TEST(AcceptEncoding, SeveralLines) {
  HeaderList headers;
  headers.add("Accept-Encoding", "br");
  headers.add("Accept-Encoding", "zstd;q=0.9");
  EXPECT_EQ(coding_weight(headers, "zstd"), 900u);
  EXPECT_EQ(coding_weight(headers, "gzip"), 0u);
}

}  // namespace
}  // namespace hearth::http
