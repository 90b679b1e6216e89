// `storage-job archive`: volume → tar → zstd → upload, read back, then .meta. Nothing counts before .meta is written.
#include <fmt/format.h>

#include "archive_stream.h"
#include "frames/frame_writer.h"
#include "job.h"
#include "source_tree.h"
#include "tar/tar_reader.h"
#include "unchanged.h"
#include "walk/survey.h"
#include "write_behind.h"

namespace hearth::storage_job {
namespace {

using object_store::ObjectStat;
using object_store::ObjectStore;

constexpr std::size_t kBlocksBehind = 4;  // of 512 KiB

class Archiver {
 public:
  Archiver(const Job& job, Place place) : job_(job), place_(std::move(place)), store_(*place_.store) {}

  Outcome<void> run() {
    auto there = already_there();
    if (!there) return tl::unexpected(there.error());
    if (*there) {
      job_.report.step("present", {{"url", job_.settings.archive_url}});
      clean_up();
      return {};
    }
    job_.report.phase("survey", 0);
    auto survey = walk::settled_survey(job_.settings.data_dir, std::string(kOwnPrefix));
    if (!survey) return fail_with(survey.error());
    survey_ = std::move(*survey);
    job_.report.step("survey", {{"entries", survey_.entries}, {"bytes", survey_.bytes}});
    auto copied = copy_unchanged();
    if (!copied) return tl::unexpected(copied.error());
    if (*copied) return {};
    // Twice: another job may have finished an object of this key that is not ours and was never committed.
    for (const bool if_absent : {!data_there_, false}) {
      auto stat = upload(if_absent);
      if (!stat && stat.error().code == ErrorCode::already_exists && if_absent) {
        auto theirs = already_there();
        if (!theirs) return tl::unexpected(theirs.error());
        if (!*theirs) continue;
        job_.report.step("present", {{"url", job_.settings.archive_url}});
        return {};
      }
      if (!stat) return fail_with(stat.error());
      if (auto verified = verify(*stat); !verified) return fail_with(verified.error());
      return commit(*stat);
    }
    return fail_with(Exit::failed, "another job writes the same archive");
  }

 private:
  // When nothing changed since the previous archive, the store copies that one. It becomes this operation's own: what
  // it was copied from may go. False, and all is archived anew, on any doubt.
  Outcome<bool> copy_unchanged() {
    const auto previous = find_unchanged(job_, place_, survey_.digest);
    if (!previous) return false;
    job_.report.step("unchanged", {{"url", job_.settings.previous_url}});
    auto stat =
        store_.copy(previous->key, place_.key, {.expected_size = previous->meta.size, .if_absent = !data_there_});
    Result<void> whole;
    if (!stat)
      whole = fail(stat.error());
    else
      whole = verify_copy(*stat, previous->meta);
    if (!whole && whole.error().code == ErrorCode::cancelled) return fail_with(whole.error());
    if (!whole) {
      data_there_ |= stat.has_value();
      job_.report.step("not-copied", {{"url", job_.settings.previous_url}, {"message", whole.error().message}});
      return false;
    }
    meta_ = previous->meta;
    if (auto done = commit(*stat); !done) return tl::unexpected(done.error());
    return true;
  }

  // A copy was never sent, so no hash vouches for it but its own: all of it is read, whatever its size.
  Result<void> verify_copy(const ObjectStat& stat, const Meta& meta) {
    job_.report.phase("verify", meta.size);
    auto reader = store_.read(place_.key, stat);
    if (!reader) return fail(reader.error());
    object_store::Digest digest(object_store::Digest::Algorithm::sha256);
    std::uint64_t size = 0;
    while (true) {
      auto bytes = (*reader)->next();
      if (!bytes) return fail(bytes.error());
      if (bytes->empty()) break;
      digest.update(*bytes);
      job_.report.progress(size += bytes->size());
    }
    if (size != meta.size || "sha256:" + digest.hex() != meta.digest)
      return fail(ErrorCode::corrupt, ErrorSource::storage, "the previous archive is not what its .meta says");
    job_.report.step("verified", {{"how", "read back"}, {"bytes", size}});
    return {};
  }

  Outcome<bool> already_there() {
    auto found = find_archive(store_, place_.key);
    if (found) return true;
    if (found.error().code != ErrorCode::not_found && found.error().code != ErrorCode::corrupt)
      return fail_with(found.error());
    auto data = store_.head(place_.key);
    if (!data && data.error().code != ErrorCode::not_found) return fail_with(data.error());
    data_there_ = data.has_value();
    if (found.error().code == ErrorCode::corrupt || data_there_)
      job_.report.step("incomplete", {{"url", job_.settings.archive_url}, {"message", found.error().message}});
    return false;
  }

