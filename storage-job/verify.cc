// `storage-job verify` and `storage-job list`: reading an archive without a volume.
#include <fmt/format.h>

#include "archive_stream.h"
#include "frames/frame_writer.h"
#include "job.h"
#include "object_store/multipart.h"
#include "tar/tar_reader.h"

namespace hearth::storage_job {
namespace {

constexpr std::size_t kSeekTail = 9;

const char* type_name(tar::Type type) {
  switch (type) {
    case tar::Type::file:
      return "file";
    case tar::Type::folder:
      return "folder";
    case tar::Type::symlink:
      return "symlink";
    case tar::Type::hardlink:
      return "hardlink";
    case tar::Type::other:
      return "other";
  }
  return "other";
}

// Calls `seen` for each entry, its position in the tar, and reads all content.
Outcome<void> read_all(const Job& job, Place& place, const Committed& archive,
                       const std::function<void(const tar::Item&, std::uint64_t)>& seen) {
  auto stream = ArchiveStream::open(*place.store, place.key, archive.stat, archive.meta);
  if (!stream) return fail_with(stream.error());
  ArchiveStream& source = **stream;
  job.report.phase("read", archive.meta.size);
  tar::TarReader tar([&]() -> Result<std::string_view> {
    if (job.cancel) return fail(ErrorCode::cancelled, ErrorSource::us, "terminated");
    job.report.progress(source.read());
    return source.next();
  });
  std::uint64_t entries = 0;
  tar::Item item;
  while (true) {
    auto more = tar.next(item);
    if (!more) return fail_with(more.error());
    if (!*more) break;
    ++entries;
    seen(item, tar.position());
  }
  if (auto whole = source.check(); !whole) return fail_with(whole.error());
  if (entries != archive.meta.entries)
    return fail_with(Exit::corrupt, "the archive has another number of entries than .meta says");
  return {};
}

Outcome<std::vector<frames::Frame>> read_seek_table(Place& place, std::uint64_t size) {
  if (size < kSeekTail) return fail_with(Exit::corrupt, "the archive has no seek table");
  auto last = place.store->get_range(place.key, size - kSeekTail, kSeekTail);
  if (!last) return fail_with(last.error());
  const std::size_t table = frames::seek_table_size(*last);
  if (table == 0 || table > size) return fail_with(Exit::corrupt, "the archive has no seek table");
  auto tail = place.store->get_range(place.key, size - table, table);
  if (!tail) return fail_with(tail.error());
  auto frames = frames::decode_seek_table(*tail);
  if (!frames) return fail_with(frames.error());
  return std::move(*frames);
}

// Reads one frame of the object alone.
class OneFrame {
 public:
  OneFrame(Place& place, std::uint64_t offset, const frames::Frame& frame)
      : place_(place),
        ranges_(object_store::plan_ranges(frame.compressed, 8u << 20)),
        offset_(offset),
        reader_([this] { return input(); }, frame.content) {}
  Result<std::string_view> next() { return reader_.next(); }

 private:
  Result<std::string_view> input() {
    if (at_ == ranges_.size()) return std::string_view();
    auto bytes = place_.store->get_range(place_.key, offset_ + ranges_[at_].offset, ranges_[at_].size);
    if (!bytes) return fail(bytes.error());
    ++at_;
    current_ = std::move(*bytes);
    return std::string_view(current_);
  }

  Place& place_;
  const std::vector<object_store::Range> ranges_;
  const std::uint64_t offset_;
  std::size_t at_ = 0;
  std::string current_;
  frames::FrameReader reader_;
};

struct FrameHealth {
  bool whole = true;
  std::string why, first, last;  // paths read from it
};

// A frame begins with an entry's header (but for parts of very large files), so its entries can be read without the
// others; the tar's end is missing in all but the last, which is no damage.
FrameHealth examine(Place& place, std::uint64_t offset, const frames::Frame& frame) {
  FrameHealth health;
  {
    OneFrame plain(place, offset, frame);
    while (true) {
      auto bytes = plain.next();
      if (!bytes) {
        health.whole = false;
        health.why = bytes.error().message;
      }
      if (!bytes || bytes->empty()) break;
    }
  }
  OneFrame again(place, offset, frame);
  tar::TarReader tar([&] { return again.next(); });
  tar::Item item;
  while (true) {
    auto more = tar.next(item);
    if (!more || !*more) break;
    if (health.first.empty()) health.first = item.path;
    health.last = item.path;
  }
  return health;
}

// Says which frames are damaged and which paths are around the damage.
void list_damage(const Job& job, Place& place, std::uint64_t size) {
  auto frames = read_seek_table(place, size);
  if (!frames) {
    job.report.step("damaged", {{"what", "seek table"}, {"message", frames.error().message}});
    return;
  }
  std::uint64_t offset = 0, content = 0;
  for (std::size_t i = 0; i < frames->size() && !job.cancel; ++i) {
    const FrameHealth health = examine(place, offset, (*frames)[i]);
    if (!health.whole)
      job.report.step("damaged", {{"what", "frame"},
                                  {"frame", i},
                                  {"offset", offset},
                                  {"bytes", (*frames)[i].compressed},
                                  {"content_offset", content},
                                  {"content", (*frames)[i].content},
                                  {"last_readable", printable(health.last)},
                                  {"message", health.why}});
    offset += (*frames)[i].compressed;
    content += (*frames)[i].content;
  }
}

}  // namespace

Outcome<void> run_verify(const Job& job) {
  auto place = open_place(job, job.settings.archive_url);
  if (!place) return tl::unexpected(place.error());
  auto archive = find_archive(*place->store, place->key);
  if (!archive) return fail_with(archive.error());
  std::uint64_t entries = 0;
  auto read = read_all(job, *place, *archive, [&](const tar::Item&, std::uint64_t) { ++entries; });
  if (!read) {
    if (read.error().exit == Exit::corrupt) list_damage(job, *place, archive->stat.size);
    return read;
  }
  job.report.step("verified", {{"digest", archive->meta.digest},
                               {"bytes", archive->meta.size},
                               {"content", archive->meta.uncompressed},
                               {"entries", entries}});
  return {};
}

Outcome<void> run_list(const Job& job) {
  auto place = open_place(job, job.settings.archive_url);
  if (!place) return tl::unexpected(place.error());
  auto archive = find_archive(*place->store, place->key);
  if (!archive) return fail_with(archive.error());
  for (const auto& [kind, path] : archive->meta.skipped_paths)
    job.report.step("skipped", {{"kind", kind}, {"path", printable(path)}});
  return read_all(job, *place, *archive, [&](const tar::Item& item, std::uint64_t position) {
    nlohmann::json fields = {{"path", printable(item.path.empty() ? "." : item.path)},
                             {"type", type_name(item.type)},
                             {"mode", fmt::format("{:04o}", item.mode)},
                             {"uid", item.uid},
                             {"gid", item.gid},
                             {"size", item.size},
                             {"mtime", fmt::format("{}.{:09}", item.mtime, item.mtime_nsec)},
                             {"position", position}};
    if (!item.target.empty()) fields["target"] = printable(item.target);
    job.report.step("entry", std::move(fields));
  });
}

}  // namespace hearth::storage_job
