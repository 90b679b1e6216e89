#include "tar/acl_entry.h"

#include <archive_entry.h>

#include <array>
#include <utility>

namespace hearth::tar {
namespace {

constexpr std::array<std::pair<std::uint16_t, int>, 6> kTags = {{{0x01, ARCHIVE_ENTRY_ACL_USER_OBJ},
                                                                 {0x02, ARCHIVE_ENTRY_ACL_USER},
                                                                 {0x04, ARCHIVE_ENTRY_ACL_GROUP_OBJ},
                                                                 {0x08, ARCHIVE_ENTRY_ACL_GROUP},
                                                                 {0x10, ARCHIVE_ENTRY_ACL_MASK},
                                                                 {0x20, ARCHIVE_ENTRY_ACL_OTHER}}};
}  // namespace

void add_acl(archive_entry* entry, const std::vector<AclEntry>& acl, bool is_default) {
  const int type = is_default ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT : ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
  for (const AclEntry& one : acl)
    for (const auto& [ours, theirs] : kTags)
      if (ours == one.tag) {
        const bool named = one.tag == 0x02 || one.tag == 0x08;
        archive_entry_acl_add_entry(entry, type, one.perm, theirs, named ? static_cast<int>(one.id) : -1, nullptr);
      }
}

std::vector<AclEntry> take_acl(archive_entry* entry, bool is_default) {
  std::vector<AclEntry> out;
  const int wanted = is_default ? ARCHIVE_ENTRY_ACL_TYPE_DEFAULT : ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
  if (archive_entry_acl_reset(entry, wanted) == 0) return out;
  int type = 0, perm = 0, tag = 0, id = 0;
  const char* name = nullptr;
  while (archive_entry_acl_next(entry, wanted, &type, &perm, &tag, &id, &name) == 0) {
    if (type != wanted) continue;
    for (const auto& [ours, theirs] : kTags)
      if (theirs == tag) out.push_back({ours, static_cast<std::uint16_t>(perm & 7), static_cast<std::uint32_t>(id)});
  }
  // Three entries say no more than the mode does.
  if (!is_default && out.size() <= 3) out.clear();
  return out;
}

}  // namespace hearth::tar
