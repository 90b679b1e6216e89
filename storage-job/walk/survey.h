// Survey: what a tree holds, from metadata alone. Two equal digests mean that nothing was written in between: the
// kernel moves ctime on every change and nobody can set it.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

#include "base/result.h"

namespace hearth::walk {

struct Survey {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;     // that archiving has to read: allocated blocks at most, hard links once
  std::uint64_t archived = 0;  // an upper bound of the archive's size before compression
  std::string digest;          // "sha256:<hex>" over paths, kinds, sizes, mtimes, ctimes, modes, owners, inodes, links
  timespec newest{};           // the latest ctime of all
};

// As walk(), leaving out top-level names that begin with `skip_prefix`.
Result<Survey> survey(const std::string& root, const std::string& skip_prefix);

// A survey whose digest may be kept and compared with a later one. A file written again within one tick of the
// filesystem's clock keeps its ctime, so a tree that was changed just now is waited for (a tenth of a second; two
// seconds where times are whole seconds) and walked again. The digest is empty, and so equals none, when the tree keeps
// changing, when its times lie in the future, and on filesystems whose times are not this machine's kernel's.
Result<Survey> settled_survey(const std::string& root, const std::string& skip_prefix);

// How long after `newest` a walk must begin for its digest to be settled: pure, for settled_survey.
std::int64_t settling_nanoseconds(const timespec& newest);

}  // namespace hearth::walk
