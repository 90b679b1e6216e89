// Survey: what a tree holds, from metadata alone. Two equal digests mean that nothing was written in between: the
// kernel moves ctime on every change and nobody can set it.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace hearth::walk {

struct Survey {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;     // that archiving has to read: allocated blocks at most, hard links once
  std::uint64_t archived = 0;  // an upper bound of the archive's size before compression
  std::string digest;          // "sha256:<hex>" over paths, kinds, sizes, mtimes, ctimes, modes, owners
};

// As walk(), leaving out top-level names that begin with `skip_prefix`.
Result<Survey> survey(const std::string& root, const std::string& skip_prefix);

}  // namespace hearth::walk
