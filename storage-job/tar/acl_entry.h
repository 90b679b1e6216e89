// POSIX ACLs between Item and libarchive's entries. Private to tar/.
#pragma once

#include "tar/item.h"

struct archive_entry;

namespace hearth::tar {
void add_acl(archive_entry* entry, const std::vector<AclEntry>& acl, bool is_default);
// The mode bits of `entry` complete what libarchive keeps there instead of in the list.
std::vector<AclEntry> take_acl(archive_entry* entry, bool is_default);
}  // namespace hearth::tar
