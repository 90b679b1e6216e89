// Item: one tar entry, as it is written and as it is read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace hearth::tar {

enum class Type { file, folder, symlink, hardlink, other };

struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct AclEntry {
  std::uint16_t tag = 0;   // ACL_USER_OBJ 0x01 … ACL_OTHER 0x20, as in linux/posix_acl.h
  std::uint16_t perm = 0;  // rwx bits
  std::uint32_t id = 0;    // of ACL_USER and ACL_GROUP
};

struct Item {
  std::string path;  // bytes as they are; from the archive's root, without leading "./"; empty for the root itself
  Type type = Type::file;
  unsigned mode = 0;  // permission bits, setuid, setgid, sticky
  std::uint64_t uid = 0, gid = 0;
  std::uint64_t size = 0;
  std::int64_t mtime = 0;
  long mtime_nsec = 0;
  std::string target;  // of a symlink: its text; of a hard link: a path as above
  std::vector<std::pair<std::string, std::string>> xattrs;
  std::vector<AclEntry> access_acl, default_acl;
  bool sparse = false;          // then `extents` holds the data, ascending; the rest is holes
  std::vector<Extent> extents;  // when writing; a reader gets blocks with offsets instead
};

}  // namespace hearth::tar
