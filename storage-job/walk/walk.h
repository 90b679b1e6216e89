// Walk: every entry below a folder, in one fixed order, without ever following a link.
//
// Each folder is opened relative to its parent's descriptor (O_NOFOLLOW), its names are sorted by byte, and an entry is
// described by fstatat on that descriptor, so that a path replaced while the walk runs cannot lead out of the tree.
// What lies on another filesystem is not entered (a mount inside the volume is not part of it). One thread.
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::walk {

enum class Kind { file, folder, symlink, socket, fifo, device };
const char* name(Kind kind);
Kind kind_of(unsigned mode);

struct Entry {
  int parent;             // descriptor of the folder that holds it
  std::string_view name;  // in that folder
  std::string_view path;  // from the root of the walk; empty for the root itself
  const struct stat* stat;
  Kind kind;
  int folder = -1;       // of a folder: its own descriptor, open for reading
  bool foreign = false;  // a folder on another filesystem: visited, not entered
};

struct Visitor {
  // A folder is visited before what it holds. An error ends the walk.
  std::function<Result<void>(const Entry&)> visit;
  // A name that was listed and is gone. Default: fine.
  std::function<Result<void>(std::string_view path)> vanished = [](std::string_view) { return Result<void>(); };
};

// `root` may be a symlink itself. Top-level names for which `skip` answers true are left out, with all below them.
// Errors carry the path; a folder or entry that cannot be read is an error, never left out.
Result<void> walk(const std::string& root, const std::function<bool(std::string_view)>& skip, const Visitor& visitor);

}  // namespace hearth::walk
