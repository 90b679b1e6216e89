// Volumes that make trouble: files that change while they are read, that may not be read, mounts inside, no room, no
// right to write. Needs root: it mounts, in a namespace of its own, and runs jobs as another user.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/check.h"
#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {
namespace {

constexpr unsigned kNobody = 65534;

// A tmpfs that only this thread and its children see.
class Mounted {
 public:
  Mounted(fs::path where, const std::string& options) : where_(std::move(where)) {
    fs::create_directories(where_);
    HEARTH_CHECK(::unshare(CLONE_NEWNS) == 0);
    HEARTH_CHECK(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    HEARTH_CHECK(::mount("hearth", where_.c_str(), "tmpfs", 0, options.c_str()) == 0);
  }
  ~Mounted() { ::umount2(where_.c_str(), MNT_DETACH); }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  void read_only() const {
    HEARTH_CHECK(::mount(nullptr, where_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0);
  }

 private:
  fs::path where_;
};

class Volume : public testing::Test {
 protected:
  std::string url(const std::string& name = "a") const { return "file://" + (scratch_ / ("store/" + name)).string(); }
  JobResult archive(const fs::path& data, unsigned user = 0) const {
    return run_job({"archive", "--url", url(), "--data-dir", data.string()}, {}, user);
  }
  JobResult restore(const fs::path& data, unsigned user = 0) const {
    return run_job({"restore", "--url", url(), "--data-dir", data.string()}, {}, user);
  }
  // A folder of nobody's.
  void give(const fs::path& path) const {
    HEARTH_CHECK(::chmod(scratch_.path().c_str(), 0755) == 0);
    fs::create_directories(path);
    HEARTH_CHECK(::chown(path.c_str(), kNobody, kNobody) == 0);
  }

  Scratch scratch_{Scratch::Where::in_memory};
};

// The store takes no more until it is told to; by then one large file is half read and the rest is not.
class Changing : public Volume {
 protected:
  Changing() {
    make_plain_tree(scratch_ / "data", 0, 1);
    make_plain_tree(scratch_ / "random", 100, 2);
    for (const auto& file : fs::directory_iterator(scratch_ / "random/src"))
      if (file.path().filename().string().starts_with("random")) {
        std::ifstream in(file.path(), std::ios::binary);
        std::ofstream(big(), std::ios::binary | std::ios::app) << in.rdbuf();
      }
    fs::create_directory(scratch_ / "data/zz");
    for (const char* name : {"gone", "folder", "link", "kept"}) std::ofstream(scratch_ / "data/zz" / name) << name;
    s3_.spoil([this](const S3Seen& seen) {
      if (seen.is("part"))
        while (held_) std::this_thread::sleep_for(std::chrono::milliseconds(2));
      return Spoil{};
    });
  }
  ~Changing() override { held_ = false; }

  fs::path big() const { return scratch_ / "data/big"; }
  JobResult archive_while(const std::function<void()>& change) {
    JobProcess job({"archive", "--url", "s3://b/a", "--data-dir", (scratch_ / "data").string(), "--threads", "1",
                    "--frame-size", "1048576"},
                   environment());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (s3_.count("part") < 6 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(s3_.count("part"), 6) << "all that are in flight";
    change();
    held_ = false;
    return job.wait();
  }
  std::map<std::string, std::string> environment() const {
    return {{"AWS_ENDPOINT_URL", s3_.endpoint()}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  }

  std::atomic<bool> held_{true};
  FakeS3 s3_;
};

TEST_F(Changing, AFileThatShrinksFailsTheArchive) {
  const auto result = archive_while([&] { fs::resize_file(big(), 70 << 20); });
  EXPECT_EQ(result.exit, 16) << result.out;
  EXPECT_NE(result.out.find("shrank"), std::string::npos);
  EXPECT_TRUE(s3_.objects().empty());
  EXPECT_EQ(s3_.open_uploads(), 0u);
}

TEST_F(Changing, AFileThatGrowsIsArchivedAsItWas) {
  const auto size = fs::file_size(big());
  const auto result = archive_while([&] { std::ofstream(big(), std::ios::app) << std::string(1 << 20, 'g'); });
  ASSERT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("\"grew\""), std::string::npos);
  fs::create_directory(scratch_ / "back");
  ASSERT_EQ(run_job({"restore", "--url", "s3://b/a", "--data-dir", (scratch_ / "back").string()}, environment()).exit,
            0);
  EXPECT_EQ(fs::file_size(scratch_ / "back/big"), size);
}

TEST_F(Changing, WhatVanishesOrIsReplacedIsToldAndNothingElseIsLost) {
  const auto result = archive_while([&] {
    fs::remove(scratch_ / "data/zz/gone");
    fs::remove(scratch_ / "data/zz/folder");
    fs::create_directory(scratch_ / "data/zz/folder");
    fs::remove(scratch_ / "data/zz/link");
    fs::create_symlink("/etc", scratch_ / "data/zz/link");
  });
  ASSERT_EQ(result.exit, 0) << result.out;
  fs::create_directory(scratch_ / "back");
  ASSERT_EQ(run_job({"restore", "--url", "s3://b/a", "--data-dir", (scratch_ / "back").string()}, environment()).exit,
            0);
  EXPECT_TRUE(fs::exists(scratch_ / "back/zz/kept"));
  EXPECT_EQ(fs::read_symlink(scratch_ / "back/zz/link"), "/etc");
  EXPECT_FALSE(fs::exists(scratch_ / "back/zz/gone"));
}

TEST_F(Volume, WhatMayNotBeReadFailsTheArchiveWithItsPath) {
  give(scratch_ / "store");
  for (const char* what : {"file", "folder"}) {
    const fs::path data = scratch_ / what;
    make_plain_tree(data, 0, 1);
    const fs::path closed = data / "src/deep/closed";
    if (std::string(what) == "file")
      std::ofstream(closed) << "x";
    else
      fs::create_directory(closed);
    HEARTH_CHECK(::chmod(closed.c_str(), 0) == 0);
    const auto result = archive(data, kNobody);
    EXPECT_EQ(result.exit, 16) << result.out;
    EXPECT_NE(result.out.find("src/deep/closed"), std::string::npos);
    EXPECT_TRUE(fs::is_empty(scratch_ / "store"));
  }
}

TEST_F(Volume, AMountInsideIsAnEmptyFolder) {
  make_plain_tree(scratch_ / "data", 0, 1);
  const Mounted mount(scratch_ / "data/mnt", "size=1m");
  std::ofstream(scratch_ / "data/mnt/elsewhere") << "x";
  const auto archived = archive(scratch_ / "data");
  ASSERT_EQ(archived.exit, 0) << archived.out;
  EXPECT_NE(archived.out.find("\"kind\":\"mount\""), std::string::npos);
  fs::create_directory(scratch_ / "back");
  ASSERT_EQ(restore(scratch_ / "back").exit, 0);
  EXPECT_TRUE(fs::is_directory(scratch_ / "back/mnt"));
  EXPECT_TRUE(fs::is_empty(scratch_ / "back/mnt"));
  EXPECT_TRUE(fs::exists(scratch_ / "back/src/deep/er/text7"));
}

// As another user everything becomes his, and no bit stays that would give him more than that.
TEST_F(Volume, RestoredByAnyoneItIsHisAndWithoutPrivileges) {
  fs::create_directory(scratch_ / "data");
  std::ofstream(scratch_ / "data/setuid") << "x";
  HEARTH_CHECK(::chmod((scratch_ / "data/setuid").c_str(), 06755) == 0);
  fs::create_directory(scratch_ / "data/closed");
  std::ofstream(scratch_ / "data/closed/inside") << "x";
  HEARTH_CHECK(::chmod((scratch_ / "data/closed").c_str(), 0) == 0);
  ASSERT_EQ(archive(scratch_ / "data").exit, 0);
  give(scratch_ / "back");
  for (const char* name : {"store", "store/a", "store/a.meta"})
    HEARTH_CHECK(::chmod((scratch_ / name).c_str(), 0755) == 0);
  const auto restored = restore(scratch_ / "back", kNobody);
  ASSERT_EQ(restored.exit, 0) << restored.out;
  struct stat st {};
  ASSERT_EQ(::stat((scratch_ / "back/setuid").c_str(), &st), 0);
  EXPECT_EQ(st.st_uid, kNobody);
  EXPECT_EQ(st.st_mode & 07777, 0755u);
  ASSERT_EQ(::stat((scratch_ / "back/closed").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 07777, 0u);
  EXPECT_TRUE(fs::exists(scratch_ / "back/closed/inside"));
}

// 3 MB of tar that take 12 MB of pages: there seems to be room, and then there is none.
TEST_F(Volume, NoRoomInTheMiddleLeavesWhatWasThere) {
  fs::create_directory(scratch_ / "data");
  for (int i = 0; i < 3000; ++i) std::ofstream(scratch_ / ("data/f" + std::to_string(i))) << "x";
  ASSERT_EQ(archive(scratch_ / "data").exit, 0);
  const Mounted mount(scratch_ / "v", "size=8m");
  make_plain_tree(scratch_ / "v", 0, 1);
  const std::string before = describe(scratch_ / "v");
  const auto result = restore(scratch_ / "v");
  EXPECT_EQ(result.exit, 14) << result.out;
  EXPECT_EQ(describe(scratch_ / "v"), before);
}

TEST_F(Volume, NoInodesIsToldBeforeAnythingIsDone) {
  fs::create_directory(scratch_ / "data");
  for (int i = 0; i < 300; ++i) std::ofstream(scratch_ / ("data/f" + std::to_string(i))) << "x";
  ASSERT_EQ(archive(scratch_ / "data").exit, 0);
  const Mounted mount(scratch_ / "v", "size=8m,nr_inodes=200");
  std::ofstream(scratch_ / "v/old") << "old";
  const std::string before = describe(scratch_ / "v");
  EXPECT_EQ(restore(scratch_ / "v").exit, 14);
  EXPECT_EQ(describe(scratch_ / "v"), before);
}

TEST_F(Volume, AReadOnlyVolumeStaysAsItIs) {
  make_plain_tree(scratch_ / "data", 0, 1);
  ASSERT_EQ(archive(scratch_ / "data").exit, 0);
  const Mounted mount(scratch_ / "v", "size=8m");
  std::ofstream(scratch_ / "v/old") << "old";
  mount.read_only();
  const std::string before = describe(scratch_ / "v");
  EXPECT_EQ(restore(scratch_ / "v").exit, 1);
  EXPECT_EQ(describe(scratch_ / "v"), before);
  EXPECT_EQ(archive(scratch_ / "v").exit, 0) << "which is what an archive job is given";
}

// Half a home may never pass for a home.
TEST_F(Volume, AnUnreadablePlaceOnTheDiskFailsTheArchiveAndIsNamed) {
  fs::create_directories(scratch_ / "data/folder");
  std::ofstream(scratch_ / "data/folder/large") << std::string(3 << 20, 'x');
  for (const auto& [failing, named] : {std::pair("pread", "folder/large"), std::pair("readdir", "the root")}) {
    const auto result = run_job({"archive", "--url", url(), "--data-dir", (scratch_ / "data").string()},
                                {{"LD_PRELOAD", HEARTH_FAILING_DISK},
                                 {"HEARTH_FAILING", failing},
                                 {"ASAN_OPTIONS", "verify_asan_link_order=0"}});
    EXPECT_EQ(result.exit, 16) << failing << result.out;
    EXPECT_NE(result.out.find(named), std::string::npos) << result.out;
    EXPECT_NE(result.out.find("Input/output error"), std::string::npos) << result.out;
    EXPECT_FALSE(fs::exists(scratch_ / "store/a"));
    EXPECT_FALSE(fs::exists(scratch_ / "store/a.meta"));
  }
  EXPECT_EQ(archive(scratch_ / "data").exit, 0);
}

}  // namespace
}  // namespace hearth::test
