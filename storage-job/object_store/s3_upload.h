// S3Upload: a multipart upload with several parts in flight; one plain PUT when everything fits into one part.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "object_store/multipart.h"
#include "object_store/object_store.h"
#include "object_store/s3_client.h"

namespace hearth::object_store {

class S3Upload final : public Upload {
 public:
  S3Upload(S3Client& client, std::string key, const UploadOptions& options);
  ~S3Upload() override;
  Result<void> write(std::string_view bytes) override;
  Result<ObjectStat> finish() override;
  // Instead of write() and finish(): the object becomes a copy of `source`, an object of `size` bytes in this bucket.
  Result<ObjectStat> copy_from(const std::string& source, std::uint64_t size);

 private:
  struct Part {
    std::string etag;
    std::string md5;  // raw; what the etag is where the store does not encrypt
  };

  Result<void> begin();
  Result<void> send_part();
  void submit_part(unsigned number, std::shared_ptr<const std::string> body);
  void submit_copy(const std::string& source, const Range& range);
  Result<void> wait_for_parts(std::size_t at_most);
  Result<ObjectStat> put_whole();
  Result<void> complete();
  std::string complete_body() const;
  std::string expected_etag() const;
  // Is the object there as we sent it? Decides when an answer was lost.
  Result<ObjectStat> confirm();
  void abort();
  std::shared_ptr<std::string> buffer();

  S3Client& client_;
  const std::string key_;
  const UploadOptions options_;
  const PartPlan plan_;
  std::string upload_id_;
  std::shared_ptr<std::string> current_;
  std::uint64_t size_ = 0;
  bool finished_ = false;
  std::atomic<bool> failed_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t in_flight_ = 0;  // guarded by mutex_, as are the rest
  std::vector<Part> parts_;
  std::optional<Error> error_;
  std::vector<std::shared_ptr<std::string>> spare_;
};

}  // namespace hearth::object_store
