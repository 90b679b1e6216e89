#include "extract/staging.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "extract/beneath.h"
#include "job.h"
#include "report.h"
#include "tar/attributes.h"

namespace hearth::extract {
namespace {

using storage_job::Exit;
using storage_job::fail_with;
using storage_job::Outcome;

const std::string kFolder(storage_job::kOwnPrefix);
constexpr std::size_t kStateLimit = 64u << 10;

tl::unexpected<storage_job::Failure> broken(int sys, const std::string& what) {
  const bool full = sys == ENOSPC || sys == EDQUOT;
  return fail_with(full ? Exit::disk_full : Exit::failed,
                   fmt::format("{}: {}", storage_job::printable(what), std::strerror(sys)));
}

struct CloseFolder {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

Outcome<std::vector<std::string>> names_in(int fd) {
  const std::unique_ptr<DIR, CloseFolder> dir(::fdopendir(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  if (!dir) return broken(errno, "the volume");
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") out.emplace_back(name);
  }
  return out;
}

Fd open_folder(int parent, const std::string& name) {
  return Fd(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// A folder that is not writable cannot be moved by its owner, because its ".." changes.
bool move(int from, const std::string& name, int to) {
  if (::renameat(from, name.c_str(), to, name.c_str()) == 0) return true;
  if (errno != EACCES) return false;
  struct stat st {};
  if (::fstatat(from, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode)) return false;
  if (::fchmodat(from, name.c_str(), (st.st_mode & 07777) | 0700, 0) != 0) return false;
  const bool moved = ::renameat(from, name.c_str(), to, name.c_str()) == 0;
  const int sys = errno;
  ::fchmodat(moved ? to : from, name.c_str(), st.st_mode & 07777, 0);
  errno = sys;
  return moved;
}

}  // namespace

Outcome<Staging> Staging::open(const std::string& data_dir, std::string identity) {
  Fd volume(::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!volume) return broken(errno, data_dir);
  Staging out(std::move(volume), std::move(identity));
  struct stat st {};
  if (::fstat(out.volume_.get(), &st) != 0) return broken(errno, data_dir);
  out.before_[0] = st.st_atim;
  out.before_[1] = st.st_mtim;
  const Fd folder = open_folder(out.volume_.get(), kFolder);
  if (!folder) return out;
  const Fd state(::openat(folder.get(), "state", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!state) return out;
  std::string text(kStateLimit, '\0');
  const ssize_t size = ::read(state.get(), text.data(), text.size());
  const auto json =
      nlohmann::json::parse(text.substr(0, size > 0 ? static_cast<std::size_t>(size) : 0), nullptr, false);
  if (!json.is_object() || json.value("identity", "") != out.identity_) return out;
  out.root_mtime_ = json.value("mtime", std::int64_t{0});
  out.root_mtime_nsec_ = json.value("mtime_nsec", 0L);
  out.phase_ = json.value("phase", "") == "placing" ? Phase::placing : Phase::emptying;
  return out;
}

Outcome<Fd> Staging::fresh_tree() {
  if (!remove_tree(volume_.get(), kFolder)) return broken(errno, kFolder);
  if (::mkdirat(volume_.get(), kFolder.c_str(), 0700) != 0) return broken(errno, kFolder);
  const Fd folder = open_folder(volume_.get(), kFolder);
  if (!folder || ::mkdirat(folder.get(), "tree", 0700) != 0) return broken(errno, kFolder);
  Fd tree = open_folder(folder.get(), "tree");
  if (!tree) return broken(errno, kFolder);
  return tree;
}

Outcome<void> Staging::mark_complete() {
  const Fd folder = open_folder(volume_.get(), kFolder);
  const Fd tree = folder ? open_folder(folder.get(), "tree") : Fd();
  struct stat st {};
  if (!tree || ::fstat(tree.get(), &st) != 0) return broken(errno, kFolder);
  root_mtime_ = st.st_mtim.tv_sec;
  root_mtime_nsec_ = st.st_mtim.tv_nsec;
  if (::syncfs(volume_.get()) != 0) return broken(errno, "syncing the volume");
  return write_state(Phase::emptying);
}

Outcome<void> Staging::write_state(Phase phase) {
  const Fd folder = open_folder(volume_.get(), kFolder);
  if (!folder) return broken(errno, kFolder);
  const nlohmann::json json = {{"identity", identity_},
                               {"mtime", root_mtime_},
                               {"mtime_nsec", root_mtime_nsec_},
                               {"phase", phase == Phase::placing ? "placing" : "emptying"}};
  const std::string text = json.dump();
  const Fd file(::openat(folder.get(), "state.new", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      ::fsync(file.get()) != 0 || ::renameat(folder.get(), "state.new", folder.get(), "state") != 0 ||
      ::fsync(folder.get()) != 0)
    return broken(errno, "the restore's state");
  phase_ = phase;
  return {};
}

Outcome<void> Staging::move_all(int from, int to, bool is_root) {
  auto names = names_in(from);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (is_root && name == kFolder) continue;
    if (!move(from, name, to)) return broken(errno, name);
  }
  return {};
}

Outcome<void> Staging::switch_over() {
  const Fd folder = open_folder(volume_.get(), kFolder);
  const Fd tree = folder ? open_folder(folder.get(), "tree") : Fd();
  if (!tree) return broken(errno, kFolder);
  if (phase_ == Phase::emptying) {
    if (::mkdirat(folder.get(), "old", 0700) != 0 && errno != EEXIST) return broken(errno, kFolder);
    const Fd old = open_folder(folder.get(), "old");
    if (!old) return broken(errno, kFolder);
    if (auto done = move_all(volume_.get(), old.get(), true); !done) return done;
    if (::fsync(volume_.get()) != 0) return broken(errno, "syncing the volume");
    if (auto done = write_state(Phase::placing); !done) return done;
  }
  if (auto done = move_all(tree.get(), volume_.get(), false); !done) return done;
  if (::fsync(volume_.get()) != 0) return broken(errno, "syncing the volume");
  if (!remove_tree(folder.get(), "old")) return broken(errno, kFolder);
  if (auto done = dress_root(); !done) return done;
  // The state first: half a staging folder must not look like a whole one.
  if (::unlinkat(folder.get(), "state", 0) != 0) return broken(errno, kFolder);
  if (!remove_tree(volume_.get(), kFolder)) return broken(errno, kFolder);
  const timespec times[2] = {{0, UTIME_OMIT}, {static_cast<time_t>(root_mtime_), root_mtime_nsec_}};
  if (::futimens(volume_.get(), times) != 0) return broken(errno, "the root's times");
  if (::syncfs(volume_.get()) != 0) return broken(errno, "syncing the volume");
  return {};
}

Outcome<void> Staging::dress_root() {
  const Fd folder = open_folder(volume_.get(), kFolder);
  const Fd tree = open_folder(folder.get(), "tree");
  struct stat st {};
  if (!tree || ::fstat(tree.get(), &st) != 0) return broken(errno, "the restored root");
  tar::Item item;
  if (auto read = tar::read_attributes(tree.get(), "./", item); !read)
    return fail_with(Exit::failed, read.error().message);
  if (::fchown(volume_.get(), st.st_uid, st.st_gid) != 0 && (errno != EPERM || ::geteuid() == 0))
    return broken(errno, "the root's owner");
  if (::fchmod(volume_.get(), st.st_mode & 07777) != 0 && (errno != EPERM || ::geteuid() == 0))
    return broken(errno, "the root's mode");
  if (auto done = tar::write_attributes(volume_.get(), item); !done)
    return fail_with(Exit::failed, done.error().message);
  return {};
}

void Staging::discard() {
  (void)remove_tree(volume_.get(), kFolder);
  ::futimens(volume_.get(), before_);
}

}  // namespace hearth::extract
