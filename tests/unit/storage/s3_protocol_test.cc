#include "object_store/s3_protocol.h"

#include <gtest/gtest.h>

#include "object_store/open_store.h"

namespace hearth::object_store {
namespace {

HttpReply reply(long status, std::string code) {
  return {status, {}, code.empty() ? "" : "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code></Error>"};
}

TEST(S3Protocol, ReadsElements) {
  EXPECT_EQ(xml_text("<A xmlns=\"x\"><Key>a&amp;b&lt;&quot;</Key></A>", "Key"), "a&b<\"");
  EXPECT_EQ(xml_text("<Keys>1</Keys><Key>2</Key>", "Key"), "2");
  EXPECT_EQ(xml_text("<Key>cut", "Key"), std::nullopt);
  EXPECT_EQ(xml_blocks("<U><a>1</a></U><U><a>2</a></U>", "U").size(), 2u);
}

TEST(S3Protocol, SaysWhatCanBeTriedAgain) {
  for (const char* code : {"SlowDown", "InternalError", "RequestTimeout", "ServiceUnavailable"})
    EXPECT_TRUE(s3_error(reply(503, code), "x").retryable) << code;
  for (long status : {408, 429, 500, 502, 503, 504}) EXPECT_TRUE(s3_error(reply(status, ""), "x").retryable) << status;
  for (long status : {400, 401, 403, 404, 412, 507}) EXPECT_FALSE(s3_error(reply(status, ""), "x").retryable) << status;
}

TEST(S3Protocol, TellsAbsentFromUnreachable) {
  EXPECT_EQ(s3_error(reply(404, "NoSuchKey"), "x").code, ErrorCode::not_found);
  EXPECT_EQ(s3_error(reply(404, ""), "x").code, ErrorCode::not_found);
  EXPECT_EQ(s3_error(reply(404, "NoSuchBucket"), "x").code, ErrorCode::unavailable);
  EXPECT_EQ(s3_error(reply(403, "AccessDenied"), "x").code, ErrorCode::permission_denied);
  EXPECT_EQ(s3_error(reply(403, "QuotaExceeded"), "x").code, ErrorCode::limit);
  EXPECT_EQ(s3_error(reply(412, "PreconditionFailed"), "x").code, ErrorCode::already_exists);
}

TEST(S3Protocol, AnErrorInsideSuccessIsAnError) {
  const Error error = s3_error_inside("<Error><Code>InternalError</Code></Error>", "complete");
  EXPECT_TRUE(error.retryable);
  EXPECT_EQ(error.code, ErrorCode::unavailable);
}

TEST(Url, NamesABucketAndAKey) {
  const auto s3 = parse_url("s3://homes/p/w:1/home.tar.zst");
  ASSERT_TRUE(s3);
  EXPECT_EQ(s3->bucket, "homes");
  EXPECT_EQ(s3->key, "p/w:1/home.tar.zst");
  const auto file = parse_url("file:///var/a.zst");
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->s3);
  EXPECT_EQ(file->key, "var/a.zst");
  for (const char* bad :
       {"", "s3://", "s3://bucket", "s3://bucket/", "s3:///key", "file://host/x", "file:///", "http://x/y"})
    EXPECT_FALSE(parse_url(bad)) << bad;
}

}  // namespace
}  // namespace hearth::object_store
