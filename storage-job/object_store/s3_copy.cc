// S3Upload::copy_from: a multipart upload whose parts the store takes from another object (UploadPartCopy).
#include <fmt/format.h>

#include <algorithm>

#include "object_store/s3_protocol.h"
#include "object_store/s3_upload.h"

namespace hearth::object_store {
namespace {

// Small enough for a store that answers only when a part is copied to do so before the connection counts as stalled.
constexpr std::uint64_t kCopyPart = 128ull << 20;
constexpr std::chrono::seconds kCopyBudget{20};

}  // namespace

Result<ObjectStat> S3Upload::copy_from(const std::string& source, std::uint64_t size) {
  if (size == 0) return fail(ErrorCode::invalid_argument, ErrorSource::us, "an empty object is not copied in parts");
  if (auto begun = begin(); !begun) return fail(begun.error());
  size_ = size;
  for (const Range& range : plan_ranges(size, std::clamp(size / (kMaxParts - 1), kCopyPart, kMaxPart))) {
    if (auto room = wait_for_parts(plan_.in_flight - 1); !room) return fail(room.error());
    submit_copy(source, range);
  }
  if (auto all = wait_for_parts(0); !all) return fail(all.error());
  if (auto completed = complete(); !completed) {
    // As in finish(); whether the bytes are right is for whoever reads them.
    if (!completed.error().retryable && completed.error().code != ErrorCode::not_found) return fail(completed.error());
    auto there = confirm();
    if (!there) return fail(completed.error());
    finished_ = true;
    return there;
  }
  finished_ = true;
  return confirm();
}

void S3Upload::submit_copy(const std::string& source, const Range& range) {
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    parts_.push_back({});
    number = parts_.size();
    ++in_flight_;
  }
  S3Request request{.method = "PUT", .key = key_};
  request.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_id_}};
  request.headers = {
      {"x-amz-copy-source", "/" + escape_path(client_.bucket()) + "/" + escape_path(source)},
      {"x-amz-copy-source-range", fmt::format("bytes={}-{}", range.offset, range.offset + range.size - 1)}};
  const std::string what = fmt::format("part {} of {} from {}", number, key_, source);
  Call call = client_.call(std::move(request), what, [what](const HttpReply& reply) -> Result<void> {
    if (xml_text(reply.body, "Error")) return fail(s3_error_inside(reply.body, what));
    if (!xml_text(reply.body, "ETag"))
      // A store that does not know this kind of part has just stored an empty one.
      return fail(ErrorCode::protocol, ErrorSource::storage, what + ": the store does not copy");
    return {};
  });
  call.judge = [this, inner = std::move(call.judge)](const HttpReply& reply) -> Result<void> {
    auto verdict = inner(reply);
    if (!verdict && failed_) verdict.error().retryable = false;
    return verdict;
  };
  call.budget = kCopyBudget;
  call.done = [this, number](Result<HttpReply> reply) {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    if (reply) {
      parts_[number - 1].etag = *xml_text(reply->body, "ETag");
    } else if (!error_) {
      error_ = reply.error();
      failed_ = true;
    }
    changed_.notify_all();
  };
  client_.transport().submit(std::move(call));
}

}  // namespace hearth::object_store
