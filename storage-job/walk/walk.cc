#include "walk/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/fd.h"

namespace hearth::walk {
namespace {

// Deeper folders than this do without an open descriptor of their own while something below them is walked.
constexpr std::size_t kOpenFolders = 200;

Error source_error(int sys, std::string_view path) {
  Error error = system_error(sys, path.empty() ? std::string("the root") : std::string(path));
  error.code = ErrorCode::io;
  error.source = ErrorSource::system;
  return error;
}

struct CloseFolder {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

// The names in a folder, in memory that millions of them can share.
class Names {
 public:
  void add(std::string_view name) {
    begins_.push_back(text_.size());
    text_.append(name).push_back('\0');
  }
  void sort() {
    std::sort(begins_.begin(), begins_.end(), [this](std::size_t a, std::size_t b) {
      return std::strcmp(text_.data() + a, text_.data() + b) < 0;
    });
  }
  std::size_t size() const { return begins_.size(); }
  const char* at(std::size_t i) const { return text_.data() + begins_[i]; }

 private:
  std::string text_;  // each with a NUL
  std::vector<std::size_t> begins_;
};

// Sorted.
Result<Names> names_in(int fd, std::string_view path) {
  const int copy = ::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return fail(source_error(errno, path));
  const std::unique_ptr<DIR, CloseFolder> dir(::fdopendir(copy));
  Names names;
  while (true) {
    errno = 0;
    const dirent* found = ::readdir(dir.get());
    if (found == nullptr) break;
    const std::string_view name(found->d_name);
    if (name != "." && name != "..") names.add(name);
  }
  if (errno != 0) return fail(source_error(errno, path));
  names.sort();
  return names;
}

// A folder whose names are being visited.
struct Level {
  Fd fd;  // closed while a level more than kOpenFolders deeper is visited
  Names names;
  std::size_t next = 0;
  std::size_t path_size = 0;  // of this folder's path
  dev_t device = 0;
  ino_t inode = 0;
};

class Walker {
 public:
  Walker(const std::function<bool(std::string_view)>& skip, const Visitor& visitor) : skip_(skip), visitor_(visitor) {}

  Result<void> run(const std::string& root) {
    Fd fd(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat st {};
    if (!fd || ::fstat(fd.get(), &st) != 0) return fail(source_error(errno, root));
    device_ = st.st_dev;
    if (auto seen = visitor_.visit({fd.get(), ".", "", &st, Kind::folder, fd.get()}); !seen) return seen;
    if (auto entered = enter(std::move(fd), st); !entered) return entered;
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.next == level.names.size()) {
        if (auto left = leave(); !left) return left;
        continue;
      }
      const std::string name = level.names.at(level.next++);
      if (levels_.size() == 1 && skip_ && skip_(name)) continue;
      path_.resize(level.path_size);
      if (!path_.empty()) path_.push_back('/');
      path_ += name;
      if (auto seen = one(level.fd.get(), name); !seen) return seen;
    }
    return {};
  }

 private:
  Result<void> one(int parent, const std::string& name) {
    struct stat st {};
    if (::fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? visitor_.vanished(path_) : fail(source_error(errno, path_));
    const Kind kind = kind_of(st.st_mode);
    if (kind != Kind::folder) return visitor_.visit({parent, name, path_, &st, kind});
    if (st.st_dev != device_)
      return visitor_.visit(
          {.parent = parent, .name = name, .path = path_, .stat = &st, .kind = kind, .foreign = true});
    Fd fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return errno == ENOENT ? visitor_.vanished(path_) : fail(source_error(errno, path_));
    if (::fstat(fd.get(), &st) != 0) return fail(source_error(errno, path_));
    if (auto seen = visitor_.visit({parent, name, path_, &st, kind, fd.get()}); !seen) return seen;
    return enter(std::move(fd), st);
  }

  Result<void> enter(Fd fd, const struct stat& st) {
    auto names = names_in(fd.get(), path_);
    if (!names) return fail(names.error());
    levels_.push_back({std::move(fd), std::move(*names), 0, path_.size(), st.st_dev, st.st_ino});
    if (levels_.size() > kOpenFolders) levels_[levels_.size() - kOpenFolders - 1].fd.reset();
    return {};
  }

  // Back to the parent; one whose descriptor was closed is found again through "..", and must be the same folder.
  Result<void> leave() {
    Fd up;
    const bool reopen = levels_.size() > 1 && !levels_[levels_.size() - 2].fd;
    if (reopen) up = Fd(::openat(levels_.back().fd.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    levels_.pop_back();
    if (!reopen) return {};
    Level& parent = levels_.back();
    path_.resize(parent.path_size);
    struct stat st {};
    if (!up || ::fstat(up.get(), &st) != 0) return fail(source_error(errno, path_));
    if (st.st_dev != parent.device || st.st_ino != parent.inode)
      return fail(ErrorCode::io, ErrorSource::system, path_ + ": moved while it was read");
    parent.fd = std::move(up);
    return {};
  }

  const std::function<bool(std::string_view)>& skip_;
  const Visitor& visitor_;
  std::vector<Level> levels_;
  std::string path_;
  dev_t device_ = 0;
};

}  // namespace

const char* name(Kind kind) {
  switch (kind) {
    case Kind::file:
      return "file";
    case Kind::folder:
      return "folder";
    case Kind::symlink:
      return "symlink";
    case Kind::socket:
      return "socket";
    case Kind::fifo:
      return "fifo";
    case Kind::device:
      return "device";
  }
  return "?";
}

Kind kind_of(unsigned mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return Kind::file;
    case S_IFDIR:
      return Kind::folder;
    case S_IFLNK:
      return Kind::symlink;
    case S_IFSOCK:
      return Kind::socket;
    case S_IFIFO:
      return Kind::fifo;
    default:
      return Kind::device;
  }
}

Result<void> walk(const std::string& root, const std::function<bool(std::string_view)>& skip, const Visitor& visitor) {
  return Walker(skip, visitor).run(root);
}

}  // namespace hearth::walk
