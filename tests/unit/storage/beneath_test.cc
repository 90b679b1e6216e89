#include "extract/beneath.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace hearth::extract {
namespace {

namespace fs = std::filesystem;

class BeneathTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hearth-beneath.XXXXXX").string();
    top_ = ::mkdtemp(pattern.data());
    fs::create_directories(top_ / "root/a/b");
    fs::create_directories(top_ / "outside");
    root_ = Fd(::open((top_ / "root").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (GetParam()) forget_openat2();  // for the rest of this process: these instances come last
  }
  void TearDown() override { fs::remove_all(top_); }
  fs::path top_;
  Fd root_;
};

TEST_P(BeneathTest, OpensFoldersOnly) {
  EXPECT_TRUE(open_folder_beneath(root_.get(), ""));
  EXPECT_TRUE(open_folder_beneath(root_.get(), "a/b"));
  std::ofstream(top_ / "root/file") << 1;
  EXPECT_FALSE(open_folder_beneath(root_.get(), "file"));
  EXPECT_EQ(errno, ENOTDIR);
  EXPECT_FALSE(open_folder_beneath(root_.get(), "none"));
  EXPECT_EQ(errno, ENOENT);
}

TEST_P(BeneathTest, FollowsNoLink) {
  fs::create_symlink("a", top_ / "root/inside");
  fs::create_symlink("../outside", top_ / "root/relative");
  fs::create_symlink(top_ / "outside", top_ / "root/absolute");
  fs::create_symlink("/proc/self/root", top_ / "root/magic");
  for (const char* path : {"inside", "inside/b", "relative", "absolute", "magic", "magic/tmp"})
    EXPECT_FALSE(open_folder_beneath(root_.get(), path)) << path;
}

TEST_P(BeneathTest, AnyDepth) {
  std::string path;
  Fd at(::dup(root_.get()));
  const std::string name(200, 'x');
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0755), 0);
    at = Fd(::openat(at.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    path += (path.empty() ? "" : "/") + name;
  }
  EXPECT_GT(path.size(), 12'000u);
  EXPECT_TRUE(open_folder_beneath(root_.get(), path));
  EXPECT_TRUE(remove_tree(root_.get(), name));
  EXPECT_FALSE(fs::exists(top_ / "root" / name));
}

TEST_P(BeneathTest, RemovingFollowsNoLink) {
  std::ofstream(top_ / "outside/kept") << 1;
  fs::create_symlink(top_ / "outside", top_ / "root/a/link");
  fs::create_symlink("../../../outside", top_ / "root/a/b/link");
  std::ofstream(top_ / "root/a/b/file") << 1;
  ::chmod((top_ / "root/a/b").c_str(), 0500);
  EXPECT_TRUE(remove_tree(root_.get(), "a"));
  EXPECT_TRUE(remove_tree(root_.get(), "a"));
  EXPECT_FALSE(fs::exists(top_ / "root/a"));
  EXPECT_TRUE(fs::exists(top_ / "outside/kept"));
}

INSTANTIATE_TEST_SUITE_P(Openat2ThenWithout, BeneathTest, testing::Values(false, true));

}  // namespace
}  // namespace hearth::extract
