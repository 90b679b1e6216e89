#include "random_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/fd.h"
#include "base/strings.h"
#include "tar/attributes.h"

namespace hearth::test {
namespace {

namespace fs = std::filesystem;

class Grower {
 public:
  Grower(unsigned seed, const RandomTreeOptions& options) : random_(seed), options_(options) {}

  void folder(const fs::path& path, int depth) {
    HEARTH_CHECK(::mkdir(path.c_str(), 0700) == 0);
    const std::uint64_t count = below(depth == 0 ? 12 : 7);
    for (std::uint64_t i = 0; i < count; ++i) {
      const fs::path child = path / name();
      struct stat st {};
      if (::lstat(child.c_str(), &st) == 0) continue;
      one(child, depth);
    }
    dress(path, true);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  std::string name() {
    const std::uint64_t kind = below(8);
    if (kind == 0) return "." + std::to_string(below(100));
    if (kind == 1) return std::string(1 + below(255), static_cast<char>('a' + below(26)));
    std::string out;
    const std::uint64_t size = 1 + below(kind == 2 ? 120 : 12);
    while (out.size() < size) {
      const char byte = static_cast<char>(kind < 5 ? 1 + below(255) : 'a' + below(26));
      if (byte != '/') out.push_back(byte);
    }
    return out == "." || out == ".." ? "dots" : out;
  }

  std::string bytes(std::uint64_t size) {
    std::string out(size, '\0');
    const bool dull = one_in(2);
    for (char& byte : out) byte = static_cast<char>(dull ? 'x' : random_());
    return out;
  }

  void one(const fs::path& path, int depth) {
    switch (below(8)) {
      case 0:
      case 1:
        if (depth < 5) return folder(path, depth + 1);
        [[fallthrough]];
      case 2:
        HEARTH_CHECK(::symlink(one_in(3) ? "/etc/passwd" : ("../" + name()).c_str(), path.c_str()) == 0);
        return dress_link(path);
      case 3:
        if (!linkable_.empty()) {
          HEARTH_CHECK(::linkat(AT_FDCWD, linkable_[below(linkable_.size())].c_str(), AT_FDCWD, path.c_str(), 0) == 0);
          return;
        }
        [[fallthrough]];
      default:
        return file(path);
    }
  }

  void file(const fs::path& path) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    HEARTH_CHECK(fd);
    const std::uint64_t pieces = one_in(4) ? 0 : 1 + below(3);
    off_t at = 0;
    for (std::uint64_t i = 0; i < pieces; ++i) {
      if (one_in(3)) at += static_cast<off_t>(below(300'000));
      const std::string content = bytes(one_in(8) ? below(200'000) : below(3'000));
      HEARTH_CHECK(::pwrite(fd.get(), content.data(), content.size(), at) == static_cast<ssize_t>(content.size()));
      at += static_cast<off_t>(content.size());
    }
    if (one_in(6)) HEARTH_CHECK(::ftruncate(fd.get(), at + static_cast<off_t>(below(1 << 20))) == 0);
    dress(path, false);
    linkable_.push_back(path);
  }

  void owner(const fs::path& path) {
    const auto id = [&] { return static_cast<uid_t>(one_in(3) ? below(4'294'967'294u) : 1000 + below(3)); };
    HEARTH_CHECK(::lchown(path.c_str(), id(), id()) == 0);
  }

  void times(const fs::path& path) {
    const auto seconds = static_cast<time_t>(below(4'000'000'000u)) - (options_.odd && one_in(4) ? 2'000'000'000 : 0);
    const long nanoseconds = options_.whole_seconds ? 0 : static_cast<long>(below(1'000'000'000));
    const timespec both[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
    HEARTH_CHECK(::utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW) == 0);
  }

  void dress_link(const fs::path& path) {
    owner(path);
    times(path);
    if (options_.odd) linkable_.push_back(path);
  }

  void dress(const fs::path& path, bool is_folder) {
    owner(path);
    HEARTH_CHECK(::chmod(path.c_str(), static_cast<mode_t>(one_in(4) ? below(010000) : (is_folder ? 0755 : 0644))) ==
                 0);
    if (options_.attributes && one_in(5)) attributes(path, is_folder);
    times(path);
  }

  void attributes(const fs::path& path, bool is_folder) {
    for (std::uint64_t i = below(4); i > 0; --i) {
      const std::string key = "user.k" + std::to_string(below(50)) + (options_.odd && one_in(3) ? "=%\xc3\xa9" : "");
      const std::string value = bytes(below(200));
      HEARTH_CHECK(::setxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) == 0);
    }
    const auto perm = [&] { return static_cast<std::uint16_t>(below(8)); };
    for (const char* kind : {"system.posix_acl_access", "system.posix_acl_default"}) {
      if (one_in(2) || (!is_folder && std::string_view(kind).ends_with("default"))) continue;
      const std::string acl = tar::encode_acl({{0x01, perm(), 0},
                                               {0x02, perm(), static_cast<std::uint32_t>(below(70'000))},
                                               {0x04, perm(), 0},
                                               {0x08, perm(), static_cast<std::uint32_t>(below(70'000))},
                                               {0x10, perm(), 0},
                                               {0x20, perm(), 0}});
      HEARTH_CHECK(::setxattr(path.c_str(), kind, acl.data(), acl.size(), 0) == 0);
    }
  }

  std::mt19937_64 random_;
  const RandomTreeOptions options_;
  std::vector<fs::path> linkable_;
};

}  // namespace

void make_random_tree(const fs::path& root, unsigned seed, const RandomTreeOptions& options) {
  Grower(seed, options).folder(root, 0);
}

std::string first_difference(const std::string& made, const std::string& wanted) {
  const auto a = split(made, '\n'), b = split(wanted, '\n');
  for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    const std::string_view here = i < a.size() ? a[i] : "nothing", there = i < b.size() ? b[i] : "nothing";
    if (here != there) return fmt::format("made   {}\nwanted {}", here, there);
  }
  return {};
}

}  // namespace hearth::test
