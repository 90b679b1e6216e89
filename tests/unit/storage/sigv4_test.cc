// The signer against the vectors AWS publishes: the examples of the S3 API reference ("Authenticating Requests: Using
// the Authorization Header") and of the general Signature Version 4 suite.
#include "object_store/sigv4.h"

#include <gtest/gtest.h>

#include "object_store/digest.h"

namespace hearth::object_store {
namespace {

const Credentials kS3{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
constexpr std::int64_t k24May2013 = 1369353600;  // 20130524T000000Z
const std::string kEmpty = sha256_hex("");

std::string signature(const SigningInput& input, const SigningScope& scope, const Credentials& credentials) {
  const std::string all = authorization(input, scope, credentials);
  return all.substr(all.rfind('=') + 1);
}

SigningInput s3_input(std::string method, std::string path, Pairs query, Pairs extra, std::string hash) {
  Pairs headers = std::move(extra);
  headers.emplace_back("Host", "examplebucket.s3.amazonaws.com");
  headers.emplace_back("x-amz-content-sha256", hash);
  headers.emplace_back("x-amz-date", "20130524T000000Z");
  return {std::move(method), std::move(path), std::move(query), std::move(headers), std::move(hash)};
}

const SigningScope kScope{"us-east-1", "s3", k24May2013};

TEST(SigV4, GetObjectWithRange) {
  EXPECT_EQ(signature(s3_input("GET", "/test.txt", {}, {{"Range", "bytes=0-9"}}, kEmpty), kScope, kS3),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4, PutObjectWithAnEscapedKey) {
  const Pairs extra = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  EXPECT_EQ(escape_path("/test$file.text"), "/test%24file.text");
  EXPECT_EQ(signature(s3_input("PUT", escape_path("/test$file.text"), {}, extra, sha256_hex("Welcome to Amazon S3.")),
                      kScope, kS3),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, SubresourceWithoutValue) {
  EXPECT_EQ(signature(s3_input("GET", "/", {{"lifecycle", ""}}, {}, kEmpty), kScope, kS3),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, ListWithParameters) {
  EXPECT_EQ(signature(s3_input("GET", "/", {{"prefix", "J"}, {"max-keys", "2"}}, {}, kEmpty), kScope, kS3),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

const Credentials kSuite{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const SigningScope kSuiteScope{"us-east-1", "service", 1440938160};  // 20150830T123600Z

SigningInput suite_input(Pairs query) {
  return {
      "GET", "/", std::move(query), {{"Host", "example.amazonaws.com"}, {"X-Amz-Date", "20150830T123600Z"}}, kEmpty};
}

TEST(SigV4, SuiteGetVanilla) {
  EXPECT_EQ(signature(suite_input({}), kSuiteScope, kSuite),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
}

TEST(SigV4, SuiteQueryOrder) {
  EXPECT_EQ(signature(suite_input({{"Param2", "value2"}, {"Param1", "value1"}}), kSuiteScope, kSuite),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

TEST(SigV4, NamesTheWholeScope) {
  const std::string all = authorization(suite_input({}), kSuiteScope, {"te:ster", "secret", ""});
  EXPECT_EQ(
      all.substr(0, all.find(", Signature")),
      "AWS4-HMAC-SHA256 Credential=te:ster/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date");
}

TEST(SigV4, ValuesAreTrimmedAndFolded) {
  SigningInput input = suite_input({});
  input.headers.emplace_back("My-Header", "  a   b  ");
  EXPECT_NE(canonical_request(input).find("my-header:a b\n"), std::string::npos);
}

TEST(SigV4, QueriesAreEscapedOnce) {
  EXPECT_EQ(canonical_query({{"prefix", "d/a b+%"}, {"uploads", ""}}), "prefix=d%2Fa%20b%2B%25&uploads=");
}

TEST(SigV4, PathsKeepSlashesAndDots) { EXPECT_EQ(escape_path("a//b/../c:d\xff"), "a//b/../c%3Ad%FF"); }

}  // namespace
}  // namespace hearth::object_store
