// ArchiveStream: an archive object as its tar bytes, hashed and decompressed on a thread each.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "frames/frame_reader.h"
#include "meta.h"
#include "object_store/digest.h"
#include "object_store/object_store.h"
#include "read_ahead.h"

namespace hearth::storage_job {

class ArchiveStream {
 public:
  // More than meta.uncompressed bytes of content are `corrupt`. The store outlives the stream.
  static Result<std::unique_ptr<ArchiveStream>> open(object_store::ObjectStore& store, const std::string& key,
                                                     const object_store::ObjectStat& stat, const Meta& meta);
  Result<std::string_view> next() { return ahead_->next(); }
  std::uint64_t read() const { return read_; }  // bytes of the object so far
  // After next() answered the end: is the object what `meta` says?
  Result<void> check() const;

 private:
  explicit ArchiveStream(const Meta& meta) : meta_(meta) {}
  const Meta meta_;
  std::unique_ptr<object_store::ObjectReader> reader_;
  object_store::Digest digest_{object_store::Digest::Algorithm::sha256};
  std::atomic<std::uint64_t> read_{0};
  std::unique_ptr<ReadAhead> hashed_;  // its thread uses those above
  std::unique_ptr<frames::FrameReader> frames_;
  std::unique_ptr<ReadAhead> ahead_;  // its thread uses hashed_ and frames_
};

// .meta and the archive it speaks of. Errors: not_found, corrupt, or the store's.
struct Committed {
  Meta meta;
  object_store::ObjectStat stat;
};
Result<Committed> find_archive(object_store::ObjectStore& store, const std::string& key);

}  // namespace hearth::storage_job
