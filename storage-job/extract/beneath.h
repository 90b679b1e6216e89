// Opening what lies beneath a folder and nothing else, whatever the path and whatever lies there.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.h"

namespace hearth::extract {

// Opens the folder `path` (safe in the sense of tar::path_is_safe, or empty) beneath `root`: openat2(2) with
// RESOLVE_BENEATH, no symlink and no magic link followed; component by component with O_NOFOLLOW where the kernel or a
// seccomp filter has no openat2. No limit on the path's length. Fails with errno set; ELOOP or ENOTDIR: something that
// is no folder is in the way.
Fd open_folder_beneath(int root, std::string_view path);

// Tests only: as if the kernel had no openat2.
void forget_openat2();

struct Split {
  std::string_view parent;  // empty: the root
  std::string_view name;
};
Split split_path(std::string_view path);

// Removes `name` in `folder` with all below it; symlinks are removed, not followed. An absent name is success.
// False with errno set on failure.
bool remove_tree(int folder, const std::string& name);

}  // namespace hearth::extract
