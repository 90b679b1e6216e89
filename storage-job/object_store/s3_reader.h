// S3Reader: one object through parallel range requests, in order, in bounded memory.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

#include "object_store/multipart.h"
#include "object_store/object_store.h"
#include "object_store/s3_client.h"

namespace hearth::object_store {

// With an etag the object must still be that one (If-Match).
S3Request range_request(const std::string& key, const Range& range, const std::string& etag);
// Exactly the bytes asked for, of the object asked for; anything else is tried again.
std::function<Result<void>(const HttpReply&)> range_check(const Range& range, const std::string& etag);

class S3Reader final : public ObjectReader {
 public:
  static constexpr std::uint64_t kRange = 4ull << 20;
  static constexpr std::size_t kAhead = 6;  // ranges in flight or waiting to be read

  S3Reader(S3Client& client, std::string key, const ObjectStat& stat);
  ~S3Reader() override;
  Result<std::string_view> next() override;

 private:
  void submit_ahead();

  S3Client& client_;
  const std::string key_;
  const ObjectStat stat_;
  const std::vector<Range> ranges_;
  std::size_t submitted_ = 0;
  std::size_t delivered_ = 0;
  std::string current_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;                         // guarded by mutex_, as is ready_
  std::map<std::size_t, Result<std::string>> ready_;  // by index
  std::atomic<bool> closing_{false};
};

}  // namespace hearth::object_store
