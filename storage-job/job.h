// What a command works with: its settings, the store, the report, and the word to stop.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "exit_codes.h"
#include "object_store/open_store.h"
#include "report.h"

namespace hearth::storage_job {

// Top-level names with this prefix are ours: never archived, never taken from an archive.
inline constexpr std::string_view kOwnPrefix = ".hearth-restore";
inline constexpr const char* kMetaSuffix = ".meta";

struct Settings {
  std::string archive_url;
  std::string previous_url;  // archive: the workspace's current archive; when nothing changed, the store copies it
  std::string marker_url;
  std::string restore_op_id;
  std::string data_dir = "/data";
  int level = 3;
  unsigned threads = 0;
  std::uint64_t verify_below = 4ull << 30;  // archives up to this size are read back whole before they count
  std::uint64_t max_bytes = 0;              // restore: of content; 0: what the volume has room for
  std::uint64_t max_entries = 0;
  std::uint64_t frame_size = 128ull << 20;
  object_store::S3Options s3;
  bool bar = false;
};

struct Job {
  const Settings& settings;
  Report& report;
  const std::atomic<bool>& cancel;
};

struct Place {
  std::unique_ptr<object_store::ObjectStore> store;
  std::string key;
};
Outcome<Place> open_place(const Job& job, const std::string& url);
Outcome<void> check_cancel(const Job& job);

Outcome<void> run_archive(const Job& job);
Outcome<void> run_restore(const Job& job);
Outcome<void> run_verify(const Job& job);
Outcome<void> run_list(const Job& job);

}  // namespace hearth::storage_job
