// Any tree comes back as it was: ten thousand random ones, many in each archive. HEARTH_SEED=<number> begins elsewhere.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <sstream>

#include "base/check.h"
#include "base/fd.h"
#include "job_process.h"

namespace hearth::test {
namespace {

constexpr unsigned kArchives = 20, kTreesInEach = 500;

// One random tree below `root`, which it makes. Names are any bytes a name may have.
class RandomTree {
 public:
  RandomTree(const fs::path& root, unsigned seed) : root_(root), random_(seed) {
    HEARTH_CHECK(::mkdir(root.c_str(), 0755) == 0);
    folders_.push_back(root);
    for (int left = pick(8); left >= 0; --left) one();
    // Innermost first, because a change inside moves a folder's time.
    for (auto folder = folders_.rbegin(); folder != folders_.rend(); ++folder) dress(*folder);
  }

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  std::string name() {
    std::string out;
    const int size = pick(12) == 0 ? 255 : 1 + pick(20);
    while (out.size() < static_cast<std::size_t>(size)) {
      const char c = static_cast<char>(pick(3) == 0 ? 1 + pick(255) : 'a' + pick(26));
      if (c != '/') out.push_back(c);
    }
    return out == "." || out == ".." ? "dots" : out;
  }

  void one() {
    const fs::path path = folders_[static_cast<std::size_t>(pick(static_cast<int>(folders_.size())))] / name();
    if (fs::exists(fs::symlink_status(path))) return;
    switch (pick(5)) {
      case 0:
        HEARTH_CHECK(::mkdir(path.c_str(), 0755) == 0);
        folders_.push_back(path);
        return;
      case 1:
        HEARTH_CHECK(::symlink((pick(2) == 0 ? "/" + name() : name()).c_str(), path.c_str()) == 0);
        HEARTH_CHECK(::lchown(path.c_str(), owner(), owner()) == 0);
        times(path);
        return;
      case 2:
        if (!files_.empty()) {
          HEARTH_CHECK(::link(files_[static_cast<std::size_t>(pick(static_cast<int>(files_.size())))].c_str(),
                              path.c_str()) == 0);
          return;
        }
        [[fallthrough]];
      default:
        file(path);
    }
  }

  void file(const fs::path& path) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    off_t at = 0;
    for (int extents = pick(4); extents > 0; --extents) {
      if (pick(3) == 0) at += pick(1 << 20);
      const std::string bytes(static_cast<std::size_t>(pick(9000)), static_cast<char>(pick(256)));
      HEARTH_CHECK(::pwrite(fd.get(), bytes.data(), bytes.size(), at) == static_cast<ssize_t>(bytes.size()));
      at += static_cast<off_t>(bytes.size());
    }
    if (pick(4) == 0) HEARTH_CHECK(::ftruncate(fd.get(), at + pick(100'000)) == 0);
    files_.push_back(path);
    dress(path);
  }

  unsigned owner() { return pick(3) == 0 ? static_cast<unsigned>(random_() % 4'000'000'000u) : 0; }

  void dress(const fs::path& path) {
    HEARTH_CHECK(::chown(path.c_str(), owner(), owner()) == 0);
    HEARTH_CHECK(::chmod(path.c_str(), static_cast<mode_t>(pick(010000))) == 0);
    for (int left = pick(3); left > 0; --left) {
      std::string key = "user.";
      for (int i = 1 + pick(20); i > 0; --i) key.push_back(static_cast<char>(33 + pick(94)));
      std::string value;
      for (int i = pick(200); i > 0; --i) value.push_back(static_cast<char>(pick(256)));
      HEARTH_CHECK(::setxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) == 0);
    }
    times(path);
  }

  void times(const fs::path& path) {
    const auto seconds = static_cast<time_t>(random_() % 12'000'000'000ull) - 2'000'000'000;
    const timespec both[2] = {{0, UTIME_OMIT}, {seconds, pick(1'000'000'000)}};
    HEARTH_CHECK(::utimensat(AT_FDCWD, path.c_str(), both, AT_SYMLINK_NOFOLLOW) == 0);
  }

  const fs::path root_;
  std::mt19937_64 random_;
  std::vector<fs::path> folders_, files_;
};

TEST(ManyTrees, ComeBackAsTheyWere) {
  const char* given = std::getenv("HEARTH_SEED");
  const unsigned first = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 1;
  std::printf("HEARTH_SEED=%u\n", first);
  for (unsigned round = 0; round < kArchives; ++round) {
    const Scratch scratch(Scratch::Where::in_memory);
    fs::create_directory(scratch / "data");
    for (unsigned i = 0; i < kTreesInEach; ++i) {
      const unsigned seed = first + round * kTreesInEach + i;
      const RandomTree tree(scratch / ("data/" + std::to_string(seed)), seed);
    }
    const std::string url = "file://" + (scratch / "archive").string();
    // Small frames, so that entries meet their borders in every way.
    const auto archived =
        run_job({"archive", "--url", url, "--data-dir", (scratch / "data").string(), "--frame-size", "1048576"});
    ASSERT_EQ(archived.exit, 0) << archived.out;
    fs::create_directory(scratch / "back");
    fs::create_directory(scratch / "back");
    const auto restored = run_job({"restore", "--url", url, "--data-dir", (scratch / "back").string()});
    ASSERT_EQ(restored.exit, 0) << restored.out;
    std::istringstream before(describe(scratch / "data")), after(describe(scratch / "back"));
    for (std::string one, two; std::getline(before, one);) {
      std::getline(after, two);
      ASSERT_EQ(two, one) << "archive " << round;
    }
    EXPECT_EQ(after.get(), std::char_traits<char>::eof());
  }
}

}  // namespace
}  // namespace hearth::test
