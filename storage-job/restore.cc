// `storage-job restore`: archive → staging folder → check → switch → marker. The volume changes only after the whole
// archive was found to be what its .meta says.
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "archive_stream.h"
#include "extract/extractor.h"
#include "extract/staging.h"
#include "job.h"
#include "tar/tar_reader.h"
#include "walk/survey.h"

namespace hearth::storage_job {
namespace {

Outcome<bool> already_restored(const Job& job) {
  if (job.settings.marker_url.empty()) return false;
  auto place = open_place(job, job.settings.marker_url);
  if (!place) return tl::unexpected(place.error());
  auto text = place->store->get(place->key, kMetaLimit);
  if (!text && text.error().code == ErrorCode::not_found) return false;
  if (!text) return fail_with(text.error());
  auto marker = parse_marker(*text);
  return marker && marker->restore_op_id == job.settings.restore_op_id;  // a broken marker says nothing
}

Outcome<void> write_marker(const Job& job, const std::string& archive_key) {
  if (job.settings.marker_url.empty()) return {};
  auto place = open_place(job, job.settings.marker_url);
  if (!place) return tl::unexpected(place.error());
  auto survey = walk::settled_survey(job.settings.data_dir, std::string(kOwnPrefix));
  if (!survey) return fail_with(survey.error());
  const Marker marker{job.settings.restore_op_id, archive_key, now_iso8601(), survey->digest};
  if (auto done = place->store->put(place->key, format_marker(marker), false); !done) return fail_with(done.error());
  return {};
}

// What .meta promises must fit into the volume; what is refused here has cost nothing yet.
Outcome<extract::Limits> limits_for(const Job& job, const Meta& meta) {
  struct statvfs fs {};
  if (::statvfs(job.settings.data_dir.c_str(), &fs) != 0)
    return fail_with(Exit::failed, fmt::format("{}: {}", job.settings.data_dir, std::strerror(errno)));
  const std::uint64_t room = static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
  // The tar's own headers take at most what 512-byte blocks of metadata take on disk, so this is no underestimate.
  const std::uint64_t headers = std::min(meta.uncompressed, meta.entries * 2048);
  if (meta.uncompressed - headers > room)
    return fail_with(Exit::disk_full,
                     fmt::format("the archive holds {} bytes, the volume has room for {}", meta.uncompressed, room));
  if (fs.f_files > 0 && meta.entries > fs.f_favail)
    return fail_with(Exit::disk_full, fmt::format("the archive has {} entries, the volume has {} inodes free",
                                                  meta.entries, static_cast<std::uint64_t>(fs.f_favail)));
  const Settings& settings = job.settings;
  if (settings.max_bytes > 0 && meta.uncompressed > settings.max_bytes)
    return fail_with(Exit::refused, fmt::format("the archive holds more than {} bytes", settings.max_bytes));
  if (settings.max_entries > 0 && meta.entries > settings.max_entries)
    return fail_with(Exit::refused, fmt::format("the archive has more than {} entries", settings.max_entries));
  return extract::Limits{meta.entries, meta.uncompressed};
}

Outcome<void> extract_all(const Job& job, Place& place, const Committed& archive, int tree) {
  auto limits = limits_for(job, archive.meta);
  if (!limits) return tl::unexpected(limits.error());
  auto stream = ArchiveStream::open(*place.store, place.key, archive.stat, archive.meta);
  if (!stream) return fail_with(stream.error());
  ArchiveStream& source = **stream;
  job.report.phase("restore", archive.meta.size);
  tar::TarReader tar([&]() -> Result<std::string_view> {
    if (job.cancel) return fail(ErrorCode::cancelled, ErrorSource::us, "terminated");
    job.report.progress(source.read());
    return source.next();
  });
  extract::Extractor extractor(tree, *limits);
  tar::Item item;
  while (true) {
    auto more = tar.next(item);
    if (!more) return fail_with(more.error());
    if (!*more) break;
    if (auto done = extractor.add(item, tar); !done) return done;
  }
  if (auto whole = source.check(); !whole) return fail_with(whole.error());
  if (extractor.entries() != archive.meta.entries)
    return fail_with(Exit::corrupt, fmt::format("the archive has {} entries, .meta says {}", extractor.entries(),
                                                archive.meta.entries));
  return extractor.finish();
}

Outcome<void> extract_into(const Job& job, Place& place, const Committed& archive, extract::Staging& staging) {
  auto tree = staging.fresh_tree();
  if (!tree) return tl::unexpected(tree.error());
  return extract_all(job, place, archive, tree->get());
}

// Bytes that a network damaged look like an archive that is: what comes from afar is read once more before it is called
// corrupt, because that word means lost files.
Outcome<void> extract_or_again(const Job& job, Place& place, const Committed& archive, extract::Staging& staging) {
  auto extracted = extract_into(job, place, archive, staging);
  const bool remote = job.settings.archive_url.starts_with("s3://");
  if (extracted || extracted.error().exit != Exit::corrupt || !remote) return extracted;
  job.report.step("again", {{"message", printable(extracted.error().message)}});
  return extract_into(job, place, archive, staging);
}

}  // namespace

Outcome<void> run_restore(const Job& job) {
  auto before = already_restored(job);
  if (!before) return tl::unexpected(before.error());
  if (*before) {
    job.report.step("present", {{"restore_op_id", job.settings.restore_op_id}});
    return {};
  }
  auto place = open_place(job, job.settings.archive_url);
  if (!place) return tl::unexpected(place.error());
  auto archive = find_archive(*place->store, place->key);
  if (!archive) return fail_with(archive.error());

  const std::string identity = job.settings.restore_op_id + " " + job.settings.archive_url + " " + archive->meta.digest;
  auto staging = extract::Staging::open(job.settings.data_dir, identity);
  if (!staging) return tl::unexpected(staging.error());
  if (!staging->complete()) {
    auto extracted = extract_or_again(job, *place, *archive, *staging);
    if (extracted) extracted = staging->mark_complete();
    if (!extracted) {
      staging->discard();
      return extracted;
    }
  }
  if (auto done = staging->switch_over(); !done) return done;
  job.report.step("restored", {{"entries", archive->meta.entries}, {"bytes", archive->meta.uncompressed}});
  return write_marker(job, place->key);
}

}  // namespace hearth::storage_job