  Result<ObjectStat> upload(bool if_absent) {
    meta_ = {};
    auto target = store_.upload(place_.key, {.expected_size = survey_.archived, .if_absent = if_absent});
    if (!target) return fail(target.error());
    object_store::Digest digest(object_store::Digest::Algorithm::sha256);
    // Hashing takes a third of what reading and packing take, so it does not wait for them.
    WriteBehind behind(
        [&](std::string_view bytes) {
          digest.update(bytes);
          return (*target)->write(bytes);
        },
        kBlocksBehind);
    frames::FrameWriter frames({.level = job_.settings.level,
                                .threads = job_.settings.threads,
                                .expected_size = survey_.archived,
                                .frame_size = job_.settings.frame_size},
                               [&](std::string_view bytes) { return behind.write(bytes); });
    tar::TarWriter tar([&](std::string_view bytes) { return frames.write(bytes); });
    SourceTree tree(job_, tar, [&] { return frames.border(); });
    job_.report.phase("archive", survey_.bytes);
    if (auto done = tree.write(); !done) return fail(done.error());
    if (auto done = tar.finish(); !done) return fail(done.error());
    if (auto done = frames.finish(); !done) return fail(done.error());
    if (auto done = behind.finish(); !done) return fail(done.error());
    auto stat = (*target)->finish();
    if (!stat) return stat;
    meta_.digest = "sha256:" + digest.hex();
    meta_.size = frames.written();
    meta_.entries = tree.entries();
    meta_.uncompressed = tar.written();
    meta_.frames = frames.frames().size();
    meta_.skipped = tree.skipped();
    meta_.skipped_paths = tree.skipped_paths();
    job_.report.step("uploaded", {{"bytes", meta_.size}, {"content", meta_.uncompressed}, {"entries", meta_.entries}});
    return stat;
  }

  // The read-back. A store that changed what it was given is found out here, before anything is deleted.
  Result<void> verify(const ObjectStat& stat) {
    if (stat.size != meta_.size)
      return fail(ErrorCode::corrupt, ErrorSource::storage, "the store holds another number of bytes than were sent");
    if (meta_.size > job_.settings.verify_below && stat.proven) {
      job_.report.step("verified", {{"how", "parts"}});
      return {};
    }
    job_.report.phase("verify", meta_.size);
    auto stream = ArchiveStream::open(store_, place_.key, stat, meta_);
    if (!stream) return fail(stream.error());
    ArchiveStream& source = **stream;
    tar::TarReader tar([&] {
      job_.report.progress(source.read());
      return source.next();
    });
    std::uint64_t entries = 0;
    tar::Item item;
    while (true) {
      auto more = tar.next(item);
      if (!more) return fail(more.error());
      if (!*more) break;
      ++entries;
    }
    if (auto whole = source.check(); !whole) return whole;
    if (entries != meta_.entries)
      return fail(ErrorCode::corrupt, ErrorSource::storage, "read back, the archive has another number of entries");
    job_.report.step("verified", {{"how", "read back"}, {"entries", entries}});
    return {};
  }

  Outcome<void> commit(const ObjectStat& stat) {
    meta_.created = now_iso8601();
    meta_.tool = "storage-job " HEARTH_VERSION;
    meta_.tree = survey_.digest;
    const std::string text = format_meta(meta_);
    auto put = store_.put(place_.key + kMetaSuffix, text, true);
    if (!put && put.error().code == ErrorCode::already_exists) {
      // Ours (the answer to the first try was lost), an old one without its archive, or another job's. What we have
      // just verified is what is there, unless it was replaced meanwhile.
      auto there = store_.get(place_.key + kMetaSuffix, kMetaLimit);
      auto now = store_.head(place_.key);
      const bool replaced = now && !stat.etag.empty() && now->etag != stat.etag;
      if (replaced) return fail_with(Exit::failed, "another job replaced the archive");
      if (!there || *there != text)
        put = store_.put(place_.key + kMetaSuffix, text, false);
      else
        put = {};
    }
    if (!put) return fail_with(put.error());
    clean_up();
    job_.report.step("committed",
                     {{"url", job_.settings.archive_url}, {"digest", meta_.digest}, {"bytes", meta_.size}});
    return {};
  }

  // Uploads of this key that an earlier run could not abort. What fails here fails again next time.
  void clean_up() {
    auto open = store_.open_uploads(place_.key);
    if (!open) return;
    for (const auto& upload : *open)
      if (upload.key == place_.key || upload.key == place_.key + kMetaSuffix) (void)store_.abort_upload(upload);
  }

  const Job& job_;
  Place place_;
  ObjectStore& store_;
  walk::Survey survey_;
  Meta meta_;
  bool data_there_ = false;
};

}  // namespace

Outcome<void> run_archive(const Job& job) {
  auto place = open_place(job, job.settings.archive_url);
  if (!place) return tl::unexpected(place.error());
  return Archiver(job, std::move(*place)).run();
}

}  // namespace hearth::storage_job
