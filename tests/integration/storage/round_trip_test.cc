// Archived and restored: equal in every attribute.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {
namespace {

std::string file_url(const fs::path& path) { return "file://" + path.string(); }

std::map<std::string, std::string> s3_environment(const std::string& endpoint) {
  return {{"AWS_ENDPOINT_URL", endpoint}, {"AWS_ACCESS_KEY_ID", "a:b"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
}

std::string read_all(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST(RoundTrip, TortureTreeThroughAFolder) {
  const Scratch scratch;
  make_torture_tree(scratch / "data", 5000);
  const std::string url = file_url(scratch / "store/home.tar.zst");
  const auto archived = run_job({"archive", "--url", url, "--data-dir", (scratch / "data").string()});
  ASSERT_EQ(archived.exit, 0) << archived.out;
  for (const char* kind : {"fifo", "device", "socket"})
    EXPECT_NE(archived.out.find(std::string("\"kind\":\"") + kind), std::string::npos);
  EXPECT_LT(fs::file_size(scratch / "store/home.tar.zst"), 2u << 20);  // 64 GiB of holes took no room
  make_plain_tree(scratch / "restored", 1, 1);                         // what was there gives way
  const auto restored = run_job({"restore", "--url", url, "--data-dir", (scratch / "restored").string(), "--op-id",
                                 "op1", "--marker-url", file_url(scratch / "store/marker")});
  ASSERT_EQ(restored.exit, 0) << restored.out;
  EXPECT_EQ(describe(scratch / "restored"), describe(scratch / "data"));
  EXPECT_EQ(run_job({"verify", "--url", url}).exit, 0);
  const auto listed = run_job({"list", "--url", url});
  EXPECT_NE(listed.out.find("\"path\":\"names/new\\\\x0aline\""), std::string::npos);
}

TEST(RoundTrip, GnuTarAndBsdtarReadIt) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 1, 2);
  fs::create_directory(scratch / "tar");
  ASSERT_EQ(run_job({"archive", "--url", file_url(scratch / "a.zst"), "--data-dir", (scratch / "data").string()}).exit,
            0);
  const std::string command = "cd " + (scratch / "tar").string() + " && zstd -qdc ../a.zst | tar -xp 2>/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(describe(scratch / "tar").size(), describe(scratch / "data").size());
}

TEST(RoundTrip, GnuTarsArchiveIsRestored) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 1, 3);
  fs::create_directory(scratch / "out");
  const std::string top = scratch.path().string();
  const std::string command =
      "cd " + top + " && tar --format=pax --xattrs --acls -S -C data -cf a.tar . && zstd -q a.tar && " +
      "(echo sha256:$(sha256sum <a.tar.zst | cut -c1-64); echo size: $(stat -c%s a.tar.zst); " +
      "echo entries: $(tar -tf a.tar | wc -l); echo uncompressed: $(stat -c%s a.tar)) >a.tar.zst.meta";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const auto restored = run_job({"restore", "--url", "file://" + top + "/a.tar.zst", "--data-dir", top + "/out"});
  ASSERT_EQ(restored.exit, 0) << restored.out;
  EXPECT_EQ(describe(scratch / "out"), describe(scratch / "data"));
}

TEST(RoundTrip, SecondRunsDoNothing) {
  const Scratch scratch;
  FakeS3 s3;
  make_plain_tree(scratch / "data", 2, 4);
  const auto environment = s3_environment(s3.endpoint());
  const std::vector<std::string> archive = {"archive", "--url", "s3://b/w:1/op/home.tar.zst", "--data-dir",
                                            (scratch / "data").string()};
  ASSERT_EQ(run_job(archive, environment).exit, 0);
  const auto before = s3.objects();
  fs::remove_all(scratch / "data");  // not even read
  const auto again = run_job(archive, environment);
  EXPECT_EQ(again.exit, 0);
  EXPECT_NE(again.out.find("\"present\""), std::string::npos);
  EXPECT_EQ(s3.objects(), before);
  fs::create_directory(scratch / "data");
  const std::vector<std::string> restore = {"restore",
                                            "--url",
                                            "s3://b/w:1/op/home.tar.zst",
                                            "--data-dir",
                                            (scratch / "data").string(),
                                            "--op-id",
                                            "op1",
                                            "--marker-url",
                                            "s3://b/m"};
  ASSERT_EQ(run_job(restore, environment).exit, 0);
  std::ofstream(scratch / "data/written-since") << 1;
  EXPECT_EQ(run_job(restore, environment).exit, 0);
  EXPECT_TRUE(fs::exists(scratch / "data/written-since"));
}

