// What the pieces of FileStore share: its errors, its entity tags, and where an object grows before it is whole.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include "object_store/object_store.h"

namespace hearth::object_store {

inline constexpr std::string_view kUnfinished = ".unfinished-";  // <name>.unfinished-<random>

Error storage_error(int sys, const std::string& what);
// The time in the tag tells an object that was replaced from the one it replaced.
ObjectStat stat_of(const struct stat& st);
std::string unfinished_name(const std::string& path);
bool is_unfinished(const std::string& path);
Result<void> make_parents(const std::string& path);
// Gives a whole and synced file its name; `temporary` is gone afterwards, or still there after an error.
// already_exists: `if_absent`, and something is there.
Result<void> place(const std::string& temporary, const std::string& path, bool if_absent);

}  // namespace hearth::object_store
