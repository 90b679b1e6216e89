#include "archive_stream.h"

#include <fmt/format.h>

#include "job.h"

namespace hearth::storage_job {
namespace {
constexpr std::size_t kBlocksAhead = 6;  // of 1 MiB
constexpr std::size_t kPiecesAhead = 1;  // of what the store's reader gives at a time, up to 4 MiB

tl::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorCode::corrupt, ErrorSource::storage, std::move(message));
}
}  // namespace

Result<std::unique_ptr<ArchiveStream>> ArchiveStream::open(object_store::ObjectStore& store, const std::string& key,
                                                           const object_store::ObjectStat& stat, const Meta& meta) {
  auto reader = store.read(key, stat);
  if (!reader) return fail(reader.error());
  std::unique_ptr<ArchiveStream> out(new ArchiveStream(meta));
  ArchiveStream& self = *out;
  self.reader_ = std::move(*reader);
  const auto input = [&self]() -> Result<std::string_view> {
    auto bytes = self.reader_->next();
    if (!bytes) return bytes;
    self.digest_.update(*bytes);
    self.read_ += bytes->size();
    return bytes;
  };
  self.hashed_ = std::make_unique<ReadAhead>(input, kPiecesAhead);
  self.frames_ = std::make_unique<frames::FrameReader>([&self] { return self.hashed_->next(); }, meta.uncompressed);
  self.ahead_ = std::make_unique<ReadAhead>([&self] { return self.frames_->next(); }, kBlocksAhead);
  return out;
}

Result<void> ArchiveStream::check() const {
  if (read_ != meta_.size)
    return corrupt(fmt::format("the archive has {} bytes, .meta says {}", read_.load(), meta_.size));
  const std::string digest = "sha256:" + digest_.hex();
  if (digest != meta_.digest) return corrupt(fmt::format("the archive is {}, .meta says {}", digest, meta_.digest));
  if (frames_->content() != meta_.uncompressed)
    return corrupt("the archive's content has another length than .meta says");
  return {};
}

Result<Committed> find_archive(object_store::ObjectStore& store, const std::string& key) {
  auto text = store.get(key + kMetaSuffix, kMetaLimit);
  if (!text && text.error().code == ErrorCode::limit) return corrupt("the archive's .meta is too long");
  if (!text) return fail(text.error());
  auto meta = parse_meta(*text);
  if (!meta) return fail(meta.error());
  auto stat = store.head(key);
  if (!stat) return fail(stat.error());
  if (stat->size != meta->size)
    return corrupt(fmt::format("the archive has {} bytes, .meta says {}", stat->size, meta->size));
  return Committed{std::move(*meta), std::move(*stat)};
}

}  // namespace hearth::storage_job