TEST(RoundTrip, EmptyVolume) {
  const Scratch scratch;
  fs::create_directory(scratch / "data");
  make_plain_tree(scratch / "back", 1, 1);
  ASSERT_EQ(run_job({"archive", "--url", file_url(scratch / "a"), "--data-dir", (scratch / "data").string()}).exit, 0);
  ASSERT_EQ(run_job({"restore", "--url", file_url(scratch / "a"), "--data-dir", (scratch / "back").string()}).exit, 0);
  EXPECT_TRUE(fs::is_empty(scratch / "back"));
}

TEST(RoundTrip, AnUnreadableVolumeIsExitSixteen) {
  const Scratch scratch;
  EXPECT_EQ(run_job({"archive", "--url", file_url(scratch / "a"), "--data-dir", (scratch / "none").string()}).exit, 16);
  EXPECT_FALSE(fs::exists(scratch / "a"));
}

// While the job reads, one file grows and others come and go: the archive is whole, and the change is told.
TEST(RoundTrip, ATreeThatChangesIsStillAWholeArchive) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 24, 6);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      std::ofstream(scratch / "data/zz-growing", std::ios::app) << std::string(100'000, 'g');
      const fs::path coming = scratch / ("data/src/coming" + std::to_string(i % 50));
      std::ofstream(coming) << i;
      fs::remove(scratch / ("data/src/coming" + std::to_string((i + 25) % 50)));
      ::truncate((scratch / "data/zz-growing").c_str(),
                 i % 200 == 199 ? 0 : static_cast<off_t>(fs::file_size(scratch / "data/zz-growing")));
    }
  });
  const auto archived =
      run_job({"archive", "--url", file_url(scratch / "a"), "--data-dir", (scratch / "data").string()});
  stop = true;
  writer.join();
  ASSERT_TRUE(archived.exit == 0 || archived.exit == 16) << archived.out;
  EXPECT_EQ(fs::exists(scratch / "a.meta"), archived.exit == 0);
  if (archived.exit == 0) {
    EXPECT_EQ(run_job({"verify", "--url", file_url(scratch / "a")}).exit, 0);
  }
}

TEST(Damage, AnyFlippedBitIsExitThirteenAndTheVolumeStays) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 1, 7);
  make_plain_tree(scratch / "volume", 0, 8);
  const fs::path archive = scratch / "a";
  ASSERT_EQ(run_job({"archive", "--url", file_url(archive), "--data-dir", (scratch / "data").string()}).exit, 0);
  const std::string good = read_all(archive), before = describe(scratch / "volume");
  const auto restore = [&] {
    return run_job({"restore", "--url", file_url(archive), "--data-dir", (scratch / "volume").string()});
  };
  for (int i = 0; i < 40; ++i) {
    // Both ends bit by bit, the middle in steps.
    const std::size_t at = i < 12   ? static_cast<std::size_t>(i)
                           : i < 24 ? good.size() - static_cast<std::size_t>(i - 11)
                                    : good.size() / 41 * static_cast<std::size_t>(i);
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (i % 8)));
    std::ofstream(archive, std::ios::binary) << bad;
    const auto result = restore();
    ASSERT_EQ(result.exit, 13) << at << result.out;
    ASSERT_EQ(describe(scratch / "volume"), before) << at;
  }
  for (const std::string& bad : {good.substr(0, good.size() / 2), std::string(), good + "x"}) {
    std::ofstream(archive, std::ios::binary) << bad;
    EXPECT_EQ(restore().exit, 13);
  }
  fs::remove(archive);
  EXPECT_EQ(restore().exit, 12);
  std::ofstream(archive, std::ios::binary) << good;
  const std::string meta = read_all(scratch / "a.meta");
  std::string other = meta;
  other[20] = other[20] == '0' ? '1' : '0';
  for (const std::string& bad : {std::string(), other, meta.substr(0, 40), std::string(2 << 20, 'x')}) {
    std::ofstream(scratch / "a.meta", std::ios::binary) << bad;
    EXPECT_EQ(restore().exit, 13) << bad.substr(0, 100);
  }
  fs::remove(scratch / "a.meta");
  EXPECT_EQ(restore().exit, 12);
  EXPECT_EQ(describe(scratch / "volume"), before);
}

TEST(Damage, VerifySaysWhere) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 8, 9);
  const fs::path archive = scratch / "a";
  ASSERT_EQ(run_job({"archive", "--url", file_url(archive), "--data-dir", (scratch / "data").string(), "--frame-size",
                     "2097152"})
                .exit,
            0);
  std::string bytes = read_all(archive);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  std::ofstream(archive, std::ios::binary) << bytes;
  const auto verified = run_job({"verify", "--url", file_url(archive)});
  EXPECT_EQ(verified.exit, 13);
  const std::size_t first = verified.out.find("\"what\":\"frame\"");
  ASSERT_NE(first, std::string::npos) << verified.out;
  EXPECT_EQ(verified.out.find("\"what\":\"frame\"", first + 1), std::string::npos);
}

}  // namespace
}  // namespace hearth::test
