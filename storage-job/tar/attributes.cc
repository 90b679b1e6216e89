#include "tar/attributes.h"

#include <fmt/format.h>
#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hearth::tar {
namespace {

constexpr const char* kAccess = "system.posix_acl_access";
constexpr const char* kDefault = "system.posix_acl_default";
constexpr std::uint32_t kAclVersion = 2;
constexpr std::size_t kListLimit = 64u << 10;  // the kernel's own (XATTR_LIST_MAX, XATTR_SIZE_MAX)

template <class Int>
void put_le(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint32_t get_le(const std::string& in, std::size_t at, std::size_t size) {
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < size; ++i)
    out |= static_cast<std::uint32_t>(static_cast<unsigned char>(in[at + i])) << (8 * i);
  return out;
}

bool kept(std::string_view name) {
  return name.starts_with("user.") || name == "security.capability" || name == kAccess || name == kDefault;
}

}  // namespace

std::string encode_acl(const std::vector<AclEntry>& acl) {
  std::vector<AclEntry> sorted = acl;  // the kernel insists: by tag, then by id
  std::sort(sorted.begin(), sorted.end(),
            [](const AclEntry& a, const AclEntry& b) { return a.tag != b.tag ? a.tag < b.tag : a.id < b.id; });
  std::string out;
  put_le(out, kAclVersion);
  for (const AclEntry& entry : sorted) {
    put_le(out, entry.tag);
    put_le(out, entry.perm);
    const bool named = entry.tag == 0x02 || entry.tag == 0x08;
    put_le(out, named ? entry.id : 0xffffffffu);
  }
  return out;
}

bool decode_acl(const std::string& value, std::vector<AclEntry>& acl) {
  if (value.size() < 4 || (value.size() - 4) % 8 != 0 || get_le(value, 0, 4) != kAclVersion) return false;
  for (std::size_t at = 4; at < value.size(); at += 8)
    acl.push_back({static_cast<std::uint16_t>(get_le(value, at, 2)),
                   static_cast<std::uint16_t>(get_le(value, at + 2, 2)), get_le(value, at + 4, 4)});
  return true;
}

Result<void> read_attributes(int fd, const std::string& path, Item& item) {
  char list[kListLimit];
  const ssize_t size = ::flistxattr(fd, list, sizeof list);
  if (size < 0 && errno == ENOTSUP) return {};
  if (size < 0) return fail(system_error(errno, path + ": listing extended attributes"));
  for (const char* at = list; at < list + size; at += std::strlen(at) + 1) {
    if (!kept(at)) continue;
    std::string value(kListLimit, '\0');
    const ssize_t length = ::fgetxattr(fd, at, value.data(), value.size());
    if (length < 0 && errno == ENODATA) continue;  // removed meanwhile
    if (length < 0) return fail(system_error(errno, fmt::format("{}: reading {}", path, at)));
    value.resize(static_cast<std::size_t>(length));
    const std::string_view name(at);
    if (name == kAccess || name == kDefault) {
      if (!decode_acl(value, name == kAccess ? item.access_acl : item.default_acl))
        return fail(ErrorCode::io, ErrorSource::system, path + ": an ACL in a form that is not known");
    } else {
      item.xattrs.emplace_back(at, std::move(value));
    }
  }
  return {};
}

Result<void> write_attributes(int fd, const Item& item) {
  const auto set = [&](const char* name, const std::string& value) -> Result<void> {
    if (::fsetxattr(fd, name, value.data(), value.size(), 0) == 0) return {};
    return fail(system_error(errno, fmt::format("{}: setting {}", item.path, name)));
  };
  for (const auto& [name, value] : item.xattrs)
    if (kept(name))
      if (auto done = set(name.c_str(), value); !done) return done;
  if (!item.access_acl.empty())
    if (auto done = set(kAccess, encode_acl(item.access_acl)); !done) return done;
  if (!item.default_acl.empty())
    if (auto done = set(kDefault, encode_acl(item.default_acl)); !done) return done;
  return {};
}

}  // namespace hearth::tar
