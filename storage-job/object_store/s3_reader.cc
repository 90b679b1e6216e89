#include "object_store/s3_reader.h"

#include <fmt/format.h>

namespace hearth::object_store {

S3Request range_request(const std::string& key, const Range& range, const std::string& etag) {
  S3Request request{.method = "GET", .key = key, .reply_limit = range.size + 1};
  request.headers.emplace_back("range", fmt::format("bytes={}-{}", range.offset, range.offset + range.size - 1));
  if (!etag.empty()) request.headers.emplace_back("if-match", etag);
  return request;
}

std::function<Result<void>(const HttpReply&)> range_check(const Range& range, const std::string& etag) {
  return [range, etag](const HttpReply& reply) -> Result<void> {
    const std::string expected = fmt::format("bytes {}-{}/", range.offset, range.offset + range.size - 1);
    // A store may answer 200 when the range is the whole object.
    const bool placed = reply.status == 206 ? reply.header("content-range").starts_with(expected) : range.offset == 0;
    if (!placed || reply.body.size() != range.size)
      return fail(ErrorCode::protocol, ErrorSource::storage, "object storage answered another range", true);
    if (!etag.empty() && !reply.header("etag").empty() && reply.header("etag") != etag)
      return fail(ErrorCode::conflict, ErrorSource::storage, "the object was replaced while it was read");
    return {};
  };
}

S3Reader::S3Reader(S3Client& client, std::string key, const ObjectStat& stat)
    : client_(client), key_(std::move(key)), stat_(stat), ranges_(plan_ranges(stat.size, kRange)) {}

S3Reader::~S3Reader() {
  closing_ = true;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return in_flight_ == 0; });
}

void S3Reader::submit_ahead() {
  while (submitted_ < ranges_.size() && submitted_ < delivered_ + kAhead) {
    const std::size_t index = submitted_++;
    Call call = client_.call(range_request(key_, ranges_[index], stat_.etag), "GET " + key_,
                             range_check(ranges_[index], stat_.etag));
    call.judge = [this, inner = std::move(call.judge)](const HttpReply& reply) -> Result<void> {
      auto verdict = inner(reply);
      if (!verdict && closing_) verdict.error().retryable = false;
      if (!verdict && verdict.error().code == ErrorCode::already_exists) verdict.error().code = ErrorCode::conflict;
      return verdict;
    };
    call.done = [this, index](Result<HttpReply> reply) {
      const std::lock_guard lock(mutex_);
      --in_flight_;
      ready_.emplace(index, reply ? Result<std::string>(std::move(reply->body)) : fail(reply.error()));
      changed_.notify_all();
    };
    {
      const std::lock_guard lock(mutex_);
      ++in_flight_;
    }
    client_.transport().submit(std::move(call));
  }
}

Result<std::string_view> S3Reader::next() {
  if (delivered_ == ranges_.size()) return std::string_view();
  submit_ahead();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_.contains(delivered_); });
  auto node = ready_.extract(delivered_);
  lock.unlock();
  if (!node.mapped()) return fail(node.mapped().error());
  current_ = std::move(*node.mapped());
  ++delivered_;
  submit_ahead();
  return std::string_view(current_);
}

}  // namespace hearth::object_store
