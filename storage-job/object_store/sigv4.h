// AWS Signature Version 4 in the Authorization header, as S3 wants it: the path is escaped once and not normalised.
// Pure functions. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::object_store {

struct Credentials {
  std::string access_key;  // may hold any byte but a comma or a slash, a colon included
  std::string secret_key;
  std::string session_token;  // empty: none
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct SigningInput {
  std::string method;
  std::string path;          // escaped, as it goes on the wire
  Pairs query;               // unescaped; a parameter without value has an empty one
  Pairs headers;             // all of them are signed; names in any case
  std::string payload_hash;  // lower-case hex, or UNSIGNED-PAYLOAD
};

struct SigningScope {
  std::string region;
  std::string service = "s3";
  std::int64_t time = 0;  // seconds since 1970
};

std::string amz_date(std::int64_t time);         // 20130524T000000Z
std::string escape_path(std::string_view path);  // everything but unreserved characters and '/'
std::string canonical_query(Pairs query);        // escaped and sorted: also what goes on the wire
std::string canonical_request(const SigningInput& input);
// The value of the Authorization header.
std::string authorization(const SigningInput& input, const SigningScope& scope, const Credentials& credentials);

}  // namespace hearth::object_store
