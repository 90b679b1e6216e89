#include "object_store/s3_store.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "object_store/s3_protocol.h"
#include "object_store/s3_reader.h"
#include "object_store/s3_upload.h"

namespace hearth::object_store {
namespace {

Error nonsense(std::string message) {
  return Error{ErrorCode::protocol, ErrorSource::storage, true, 0, std::move(message)};
}

// Every S3 server names what it stored or sends by an etag; a page that some proxy answered has none.
Result<void> has_etag(const HttpReply& reply) {
  if (!reply.header("etag").empty()) return {};
  return fail(nonsense("the answer has no etag, so it is no object storage's"));
}

}  // namespace

S3Store::S3Store(S3Options options) : client_(std::move(options)) {}

Result<ObjectStat> S3Store::head(const std::string& key) {
  auto reply = client_.perform({.method = "HEAD", .key = key}, "HEAD " + key, has_etag);
  if (!reply) return fail(reply.error());
  const auto size = parse_decimal<std::uint64_t>(reply->header("content-length"));
  if (!size) return fail(nonsense("HEAD " + key + ": the answer has no length"));
  return ObjectStat{*size, reply->header("etag"), false};
}

Result<std::string> S3Store::get(const std::string& key, std::size_t limit) {
  auto reply = client_.perform({.method = "GET", .key = key, .reply_limit = limit}, "GET " + key, has_etag);
  if (!reply) return fail(reply.error());
  return std::move(reply->body);
}

Result<std::string> S3Store::get_range(const std::string& key, std::uint64_t offset, std::size_t size) {
  if (size == 0) return std::string();
  auto reply = client_.perform(range_request(key, {offset, size}, ""), "GET " + key, range_check({offset, size}, ""));
  if (!reply) return fail(reply.error());
  return std::move(reply->body);
}

Result<std::unique_ptr<ObjectReader>> S3Store::read(const std::string& key, const ObjectStat& stat) {
  return std::make_unique<S3Reader>(client_, key, stat);
}

Result<void> S3Store::put(const std::string& key, std::string bytes, bool if_absent) {
  S3Request request{.method = "PUT", .key = key, .body = std::make_shared<const std::string>(std::move(bytes))};
  const S3Request plain = request;
  const bool conditional = if_absent && client_.knows_conditions;
  if (conditional) request.headers.emplace_back("if-none-match", "*");
  auto reply = client_.perform(std::move(request), "PUT " + key, has_etag);
  if (!reply && conditional && reply.error().code == ErrorCode::invalid_argument) {
    client_.knows_conditions = false;
    reply = client_.perform(plain, "PUT " + key, has_etag);
  }
  if (!reply) return fail(reply.error());
  return {};
}

Result<std::unique_ptr<Upload>> S3Store::upload(const std::string& key, const UploadOptions& options) {
  return std::make_unique<S3Upload>(client_, key, options);
}

Result<ObjectStat> S3Store::copy(const std::string& from, const std::string& to, const UploadOptions& options) {
  auto stat = head(from);
  if (!stat) return stat;
  return S3Upload(client_, to, options).copy_from(from, stat->size);
}

Result<void> S3Store::remove(const std::string& key) {
  auto reply = client_.perform({.method = "DELETE", .key = key}, "DELETE " + key);
  if (!reply && reply.error().code != ErrorCode::not_found) return fail(reply.error());
  return {};
}

Result<ListPage> S3Store::list(const std::string& prefix, const std::string& from) {
  S3Request request{.method = "GET", .query = {{"list-type", "2"}, {"prefix", prefix}}, .reply_limit = 16u << 20};
  if (!from.empty()) request.query.emplace_back("continuation-token", from);
  auto reply = client_.perform(std::move(request), "list " + prefix, [](const HttpReply& answer) -> Result<void> {
    if (answer.body.find("<ListBucketResult") == std::string::npos) return fail(nonsense("the answer is no listing"));
    return {};
  });
  if (!reply) return fail(reply.error());
  ListPage page;
  for (const std::string_view block : xml_blocks(reply->body, "Contents")) {
    const auto key = xml_text(block, "Key");
    const auto size = parse_decimal<std::uint64_t>(xml_text(block, "Size").value_or(""));
    if (!key || !size) return fail(nonsense("a listed object has no key or size"));
    page.objects.push_back({*key, *size, xml_text(block, "LastModified").value_or("")});
  }
  if (xml_text(reply->body, "IsTruncated").value_or("") == "true") {
    page.next = xml_text(reply->body, "NextContinuationToken").value_or("");
    if (page.next.empty()) return fail(nonsense("a cut listing without continuation"));
  }
  return page;
}

Result<std::vector<OpenUpload>> S3Store::open_uploads(const std::string& prefix) {
  std::vector<OpenUpload> out;
  Pairs next;
  do {
    S3Request request{.method = "GET", .query = {{"uploads", ""}, {"prefix", prefix}}, .reply_limit = 16u << 20};
    for (auto& pair : next) request.query.push_back(std::move(pair));
    next.clear();
    auto reply = client_.perform(std::move(request), "list uploads of " + prefix);
    if (!reply) return fail(reply.error());
    for (const std::string_view block : xml_blocks(reply->body, "Upload"))
      out.push_back({xml_text(block, "Key").value_or(""), xml_text(block, "UploadId").value_or(""),
                     xml_text(block, "Initiated").value_or("")});
    if (xml_text(reply->body, "IsTruncated").value_or("") == "true") {
      next = {{"key-marker", xml_text(reply->body, "NextKeyMarker").value_or("")},
              {"upload-id-marker", xml_text(reply->body, "NextUploadIdMarker").value_or("")}};
      if (next[0].second.empty()) return fail(nonsense("a cut listing of uploads without continuation"));
    }
  } while (!next.empty());
  return out;
}

Result<void> S3Store::abort_upload(const OpenUpload& upload) {
  auto reply = client_.perform({.method = "DELETE", .key = upload.key, .query = {{"uploadId", upload.id}}},
                               "abort upload of " + upload.key);
  if (!reply && reply.error().code != ErrorCode::not_found) return fail(reply.error());
  return {};
}

}  // namespace hearth::object_store
