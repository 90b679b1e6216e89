#include "extract/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <vector>

namespace hearth::extract {
namespace {

constexpr std::size_t kChunk = 2048;  // well below PATH_MAX
constexpr int kFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;
std::atomic<bool> no_openat2{false};

Fd open_step(int folder, const std::string& path) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(kFlags | O_NOFOLLOW);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  if (!no_openat2) {
    for (int attempt = 0; attempt < 8; ++attempt) {
      const long fd = ::syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
      if (fd >= 0) return Fd(static_cast<int>(fd));
      if (errno != EAGAIN) break;  // a rename elsewhere raced with the resolution
    }
    if (errno != ENOSYS && errno != EPERM) return {};
    no_openat2 = true;
  }
  Fd at;
  std::string_view rest(path);
  while (!rest.empty()) {
    const std::size_t slash = rest.find('/');
    const std::string part(rest.substr(0, slash));
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    at = Fd(::openat(at ? at.get() : folder, part.c_str(), kFlags | O_NOFOLLOW));
    if (!at) return {};
  }
  return at;
}

}  // namespace

void forget_openat2() { no_openat2 = true; }

Split split_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return {{}, path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Fd open_folder_beneath(int root, std::string_view path) {
  if (path.empty()) return Fd(::openat(root, ".", kFlags));
  Fd at;
  while (!path.empty()) {
    std::size_t cut = path.size();
    if (cut > kChunk) {
      cut = path.rfind('/', kChunk);
      if (cut == std::string_view::npos) {
        errno = ENAMETOOLONG;
        return {};
      }
    }
    at = open_step(at ? at.get() : root, std::string(path.substr(0, cut)));
    if (!at) return {};
    path.remove_prefix(cut == path.size() ? cut : cut + 1);
  }
  return at;
}

namespace {

struct CloseFolder {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_for_removal(int parent, const char* name) {
  constexpr int kRead = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = ::openat(parent, name, kRead);
  if (fd < 0 && errno == EACCES && ::fchmodat(parent, name, 0700, 0) == 0) fd = ::openat(parent, name, kRead);
  if (fd < 0) return nullptr;
  ::fchmod(fd, 0700);  // without root's powers a folder must be writable to be emptied
  return Folder(::fdopendir(fd));
}

}  // namespace

// A deep tree is flattened on the way: folders below the second level move up one by one, so that neither the stack nor
// the number of descriptors grows with the depth.
bool remove_tree(int folder, const std::string& name) {
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  if (errno != EISDIR && errno != EPERM) return false;
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0) return true;
  if (errno != ENOTEMPTY && errno != EEXIST) return false;
  const Folder top = open_for_removal(folder, name.c_str());
  if (!top) return errno == ENOENT;
  unsigned long moved = 0;
  bool again = true;
  while (again) {
    again = false;
    ::rewinddir(top.get());
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(top.get())) {
      const std::string_view found(entry->d_name);
      if (found != "." && found != "..") names.emplace_back(found);
    }
    for (const std::string& child : names) {
      const int at = ::dirfd(top.get());
      if (::unlinkat(at, child.c_str(), 0) == 0 || ::unlinkat(at, child.c_str(), AT_REMOVEDIR) == 0) continue;
      const Folder inner = open_for_removal(at, child.c_str());
      if (!inner) return false;
      std::vector<std::string> grandchildren;
      while (const dirent* entry = ::readdir(inner.get())) {
        const std::string_view found(entry->d_name);
        if (found != "." && found != "..") grandchildren.emplace_back(found);
      }
      for (const std::string& grandchild : grandchildren) {
        const int inside = ::dirfd(inner.get());
        if (::unlinkat(inside, grandchild.c_str(), 0) == 0) continue;
        if (::unlinkat(inside, grandchild.c_str(), AT_REMOVEDIR) == 0) continue;
        std::string free_name;
        do free_name = ".hearth-removed-" + std::to_string(moved++);
        while (::faccessat(at, free_name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0);
        ::fchmodat(inside, grandchild.c_str(), 0700, 0);
        if (::renameat(inside, grandchild.c_str(), at, free_name.c_str()) != 0) return false;
        again = true;
      }
      if (::unlinkat(at, child.c_str(), AT_REMOVEDIR) != 0) return false;
    }
  }
  return ::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace hearth::extract
