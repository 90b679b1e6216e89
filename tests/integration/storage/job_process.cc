#include "job_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "base/check.h"
#include "base/encoding.h"
#include "base/fd.h"
#include "extract/beneath.h"
#include "object_store/digest.h"
#include "tar/attributes.h"
#include "walk/walk.h"

namespace hearth::test {

JobProcess::JobProcess(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
                       unsigned user) {
  int pipe[2];
  HEARTH_CHECK(::pipe2(pipe, O_CLOEXEC) == 0);
  std::vector<std::string> words = {HEARTH_STORAGE_JOB}, variables = {"PATH=/usr/bin:/bin"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  for (std::string& variable : variables) envp.push_back(variable.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  pid_ = ::fork();
  HEARTH_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    ::dup2(pipe[1], STDOUT_FILENO);
    if (user != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(user) != 0 || ::setuid(user) != 0)) ::_exit(126);
    ::execve(argv[0], argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  out_ = pipe[0];
}

JobProcess::~JobProcess() {
  if (pid_ > 0) {
    signal(SIGKILL);
    wait();
  }
}

void JobProcess::signal(int number) const { ::kill(pid_, number); }

JobResult JobProcess::wait() {
  JobResult result;
  char buffer[8192];
  ssize_t size = 0;
  while ((size = ::read(out_, buffer, sizeof buffer)) > 0) result.out.append(buffer, static_cast<std::size_t>(size));
  ::close(out_);
  int status = 0;
  rusage usage{};
  ::wait4(pid_, &status, 0, &usage);
  result.peak_kib = usage.ru_maxrss;
  pid_ = -1;
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

JobResult run_job(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
                  unsigned user) {
  return JobProcess(arguments, environment, user).wait();
}

Scratch::Scratch(Where where) {
  const fs::path memory = "/dev/shm";
  std::error_code error;
  const bool roomy = where == Where::in_memory && fs::space(memory, error).available > (4ull << 30) && !error;
  std::string pattern = ((roomy ? memory : fs::temp_directory_path()) / "hearth-storage.XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
  if (!roomy || ::setxattr(path_.c_str(), "user.hearth", "x", 1, 0) == 0) return;
  fs::remove(path_);
  pattern = (fs::temp_directory_path() / "hearth-storage.XXXXXX").string();
  path_ = ::mkdtemp(pattern.data());
}

Scratch::~Scratch() {
  const Fd parent(::open(path_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  extract::remove_tree(parent.get(), path_.filename().string());
}

namespace {

std::string content_digest(int fd) {
  object_store::Digest digest(object_store::Digest::Algorithm::sha256);
  std::string buffer(1u << 20, '\0');
  ssize_t size = 0;
  while ((size = ::read(fd, buffer.data(), buffer.size())) > 0)
    digest.update({buffer.data(), static_cast<std::size_t>(size)});
  return digest.hex().substr(0, 16);
}

std::string attributes(int fd, const std::string& path) {
  tar::Item item;
  HEARTH_CHECK(tar::read_attributes(fd, path, item));
  std::sort(item.xattrs.begin(), item.xattrs.end());
  std::string out;
  for (const auto& [name, value] : item.xattrs) out += " " + name + "=" + percent_encode(value);
  for (const auto* acl : {&item.access_acl, &item.default_acl})
    if (!acl->empty()) out += " acl=" + percent_encode(tar::encode_acl(*acl));
  return out;
}

}  // namespace

std::string describe(const fs::path& root, bool with_root_times) {
  std::string out;
  std::map<ino_t, std::string> first;
  walk::Visitor visitor;
  visitor.visit = [&](const walk::Entry& entry) -> Result<void> {
    const struct stat& st = *entry.stat;
    if (entry.kind != walk::Kind::file && entry.kind != walk::Kind::folder && entry.kind != walk::Kind::symlink)
      return {};
    const bool folder = entry.kind == walk::Kind::folder;
    out += fmt::format("{} {} {:o} {}:{} size {} links {}", percent_encode(entry.path), walk::name(entry.kind),
                       st.st_mode, st.st_uid, st.st_gid, folder ? 0 : st.st_size, folder ? 0 : st.st_nlink);
    if (!entry.path.empty() || with_root_times)
      out += fmt::format(" at {}.{:09}", st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    if (st.st_nlink > 1 && !folder)
      out += " same as " + percent_encode(first.try_emplace(st.st_ino, entry.path).first->second);
    const std::string name(entry.name);
    if (entry.kind == walk::Kind::symlink) {
      char target[4096];
      const ssize_t size = ::readlinkat(entry.parent, name.c_str(), target, sizeof target);
      out += " to " + percent_encode({target, static_cast<std::size_t>(std::max<ssize_t>(size, 0))});
    } else {
      const Fd fd(folder ? ::dup(entry.folder)
                         : ::openat(entry.parent, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
      out += attributes(fd.get(), std::string(entry.path));
      if (!folder && st.st_size < (64 << 20))
        out += " " + content_digest(fd.get());
      else if (!folder)
        out += st.st_blocks * 512 < st.st_size / 2 ? " sparse" : " full";
    }
    out += "\n";
    return {};
  };
  auto done = walk::walk(root.string(), {}, visitor);
  HEARTH_CHECK(done.has_value());
  return out;
}

void make_plain_tree(const fs::path& root, int megabytes, unsigned seed) {
  fs::create_directories(root / "src/deep/er");
  fs::create_directories(root / "empty");
  std::mt19937_64 random(seed);
  for (int i = 0; i < megabytes * 2; ++i) {
    std::ofstream file(root / fmt::format("src/random{}", i), std::ios::binary);
    for (int word = 0; word < (512 << 10) / 8; ++word) {
      const std::uint64_t value = random();
      file.write(reinterpret_cast<const char*>(&value), sizeof value);
    }
  }
  for (int i = 0; i < 50; ++i) std::ofstream(root / fmt::format("src/deep/er/text{}", i)) << "text " << i << seed;
  fs::create_symlink("deep/er", root / "src/link");
  fs::create_hard_link(root / "src/deep/er/text0", root / "hard");
}

namespace {

void put(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

void deep_path(const fs::path& root, std::size_t length) {
  const Fd top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Fd at(::dup(top.get()));
  const std::string name(180, 'p');
  for (std::size_t size = 0; size + 200 < length; size += name.size() + 1) {
    HEARTH_CHECK(::mkdirat(at.get(), name.c_str(), 0755) == 0);
    at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  const Fd leaf(::openat(at.get(), std::string(190, 'l').c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  HEARTH_CHECK(::write(leaf.get(), "deep", 4) == 4);
}

// More levels than descriptors, and a path longer than the kernel takes in one piece.
void deep_levels(const fs::path& root, int levels) {
  Fd at(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (int i = 0; i < levels; ++i) {
    HEARTH_CHECK(::mkdirat(at.get(), "dd", 0755) == 0);
    at = Fd(::openat(at.get(), "dd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  const Fd leaf(::openat(at.get(), "leaf", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  HEARTH_CHECK(::write(leaf.get(), "deep", 4) == 4);
}

// A tebibyte with three extents.
void vast_file(const fs::path& path) {
  const Fd vast(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  for (const off_t at : {off_t{1} << 12, off_t{1} << 33, (off_t{1} << 40) - 4096})
    HEARTH_CHECK(::pwrite(vast.get(), "extent", 6, at) == 6);
  HEARTH_CHECK(::ftruncate(vast.get(), off_t{1} << 40) == 0);
}

void special_entries(const fs::path& root) {
  HEARTH_CHECK(::mkfifo((root / "fifo").c_str(), 0600) == 0);
  fs::create_hard_link(root / "fifo", root / "fifo2");
  HEARTH_CHECK(::mknod((root / "null").c_str(), S_IFCHR | 0600, 0x103) == 0);
  const Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (root / "socket").string();
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  HEARTH_CHECK(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

void attributes_of(const fs::path& root) {
  put(root / "xattr", "x");
  const std::string value("a\0b=\n\xff", 6);
  HEARTH_CHECK(::setxattr((root / "xattr").c_str(), "user.k=v", value.data(), value.size(), 0) == 0);
  fs::create_directory(root / "acl");
  const std::string access = tar::encode_acl({{0x01, 7, 0}, {0x02, 5, 1234}, {0x04, 4, 0}, {0x10, 5, 0}, {0x20, 0, 0}});
  for (const char* name : {"system.posix_acl_access", "system.posix_acl_default"})
    HEARTH_CHECK(::setxattr((root / "acl").c_str(), name, access.data(), access.size(), 0) == 0);
  put(root / "acl/inside", "x");  // inherits
  put(root / "capability", "x");
  const std::string net_raw("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  HEARTH_CHECK(::setxattr((root / "capability").c_str(), "security.capability", net_raw.data(), net_raw.size(), 0) ==
               0);
  put(root / "setuid", "x");
  HEARTH_CHECK(::chown((root / "setuid").c_str(), 12345, 4'000'000'000u) == 0);
  HEARTH_CHECK(::chmod((root / "setuid").c_str(), 06755) == 0);
  fs::create_directory(root / "sticky");
  HEARTH_CHECK(::chmod((root / "sticky").c_str(), 03777) == 0);
}

void names(const fs::path& root) {
  fs::create_directory(root / "names");
  for (const std::string& name :
       {std::string("new\nline"), std::string("bad\xff\xfe utf8"), std::string("-rf"), std::string(" "),
        std::string("\x1b[31m"), std::string(255, 'n'), std::string("e\xcc\x81"), std::string("\xc3\xa9"),
        std::string("x.sock"), std::string("back\\slash")})
    put(root / "names" / name, name);
}

}  // namespace

void make_torture_tree(const fs::path& root, int small_files) {
  fs::create_directories(root / "many");
  for (int i = 0; i < small_files; ++i) put(root / fmt::format("many/{}", i), fmt::format("file {}", i));
  fs::create_directory(root / "empty");
  names(root);
  attributes_of(root);
  special_entries(root);
  deep_path(root, 4000);
  deep_levels(root, 3000);
  vast_file(root / "vast");
  fs::create_directory(root / "closed");
  put(root / "closed/inside", "x");
  HEARTH_CHECK(::chmod((root / "closed").c_str(), 0) == 0);
  put(root / "one", "linked");
  fs::create_directory(root / "other");
  fs::create_hard_link(root / "one", root / "other/two");
  fs::create_hard_link(root / "one", root / "three");
  fs::create_symlink("/etc/passwd", root / "absolute");
  fs::create_symlink("../../nowhere", root / "dangling");
  fs::create_symlink("loop", root / "loop");
  fs::create_hard_link(root / "loop", root / "loop2");
  put(root / "sparse", "begin");
  const Fd sparse(::open((root / "sparse").c_str(), O_WRONLY | O_CLOEXEC));
  HEARTH_CHECK(::pwrite(sparse.get(), "middle", 6, 100 << 20) == 6 && ::ftruncate(sparse.get(), 200 << 20) == 0);
  put(root / "hole", "");
  fs::resize_file(root / "hole", 1ull << 36);
  fs::create_directory(root / "readonly");
  put(root / "readonly/file", "x");
  HEARTH_CHECK(::chmod((root / "readonly/file").c_str(), 0) == 0 && ::chmod((root / "readonly").c_str(), 0555) == 0);
  const timespec times[2] = {{0, UTIME_OMIT}, {-5, 123456789}};
  HEARTH_CHECK(::utimensat(AT_FDCWD, (root / "readonly").c_str(), times, 0) == 0);
  const timespec late[2] = {{0, UTIME_OMIT}, {9'000'000'000, 1}};
  HEARTH_CHECK(::utimensat(AT_FDCWD, (root / "one").c_str(), late, 0) == 0);
  HEARTH_CHECK(::utimensat(AT_FDCWD, (root / "dangling").c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
  HEARTH_CHECK(::utimensat(AT_FDCWD, root.c_str(), times, 0) == 0);
}

}  // namespace hearth::test
