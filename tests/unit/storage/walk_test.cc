#include "walk/walk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "walk/survey.h"

namespace hearth::walk {
namespace {

namespace fs = std::filesystem;

class WalkTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "hearth-walk.XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(root_); }
  void file(const std::string& path) { std::ofstream(root_ / path) << path; }
  std::vector<std::string> paths() {
    std::vector<std::string> out;
    Visitor visitor;
    visitor.visit = [&](const Entry& entry) {
      out.push_back(std::string(entry.path) + ":" + name(entry.kind));
      return Result<void>();
    };
    EXPECT_TRUE(walk(
        root_.string(), [](std::string_view top) { return top == "skip"; }, visitor));
    return out;
  }
  fs::path root_;
};

TEST_F(WalkTest, SortedAndWithoutFollowingLinks) {
  fs::create_directories(root_ / "b/inner");
  fs::create_directories(root_ / "skip/inner");
  fs::create_directories(root_ / "c/skip");
  file("a");
  file("b/inner/z");
  file("b/inner/-");
  file("B");
  fs::create_symlink("/etc", root_ / "etc");
  fs::create_symlink("..", root_ / "b/loop");
  ::mkfifo((root_ / "fifo").c_str(), 0600);
  const std::vector<std::string> expected = {":folder",        "B:file",         "a:file",         "b:folder",
                                             "b/inner:folder", "b/inner/-:file", "b/inner/z:file", "b/loop:symlink",
                                             "c:folder",       "c/skip:folder",  "etc:symlink",    "fifo:fifo"};
  EXPECT_EQ(paths(), expected);
}

TEST_F(WalkTest, ThreeThousandLevels) {
  const fs::path before = fs::current_path();
  fs::current_path(root_);
  for (int i = 0; i < 3000; ++i) {
    ASSERT_EQ(::mkdir("d", 0755), 0);
    ASSERT_EQ(::chdir("d"), 0);
  }
  std::ofstream("leaf") << 1;
  fs::current_path(before);
  EXPECT_EQ(paths().size(), 3002u);
}

TEST_F(WalkTest, AnErrorEndsTheWalk) {
  file("a");
  file("b");
  int seen = 0;
  Visitor visitor;
  visitor.visit = [&](const Entry&) -> Result<void> {
    return ++seen == 2 ? fail(ErrorCode::io, ErrorSource::system, "enough") : Result<void>();
  };
  EXPECT_FALSE(walk(root_.string(), {}, visitor));
  EXPECT_EQ(seen, 2);
}

TEST_F(WalkTest, ANameThatVanishedIsTold) {
  file("a");
  file("b");
  std::string gone;
  Visitor visitor;
  visitor.visit = [&](const Entry& entry) {
    if (entry.path == "a") fs::remove(root_ / "b");
    return Result<void>();
  };
  visitor.vanished = [&](std::string_view path) {
    gone = path;
    return Result<void>();
  };
  EXPECT_TRUE(walk(root_.string(), {}, visitor));
  EXPECT_EQ(gone, "b");
}

TEST_F(WalkTest, SurveyNoticesEveryChange) {
  file("a");
  fs::create_directory(root_ / "d");
  const auto digest = [&] { return survey(root_.string(), ".hearth-restore").value().digest; };
  std::string last = digest();
  EXPECT_EQ(digest(), last);
  const auto changed = [&] { return std::exchange(last, digest()) != last; };
  file("d/new");
  EXPECT_TRUE(changed());
  ::chmod((root_ / "a").c_str(), 0600);
  EXPECT_TRUE(changed());
  fs::rename(root_ / "a", root_ / "b");
  EXPECT_TRUE(changed());
  fs::create_directory(root_ / ".hearth-restore");
  EXPECT_TRUE(changed());  // the root's times
  file(".hearth-restore/inside");
  EXPECT_FALSE(changed());
}

TEST_F(WalkTest, SurveyNoticesWhatOnlyCtimeAndInodeTell) {
  file("a");
  const auto digest = [&] { return settled_survey(root_.string(), ".hearth-restore").value().digest; };
  std::string last = digest();
  const auto changed = [&] { return std::exchange(last, digest()) != last; };
  EXPECT_FALSE(changed());
  ::chmod(root_.c_str(), 0755);  // the mode it has: the root's ctime alone
  EXPECT_TRUE(changed());
  struct stat st {};
  ASSERT_EQ(::stat((root_ / "a").c_str(), &st), 0);
  const timespec times[2] = {st.st_atim, st.st_mtim};
  ::utimensat(AT_FDCWD, (root_ / "a").c_str(), times, 0);
  EXPECT_TRUE(changed());
  EXPECT_FALSE(changed());
}

TEST_F(WalkTest, ASurveyIsSettledOnlyWhenEveryTimeIsPast) {
  EXPECT_EQ(settling_nanoseconds({1000, 1}), 100'000'000);
  EXPECT_EQ(settling_nanoseconds({1000, 0}), 2'000'000'000);
  file("a");
  const auto nanoseconds = [](const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; };
  const auto settled = settled_survey(root_.string(), "x").value();
  ASSERT_FALSE(settled.digest.empty());
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  EXPECT_GE(nanoseconds(now), nanoseconds(settled.newest) + 100'000'000);
  EXPECT_EQ(settled.digest, survey(root_.string(), "x").value().digest);
  // A tree that never rests has no digest to keep.
  std::atomic<bool> stop{false}, begun{false};
  std::thread writer([&] {
    while (!stop) {
      file("a");
      begun = true;
    }
  });
  while (!begun) std::this_thread::yield();
  EXPECT_EQ(settled_survey(root_.string(), "x").value().digest, "");
  stop = true;
  writer.join();
}

TEST_F(WalkTest, SurveyCountsHardLinksOnceAndHolesNot) {
  file("a");
  const auto before = survey(root_.string(), "x").value().bytes;
  fs::create_hard_link(root_ / "a", root_ / "b");
  std::ofstream(root_ / "hole");
  ASSERT_EQ(::truncate((root_ / "hole").c_str(), 1ll << 40), 0);
  EXPECT_EQ(survey(root_.string(), "x").value().bytes, before);
}

}  // namespace
}  // namespace hearth::walk
