// Meta: the `.meta` object beside an archive. It is written last and says that the archive is whole; without it there
// is no archive. Text: "sha256:<hex>" of the archive object, then "key: value" lines; unknown keys are passed over.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::storage_job {

struct Meta {
  std::string digest;              // "sha256:<64 hex digits>"
  std::uint64_t size = 0;          // of the archive object
  std::uint64_t entries = 0;       // in the tar
  std::uint64_t uncompressed = 0;  // bytes of the tar
  std::string created;             // ISO 8601, UTC
  std::string tool;
  std::string tree;  // walk/survey.h's settled digest of the volume; may be empty
  std::uint64_t frames = 0;
  std::map<std::string, std::uint64_t> skipped;                    // by kind
  std::vector<std::pair<std::string, std::string>> skipped_paths;  // kind, path; the first kSkippedPaths
};

inline constexpr std::size_t kMetaLimit = 1u << 20;
inline constexpr std::size_t kSkippedPaths = 1000;

std::string format_meta(const Meta& meta);
// Refuses what is not exactly the form: carriage returns, a digest of another length, missing size, entries or
// uncompressed, numbers with anything around them. Error: corrupt.
Result<Meta> parse_meta(std::string_view text);

// The marker object of a finished restore.
struct Marker {
  std::string restore_op_id;
  std::string archive_key;
  std::string restored_at;
  std::string tree;  // the volume's digest right after the restore: equal later means nothing was written since
};
std::string format_marker(const Marker& marker);
Result<Marker> parse_marker(std::string_view text);

std::string now_iso8601();

}  // namespace hearth::storage_job
