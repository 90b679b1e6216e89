#include "object_store/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/encoding.h"
#include "base/strings.h"
#include "object_store/digest.h"

namespace hearth::object_store {
namespace {

// Values are trimmed and runs of spaces within become one.
std::string canonical_value(std::string_view value) {
  std::string out;
  for (const char c : trim(value))
    if (c != ' ' || out.empty() || out.back() != ' ') out.push_back(c);
  return out;
}

Pairs canonical_headers(const Pairs& headers) {
  Pairs out;
  for (const auto& [name, value] : headers) out.emplace_back(to_lower(name), canonical_value(value));
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

std::string signed_names(const Pairs& sorted) {
  std::string out;
  for (const auto& header : sorted) out += (out.empty() ? "" : ";") + header.first;
  return out;
}

}  // namespace

std::string amz_date(std::int64_t time) {
  const std::time_t seconds = static_cast<std::time_t>(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[20];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

std::string escape_path(std::string_view path) {
  std::string out;
  bool first = true;
  for (const std::string_view segment : split(path, '/')) {
    if (!first) out.push_back('/');
    first = false;
    out += percent_encode(segment);
  }
  return out;
}

std::string canonical_query(Pairs query) {
  for (auto& [name, value] : query) {
    name = percent_encode(name);
    value = percent_encode(value);
  }
  std::sort(query.begin(), query.end());
  std::string out;
  for (const auto& [name, value] : query) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

std::string canonical_request(const SigningInput& input) {
  const Pairs headers = canonical_headers(input.headers);
  std::string out = input.method + "\n" + input.path + "\n" + canonical_query(input.query) + "\n";
  for (const auto& [name, value] : headers) out += name + ":" + value + "\n";
  return out + "\n" + signed_names(headers) + "\n" + input.payload_hash;
}

std::string authorization(const SigningInput& input, const SigningScope& scope, const Credentials& credentials) {
  const std::string date = amz_date(scope.time);
  const std::string day = date.substr(0, 8);
  const std::string scope_text = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope_text, sha256_hex(canonical_request(input)));
  std::string key = hmac_sha256("AWS4" + credentials.secret_key, day);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  key = hmac_sha256(key, "aws4_request");
  const std::string signature = hmac_sha256(key, to_sign);
  return fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", credentials.access_key,
                     scope_text, signed_names(canonical_headers(input.headers)),
                     to_hex(signature.data(), signature.size()));
}

}  // namespace hearth::object_store
