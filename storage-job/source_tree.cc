#include "source_tree.h"

#include <fcntl.h>
#include <linux/limits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/fd.h"
#include "tar/attributes.h"

namespace hearth::storage_job {
namespace {

constexpr std::size_t kBuffer = 512u << 10;

tl::unexpected<Error> unreadable(const std::string& message) {
  return fail(ErrorCode::io, ErrorSource::system, message);
}
tl::unexpected<Error> unreadable(int sys, const std::string& path) {
  Error error = system_error(sys, path);
  error.code = ErrorCode::io;
  return fail(std::move(error));
}

tar::Item item_of(std::string_view path, tar::Type type, const struct stat& st) {
  tar::Item item;
  item.path = path;
  item.type = type;
  item.mode = st.st_mode & 07777;
  item.uid = st.st_uid;
  item.gid = st.st_gid;
  item.mtime = st.st_mtim.tv_sec;
  item.mtime_nsec = st.st_mtim.tv_nsec;
  return item;
}

// Without touching the access time where we may.
Fd open_file(int parent, const char* name) {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  Fd fd(::openat(parent, name, kFlags | O_NOATIME));
  if (!fd && errno == EPERM) fd = Fd(::openat(parent, name, kFlags));
  return fd;
}

// The extents of a file with holes; none set when it has no hole.
Result<void> find_extents(int fd, tar::Item& item, const struct stat& st) {
  if (static_cast<std::uint64_t>(st.st_blocks) * 512 >= item.size) return {};
  off_t at = 0;
  const auto end = static_cast<off_t>(item.size);
  while (at < end) {
    const off_t data = ::lseek(fd, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;       // only a hole is left
    if (data < 0 && errno == EINVAL) return {};  // the filesystem does not know holes
    if (data < 0) return unreadable(errno, item.path);
    if (data >= end) break;
    const off_t hole = std::min(::lseek(fd, data, SEEK_HOLE), end);
    if (hole < 0) return unreadable(errno, item.path);
    item.extents.push_back({static_cast<std::uint64_t>(data), static_cast<std::uint64_t>(hole - data)});
    at = hole;
  }
  item.sparse = item.extents.size() != 1 || item.extents[0].size != item.size;
  if (!item.sparse) item.extents.clear();
  return {};
}

}  // namespace

SourceTree::SourceTree(const Job& job, tar::TarWriter& tar, std::function<Result<void>()> border)
    : job_(job), tar_(tar), border_(std::move(border)), buffer_(kBuffer, '\0') {}

Result<void> SourceTree::write() {
  walk::Visitor visitor;
  visitor.visit = [this](const walk::Entry& entry) { return visit(entry); };
  visitor.vanished = [this](std::string_view path) {
    changed("vanished", path);
    return Result<void>();
  };
  return walk::walk(
      job_.settings.data_dir, [](std::string_view name) { return name.starts_with(kOwnPrefix); }, visitor);
}

void SourceTree::skip(const char* kind, std::string_view path) {
  ++skipped_[kind];
  if (skipped_paths_.size() < kSkippedPaths) skipped_paths_.emplace_back(kind, path);
  job_.report.step("skipped", {{"kind", kind}, {"path", printable(path)}});
}

void SourceTree::changed(const char* what, std::string_view path) {
  job_.report.step("changed", {{"what", what}, {"path", printable(path)}});
}

Result<void> SourceTree::add(const tar::Item& item) {
  if (auto done = tar_.begin(item); !done) return done;
  ++entries_;
  return {};
}

bool SourceTree::hard_link(const walk::Entry& entry, tar::Item& item) const {
  if (entry.stat->st_nlink < 2) return false;
  const auto known = linked_.find({entry.stat->st_dev, entry.stat->st_ino});
  if (known == linked_.end()) return false;
  item.type = tar::Type::hardlink;
  item.target = known->second;
  item.size = 0;
  return true;
}

void SourceTree::remember(const walk::Entry& entry) {
  if (entry.stat->st_nlink > 1) linked_.try_emplace({entry.stat->st_dev, entry.stat->st_ino}, entry.path);
}

Result<void> SourceTree::visit(const walk::Entry& entry) {
  if (job_.cancel) return fail(ErrorCode::cancelled, ErrorSource::us, "terminated");
  if (auto done = border_(); !done) return done;
  switch (entry.kind) {
    case walk::Kind::file:
      return file(entry);
    case walk::Kind::folder:
      return folder(entry);
    case walk::Kind::symlink:
      return symlink(entry);
    default:
      skip(walk::name(entry.kind), entry.path);
      return {};
  }
}

Result<void> SourceTree::folder(const walk::Entry& entry) {
  tar::Item item = item_of(entry.path, tar::Type::folder, *entry.stat);
  if (entry.foreign)
    skip("mount", entry.path);
  else if (auto read = tar::read_attributes(entry.folder, item.path, item); !read)
    return unreadable(read.error().message);
  if (auto done = add(item); !done) return done;
  return tar_.end();
}

Result<void> SourceTree::symlink(const walk::Entry& entry) {
  tar::Item item = item_of(entry.path, tar::Type::symlink, *entry.stat);
  char target[PATH_MAX + 1];
  const ssize_t size = ::readlinkat(entry.parent, std::string(entry.name).c_str(), target, sizeof target);
  if (size < 0 && errno == ENOENT) {
    changed("vanished", entry.path);
    return {};
  }
  if (size < 0) return unreadable(errno, item.path);
  item.target.assign(target, static_cast<std::size_t>(size));
  const bool again = hard_link(entry, item);
  if (auto done = add(item); !done) return done;
  if (!again) remember(entry);
  return tar_.end();
}

Result<void> SourceTree::file(const walk::Entry& entry) {
  tar::Item item = item_of(entry.path, tar::Type::file, *entry.stat);
  if (hard_link(entry, item)) {
    if (auto done = add(item); !done) return done;
    return tar_.end();
  }
  const Fd fd = open_file(entry.parent, std::string(entry.name).c_str());
  if (!fd && errno == ENOENT) {
    changed("vanished", entry.path);
    return {};
  }
  if (!fd) return unreadable(errno, item.path);
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return unreadable(errno, item.path);
  if (!S_ISREG(st.st_mode)) return unreadable(item.path + ": replaced by something else while it was read");
  item = item_of(entry.path, tar::Type::file, st);
  item.size = static_cast<std::uint64_t>(st.st_size);
  if (auto read = tar::read_attributes(fd.get(), item.path, item); !read) return unreadable(read.error().message);
  if (auto found = find_extents(fd.get(), item, st); !found) return found;
  if (auto done = add(item); !done) return done;
  if (auto done = content(fd.get(), item, item.path); !done) return done;
  remember(entry);
  struct stat after {};
  if (::fstat(fd.get(), &after) != 0) return unreadable(errno, item.path);
  if (after.st_size > st.st_size)
    changed("grew", entry.path);
  else if (after.st_size < st.st_size)
    return unreadable(item.path + ": it shrank while it was read");
  else if (after.st_mtim.tv_sec != st.st_mtim.tv_sec || after.st_mtim.tv_nsec != st.st_mtim.tv_nsec)
    changed("written", entry.path);
  return tar_.end();
}

Result<void> SourceTree::content(int fd, const tar::Item& item, const std::string& path) {
  std::vector<tar::Extent> extents = item.extents;
  if (!item.sparse && item.size > 0) extents.push_back({0, item.size});
  std::uint64_t at = 0;
  for (const tar::Extent& extent : extents) {
    if (auto done = tar_.hole(extent.offset - at); !done) return done;
    at = extent.offset;
    while (at < extent.offset + extent.size) {
      if (job_.cancel) return fail(ErrorCode::cancelled, ErrorSource::us, "terminated");
      const std::size_t want = std::min<std::uint64_t>(buffer_.size(), extent.offset + extent.size - at);
      const ssize_t got = ::pread(fd, buffer_.data(), want, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return unreadable(errno, path);
      if (got == 0) return unreadable(path + ": it shrank while it was read");
      if (auto done = tar_.data({buffer_.data(), static_cast<std::size_t>(got)}); !done) return done;
      at += static_cast<std::uint64_t>(got);
      read_ += static_cast<std::uint64_t>(got);
      job_.report.progress(read_);
    }
  }
  return tar_.hole(item.size - at);
}

}  // namespace hearth::storage_job
