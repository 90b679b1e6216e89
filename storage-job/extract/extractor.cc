#include "extract/extractor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "extract/beneath.h"
#include "job.h"
#include "report.h"
#include "tar/attributes.h"

namespace hearth::extract {
namespace {

using storage_job::Exit;
using storage_job::fail_with;
using storage_job::printable;

constexpr std::size_t kOpenFolders = 200;  // deeper ones are opened again when they are left

tl::unexpected<storage_job::Failure> refused(const std::string& path, std::string_view why) {
  return fail_with(Exit::refused, fmt::format("{}: {}", printable(path), why));
}

tl::unexpected<storage_job::Failure> broken(int sys, const std::string& path) {
  const std::string text = fmt::format("{}: {}", printable(path), std::strerror(sys));
  if (sys == ENOSPC || sys == EDQUOT) return fail_with(Exit::disk_full, text);
  if (sys == EFBIG) return fail_with(Exit::refused, text);  // no filesystem has room for such a size
  // Something that is no folder lies where the archive wants to go through one.
  if (sys == ELOOP || sys == ENOTDIR || sys == EXDEV || sys == ENAMETOOLONG) return fail_with(Exit::refused, text);
  return fail_with(Exit::failed, text);
}

std::array<timespec, 2> times_of(const tar::Item& item) {
  return {timespec{0, UTIME_OMIT}, timespec{static_cast<time_t>(item.mtime), item.mtime_nsec}};
}

// Owner before mode, because chown clears setuid and capabilities; times last.
storage_job::Outcome<void> dress(int fd, const tar::Item& item) {
  // Only root may give files away; anyone else restores what is his own.
  const bool owner = ::fchown(fd, static_cast<uid_t>(item.uid), static_cast<gid_t>(item.gid)) == 0;
  if (!owner && (errno != EPERM || ::geteuid() == 0)) return broken(errno, item.path);
  const unsigned mode = owner ? item.mode : item.mode & 0777;
  if (::fchmod(fd, mode) != 0) return broken(errno, item.path);
  if (auto done = tar::write_attributes(fd, item); !done) {
    if (done.error().sys == ENOSPC || done.error().sys == EDQUOT) return broken(done.error().sys, item.path);
    return fail_with(Exit::failed, done.error().message);
  }
  if (::futimens(fd, times_of(item).data()) != 0) return broken(errno, item.path);
  return {};
}

void drop_inherited(int fd) {
  for (const char* acl : {"system.posix_acl_access", "system.posix_acl_default"}) ::fremovexattr(fd, acl);
}

}  // namespace

Extractor::Done Extractor::add(const tar::Item& item, tar::TarReader& data) {
  if (++entries_ > limits_.entries)
    return fail_with(Exit::refused, fmt::format("more than {} entries", limits_.entries));
  if (item.path.empty()) {
    if (item.type != tar::Type::folder) return refused("./", "the root is no folder");
  } else if (!tar::path_is_safe(item.path)) {
    return refused(item.path, "a path that leads out of the archive");
  } else if (item.path.starts_with(storage_job::kOwnPrefix)) {
    return refused(item.path, "a name that is reserved");
  }
  if (item.type == tar::Type::other) return refused(item.path, "devices, fifos and unknown types are not extracted");
  if (open_.empty()) {
    open_.push_back({tar::Item{}, Fd(::openat(root_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC))});
    drop_inherited(open_.back().fd.get());
    open_.back().item.mode = 0755;
    open_.back().item.uid = ::geteuid();
    open_.back().item.gid = ::getegid();
    open_.back().item.mtime_nsec = UTIME_OMIT;
  }
  if (item.path.empty()) {
    open_.front().item = item;
    return {};
  }
  if (auto done = leave_to(split_path(item.path).parent); !done) return done;
  switch (item.type) {
    case tar::Type::folder:
      return folder(item);
    case tar::Type::symlink:
      return symlink(item);
    case tar::Type::hardlink:
      return hardlink(item);
    default:
      return file(item, data);
  }
}

Fd Extractor::reopen(const std::string& path) const {
  const Fd found = open_folder_beneath(root_, path);
  return found ? Fd(::openat(found.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) : Fd();
}

// Afterwards the innermost open folder is `parent`.
Extractor::Done Extractor::leave_to(std::string_view parent) {
  while (open_.size() > 1) {
    const std::string& path = open_.back().item.path;
    if (parent == path || (parent.size() > path.size() && parent.starts_with(path) && parent[path.size()] == '/'))
      break;
    Open last = std::move(open_.back());
    open_.pop_back();
    if (auto done = close_folder(std::move(last)); !done) return done;
  }
  if (open_.size() > 1 && !open_.back().fd) {
    open_.back().fd = reopen(open_.back().item.path);
    if (!open_.back().fd) return broken(errno, open_.back().item.path);
  }
  if (parent != open_.back().item.path) return make_parents(parent);
  return {};
}

// Folders the archive uses without naming them, or comes back to.
Extractor::Done Extractor::make_parents(std::string_view path) {
  std::size_t at = open_.back().item.path.size();
  while (at < path.size()) {
    const std::size_t slash = path.find('/', at + 1);
    const std::string one(path.substr(0, slash));
    at = one.size();
    if (auto done = enter(one); !done) return done;
  }
  return {};
}

Extractor::Done Extractor::enter(const std::string& path) {
  const std::string name(split_path(path).name);
  const bool made = ::mkdirat(here(), name.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return broken(errno, path);
  Fd fd(::openat(here(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return broken(errno, path);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return broken(errno, path);
  // As it is now, so that coming back to a finished folder leaves no trace.
  Open open;
  open.item.path = path;
  open.item.type = tar::Type::folder;
  open.item.mode = st.st_mode & 07777;
  open.item.uid = st.st_uid;
  open.item.gid = st.st_gid;
  open.item.mtime = st.st_mtim.tv_sec;
  open.item.mtime_nsec = st.st_mtim.tv_nsec;
  if (made && open_.back().revisited) drop_inherited(fd.get());
  open.revisited = !made;
  open.fd = std::move(fd);
  open_.push_back(std::move(open));
  if (open_.size() > kOpenFolders) open_[open_.size() - kOpenFolders].fd.reset();
  return {};
}

Extractor::Done Extractor::folder(const tar::Item& item) {
  if (auto done = enter(item.path); !done) return done;
  open_.back().item = item;
  return {};
}

Extractor::Done Extractor::close_folder(Open open) {
  const Fd fd = open.fd ? std::move(open.fd) : reopen(open.item.path);
  if (!fd) return broken(errno, open.item.path);
  return dress(fd.get(), open.item);
}

// A second entry of one path replaces the first, as tar does it, but never a folder.
Extractor::Done Extractor::clear(const std::string& name, const std::string& path) {
  if (::unlinkat(here(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno == EISDIR || errno == EPERM) return refused(path, "a folder is there already");
  return broken(errno, path);
}

Extractor::Done Extractor::file(const tar::Item& item, tar::TarReader& data) {
  const std::string name(split_path(item.path).name);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(here(), name.c_str(), kFlags, 0600));
  if (!fd && errno == EEXIST) {
    if (auto done = clear(name, item.path); !done) return done;
    fd = Fd(::openat(here(), name.c_str(), kFlags, 0600));
  }
  if (!fd) return broken(errno, item.path);
  if (open_.back().revisited) drop_inherited(fd.get());
  if (auto done = content(fd.get(), item, data); !done) return done;
  return dress(fd.get(), item);
}

Extractor::Done Extractor::content(int fd, const tar::Item& item, tar::TarReader& data) {
  std::uint64_t end = 0;
  while (true) {
    auto block = data.block();
    if (!block) return fail_with(block.error());
    if (!*block) break;
    std::string_view bytes = (*block)->bytes;
    std::uint64_t at = (*block)->offset;
    bytes_ += bytes.size();
    if (bytes_ > limits_.bytes) return refused(item.path, fmt::format("more than {} bytes of content", limits_.bytes));
    if (at < end || at > item.size || bytes.size() > item.size - at)
      return fail_with(Exit::corrupt, printable(item.path) + ": data beyond its end");
    while (!bytes.empty()) {
      const ssize_t size = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return broken(errno, item.path);
      bytes.remove_prefix(static_cast<std::size_t>(size));
      at += static_cast<std::uint64_t>(size);
    }
    end = at;
  }
  if (end == item.size) return {};
  if (!item.sparse) return fail_with(Exit::corrupt, printable(item.path) + ": shorter than its header says");
  if (::ftruncate(fd, static_cast<off_t>(item.size)) != 0) return broken(errno, item.path);
  return {};
}

Extractor::Done Extractor::symlink(const tar::Item& item) {
  const std::string name(split_path(item.path).name);
  if (::symlinkat(item.target.c_str(), here(), name.c_str()) != 0) {
    if (errno != EEXIST) return broken(errno, item.path);
    if (auto done = clear(name, item.path); !done) return done;
    if (::symlinkat(item.target.c_str(), here(), name.c_str()) != 0) return broken(errno, item.path);
  }
  if (::fchownat(here(), name.c_str(), static_cast<uid_t>(item.uid), static_cast<gid_t>(item.gid),
                 AT_SYMLINK_NOFOLLOW) != 0 &&
      (errno != EPERM || ::geteuid() == 0))
    return broken(errno, item.path);
  if (::utimensat(here(), name.c_str(), times_of(item).data(), AT_SYMLINK_NOFOLLOW) != 0)
    return broken(errno, item.path);
  return {};
}

Extractor::Done Extractor::hardlink(const tar::Item& item) {
  if (!tar::path_is_safe(item.target)) return refused(item.path, "a hard link that leads out of the archive");
  const std::string name(split_path(item.path).name);
  const Split target = split_path(item.target);
  const std::string target_name(target.name);
  const Fd folder = open_folder_beneath(root_, target.parent);
  struct stat st {};
  // What lies there came from this archive, because the folder was empty when it began.
  if (!folder || ::fstatat(folder.get(), target_name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
    return refused(item.path, "a hard link to what is not in the archive before it");
  if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) return refused(item.path, "a hard link to what is no file");
  if (item.path == item.target) return {};
  if (::linkat(folder.get(), target_name.c_str(), here(), name.c_str(), 0) == 0) return {};
  if (errno != EEXIST) return broken(errno, item.path);
  if (auto done = clear(name, item.path); !done) return done;
  if (::linkat(folder.get(), target_name.c_str(), here(), name.c_str(), 0) != 0) return broken(errno, item.path);
  return {};
}

Extractor::Done Extractor::finish() {
  while (!open_.empty()) {
    Open last = std::move(open_.back());
    open_.pop_back();
    if (auto done = close_folder(std::move(last)); !done) return done;
  }
  return {};
}

}  // namespace hearth::extract
