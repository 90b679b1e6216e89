// ObjectStore: where archives live. Two kinds: S3 (s3_store.h) and a folder (file_store.h); open_store() picks by URL.
//
// Calls block until they are answered, retry what is transient themselves, and may be made from any thread, several at
// once; whoever has a loop makes them on its pool. A store outlives its readers and uploads.
// Errors: not_found (no such object), permission_denied, already_exists (if_absent and it is there), unavailable or
// timeout (still failing when the retry budget was spent), corrupt (the store answered other bytes than it holds or
// was given), limit (quota, full), cancelled. An answer that cannot be understood is `protocol`, never "absent".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::object_store {

struct ObjectStat {
  std::uint64_t size = 0;
  std::string etag;     // as the store spells it, quotes and all; empty when it has none
  bool proven = false;  // from Upload::finish(): the store's etag covers every byte that was sent
};

struct ListedObject {
  std::string key;
  std::uint64_t size = 0;
  std::string modified;  // ISO 8601, UTC
};

struct ListPage {
  std::vector<ListedObject> objects;  // ascending by key
  std::string next;                   // pass to list() for the next page; empty on the last
};

// A multipart upload that was begun and neither completed nor aborted.
struct OpenUpload {
  std::string key;
  std::string id;
  std::string initiated;  // ISO 8601, UTC
};

// Bytes of one object in order. One thread.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  // The next bytes, valid until the next call; empty at the end. An object replaced meanwhile is `conflict`.
  virtual Result<std::string_view> next() = 0;
};

// A new object, written once in order. One thread. Nothing is visible under the key before finish() succeeds.
// Destroying an unfinished upload aborts it, also after a cancel.
class Upload {
 public:
  virtual ~Upload() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  // After success the object has exactly the bytes written. already_exists: if_absent was asked for and it is there.
  virtual Result<ObjectStat> finish() = 0;
};

struct UploadOptions {
  std::uint64_t expected_size = 0;  // an upper bound if known, 0 if not; chooses the part size
  bool if_absent = false;           // where the store knows it; stores that do not know it overwrite
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Result<ObjectStat> head(const std::string& key) = 0;
  // The whole object; more than `limit` bytes is `limit`.
  virtual Result<std::string> get(const std::string& key, std::size_t limit) = 0;
  // Bytes [offset, offset + size); exactly `size` of them or an error.
  virtual Result<std::string> get_range(const std::string& key, std::uint64_t offset, std::size_t size) = 0;
  virtual Result<std::unique_ptr<ObjectReader>> read(const std::string& key, const ObjectStat& stat) = 0;
  virtual Result<void> put(const std::string& key, std::string bytes, bool if_absent) = 0;
  virtual Result<std::unique_ptr<Upload>> upload(const std::string& key, const UploadOptions& options) = 0;
  // `to` becomes what `from` is, without its bytes passing through here. Whole or not at all, as upload() does it; but
  // the store's word is no proof: who depends on the bytes reads them. Fails where the store cannot copy.
  virtual Result<ObjectStat> copy(const std::string& from, const std::string& to, const UploadOptions& options);
  virtual Result<void> remove(const std::string& key) = 0;  // an absent object is success
  virtual Result<ListPage> list(const std::string& prefix, const std::string& from) = 0;
  virtual Result<std::vector<OpenUpload>> open_uploads(const std::string& prefix) = 0;
  virtual Result<void> abort_upload(const OpenUpload& upload) = 0;  // an absent upload is success
};

inline Result<ObjectStat> ObjectStore::copy(const std::string& from, const std::string&, const UploadOptions&) {
  return fail(ErrorCode::invalid_argument, ErrorSource::storage, "this store does not copy: " + from);
}

}  // namespace hearth::object_store
