// S3Store: one bucket of AWS S3 or of a server that speaks its protocol (MinIO, Ceph, Swift, …).
#pragma once

#include "object_store/object_store.h"
#include "object_store/s3_client.h"

namespace hearth::object_store {

class S3Store final : public ObjectStore {
 public:
  explicit S3Store(S3Options options);

  Result<ObjectStat> head(const std::string& key) override;
  Result<std::string> get(const std::string& key, std::size_t limit) override;
  Result<std::string> get_range(const std::string& key, std::uint64_t offset, std::size_t size) override;
  Result<std::unique_ptr<ObjectReader>> read(const std::string& key, const ObjectStat& stat) override;
  Result<void> put(const std::string& key, std::string bytes, bool if_absent) override;
  Result<std::unique_ptr<Upload>> upload(const std::string& key, const UploadOptions& options) override;
  Result<ObjectStat> copy(const std::string& from, const std::string& to, const UploadOptions& options) override;
  Result<void> remove(const std::string& key) override;
  Result<ListPage> list(const std::string& prefix, const std::string& from) override;
  Result<std::vector<OpenUpload>> open_uploads(const std::string& prefix) override;
  Result<void> abort_upload(const OpenUpload& upload) override;

 private:
  S3Client client_;
};

}  // namespace hearth::object_store
