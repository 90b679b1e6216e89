#include "object_store/s3_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <ctime>

#include "base/strings.h"
#include "object_store/digest.h"
#include "object_store/s3_protocol.h"

namespace hearth::object_store {

S3Client::S3Client(S3Options options)
    : options_(std::move(options)), region_(options_.region), transport_(options_.transport) {
  const bool custom = !options_.endpoint.empty();
  std::string endpoint = custom ? options_.endpoint : fmt::format("https://s3.{}.amazonaws.com", options_.region);
  while (!endpoint.empty() && endpoint.back() == '/') endpoint.pop_back();
  const std::size_t mark = endpoint.find("://");
  scheme_ = mark == std::string::npos ? "https" : endpoint.substr(0, mark);
  host_ = mark == std::string::npos ? endpoint : endpoint.substr(mark + 3);
  const std::size_t slash = host_.find('/');
  if (slash != std::string::npos) {
    base_ = host_.substr(slash);
    host_.resize(slash);
  }
  path_style_ = options_.addressing == Addressing::path || (options_.addressing == Addressing::automatic && custom);
}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

HttpRequest S3Client::build(const S3Request& request) {
  const std::string host = path_style_ ? host_ : options_.bucket + "." + host_;
  std::string path = base_ + (path_style_ ? "/" + escape_path(options_.bucket) : "");
  if (!request.key.empty()) path += "/" + escape_path(request.key);
  if (path.empty()) path = "/";

  SigningInput input{request.method, path, request.query, request.headers, request.payload_hash};
  SigningScope scope;
  scope.region = region();
  scope.time = static_cast<std::int64_t>(std::time(nullptr)) + clock_offset_;
  // curl leaves out the scheme's own port in Host, so it must not be signed either.
  std::string signed_host = host;
  for (const std::string_view port : {":80", ":443"})
    if (signed_host.ends_with(port) && (port == ":80") == (scheme_ == "http"))
      signed_host.resize(signed_host.size() - port.size());
  input.headers.emplace_back("host", signed_host);
  input.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
  input.headers.emplace_back("x-amz-date", amz_date(scope.time));
  if (!options_.credentials.session_token.empty())
    input.headers.emplace_back("x-amz-security-token", options_.credentials.session_token);

  HttpRequest out;
  out.method = request.method;
  out.url = fmt::format("{}://{}{}", scheme_, host, path);
  if (!request.query.empty()) out.url += "?" + canonical_query(request.query);
  for (const auto& [name, value] : input.headers)
    if (name != "host") out.headers.push_back(name + ": " + value);
  out.headers.push_back("Authorization: " + authorization(input, scope, options_.credentials));
  if (request.body) out.body = *request.body;
  out.reply_limit = request.reply_limit;
  return out;
}

bool S3Client::follow_region(const HttpReply& reply) {
  std::string wanted = reply.header("x-amz-bucket-region");
  if (wanted.empty()) wanted = xml_text(reply.body, "Region").value_or("");
  const std::lock_guard lock(mutex_);
  if (wanted.empty() || wanted == region_) return false;
  if (options_.endpoint.empty()) host_ = fmt::format("s3.{}.amazonaws.com", wanted);
  region_ = wanted;
  return true;
}

bool S3Client::correct_clock(const HttpReply& reply) {
  const std::time_t theirs = curl_getdate(reply.header("date").c_str(), nullptr);
  if (theirs < 0) return false;
  const std::int64_t offset = static_cast<std::int64_t>(theirs - std::time(nullptr));
  const std::int64_t before = clock_offset_.exchange(offset);
  return std::abs(offset - before) > 60;
}

Result<void> S3Client::judge(const HttpReply& reply, const std::string& what) {
  if (reply.status >= 200 && reply.status < 300) return {};
  Error error = s3_error(reply, what);
  const std::string code = xml_text(reply.body, "Code").value_or("");
  if ((reply.status >= 300 && reply.status < 400) || code == "AuthorizationHeaderMalformed")
    error.retryable = follow_region(reply);
  if (code == "RequestTimeTooSkewed") error.retryable = correct_clock(reply);
  return fail(std::move(error));
}

Call S3Client::call(S3Request request, std::string what, std::function<Result<void>(const HttpReply&)> check) {
  if (request.payload_hash.empty())
    request.payload_hash = sha256_hex(request.body ? std::string_view(*request.body) : std::string_view());
  const auto shared = std::make_shared<const S3Request>(std::move(request));
  Call out;
  out.build = [this, shared] { return build(*shared); };
  out.judge = [this, what = std::move(what), check = std::move(check)](const HttpReply& reply) -> Result<void> {
    if (auto verdict = judge(reply, what); !verdict) return verdict;
    return check ? check(reply) : Result<void>();
  };
  return out;
}

Result<HttpReply> S3Client::perform(S3Request request, std::string what,
                                    std::function<Result<void>(const HttpReply&)> check) {
  return transport_.perform(call(std::move(request), std::move(what), std::move(check)));
}

}  // namespace hearth::object_store
