// FileStore: a folder as an object store; a key is a path below it. What is visible is whole: objects are written
// beside their place, synced, and renamed into it.
#pragma once

#include "object_store/object_store.h"

namespace hearth::object_store {

class FileStore final : public ObjectStore {
 public:
  // Keys are relative to `root`; ".." in a key is refused. `cancel` as in TransportOptions.
  explicit FileStore(std::string root, const std::atomic<bool>* cancel = nullptr);

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
  Result<std::string> path_of(const std::string& key) const;
  Result<std::vector<std::string>> keys_below(const std::string& prefix, bool unfinished) const;

  const std::string root_;
  const std::atomic<bool>* cancel_;
};

}  // namespace hearth::object_store
