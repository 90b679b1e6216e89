// An unchanged volume costs no upload; what changed in the slightest, or what cannot be trusted, is archived anew.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

#include "base/fd.h"
#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {
namespace {

using How = Spoil::How;

bool said(const JobResult& result, const std::string& step) {
  return result.out.find("{\"step\":\"" + step + "\"") != std::string::npos ||
         result.out.find("\"step\":\"" + step + "\"") != std::string::npos;
}

// A volume whose archive at op1 was restored into `volume`, as a coordinator does it.
class Unchanged : public testing::Test {
 protected:
  void SetUp() override {
    make_plain_tree(scratch_ / "made", 12, 3);
    ASSERT_EQ(archive("made", "op1").exit, 0);
    restore("op1");
    sent_ = s3_.received();
  }

  std::vector<std::string> archive_command(const std::string& folder, const std::string& operation,
                                           const std::string& previous) {
    std::vector<std::string> out = {"archive",
                                    "--url",
                                    "s3://b/" + key(operation),
                                    "--data-dir",
                                    (scratch_ / folder).string(),
                                    "--marker-url",
                                    "s3://b/d/w/.restore_marker"};
    if (!previous.empty()) out.insert(out.end(), {"--previous-url", "s3://b/" + key(previous)});
    return out;
  }
  JobResult archive(const std::string& folder, const std::string& operation, const std::string& previous = "") {
    return run_job(archive_command(folder, operation, previous), environment());
  }
  JobResult again() { return archive("volume", "op2", "op1"); }
  void restore(const std::string& operation) {
    fs::create_directory(scratch_ / "volume");
    const auto result = run_job({"restore", "--url", "s3://b/" + key(operation), "--data-dir", volume().string(),
                                 "--op-id", "restore-" + operation, "--marker-url", "s3://b/d/w/.restore_marker"},
                                environment());
    ASSERT_EQ(result.exit, 0) << result.out;
  }
  std::map<std::string, std::string> environment() const {
    return {{"AWS_ENDPOINT_URL", s3_.endpoint()},
            {"AWS_ACCESS_KEY_ID", "a"},
            {"AWS_SECRET_ACCESS_KEY", "s"},
            {"STORAGE_RETRY_SECONDS", "5"}};
  }
  static std::string key(const std::string& operation) { return "d/w/" + operation + "/home.tar.zst"; }
  fs::path volume() const { return scratch_ / "volume"; }
  std::string object(const std::string& name) const {
    const auto all = s3_.objects();
    const auto found = all.find(name);
    return found == all.end() ? std::string() : found->second;
  }
  // op2 holds the volume, and its data went over the wire.
  void expect_archived_anew(const JobResult& result) {
    ASSERT_EQ(result.exit, 0) << result.out;
    EXPECT_TRUE(said(result, "uploaded")) << result.out;
    EXPECT_GT(s3_.received(), sent_);
    expect_restorable("op2");
  }
  void expect_restorable(const std::string& operation) {
    const Scratch other;
    const auto result =
        run_job({"restore", "--url", "s3://b/" + key(operation), "--data-dir", other.path().string()}, environment());
    ASSERT_EQ(result.exit, 0) << result.out;
    EXPECT_EQ(describe(other.path()), describe(volume()));
    EXPECT_EQ(s3_.open_uploads(), 0u);
  }

  const Scratch scratch_;
  FakeS3 s3_;
  std::uint64_t sent_ = 0;
};

TEST_F(Unchanged, ARestoredVolumeSendsNoData) {
  const auto second = again();
  ASSERT_EQ(second.exit, 0) << second.out;
  EXPECT_TRUE(said(second, "unchanged") && said(second, "verified") && said(second, "committed")) << second.out;
  EXPECT_FALSE(said(second, "uploaded"));
  EXPECT_EQ(s3_.received(), sent_);
  EXPECT_EQ(object(key("op2")), object(key("op1")));
  // The copy is an archive of its own: what it was copied from may go.
  s3_.forget(key("op1"));
  s3_.forget(key("op1") + ".meta");
  EXPECT_EQ(run_job({"verify", "--url", "s3://b/" + key("op2")}, environment()).exit, 0);
  expect_restorable("op2");
  // Its .meta knows the volume, with no marker to help.
  s3_.forget("d/w/.restore_marker");
  EXPECT_TRUE(said(archive("volume", "op3", "op2"), "unchanged"));
  EXPECT_EQ(s3_.received(), sent_);
}

TEST_F(Unchanged, InAFolderTheCopyIsASecondNameOfTheSameFile) {
  const Scratch scratch;
  const auto url = [&](const std::string& name) { return "file://" + (scratch / name).string(); };
  const auto run = [&](const std::string& to, const std::string& previous) {
    return run_job({"archive", "--url", url(to), "--data-dir", volume().string(), "--previous-url", url(previous)});
  };
  ASSERT_EQ(run("1/home.tar.zst", "none").exit, 0);
  const auto second = run("2/home.tar.zst", "1/home.tar.zst");
  EXPECT_TRUE(said(second, "unchanged") && second.exit == 0) << second.out;
  EXPECT_FALSE(said(second, "uploaded"));
  EXPECT_EQ(fs::hard_link_count(scratch / "2/home.tar.zst"), 2u);
  fs::remove_all(scratch / "1");
  EXPECT_EQ(run_job({"verify", "--url", url("2/home.tar.zst")}).exit, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch / "2"), fs::directory_iterator()), 2);
}

TEST_F(Unchanged, OtherContentOfTheSameSizeAndTimeIsArchived) {
  const fs::path file = volume() / "src/deep/er/text7";
  struct stat st {};
  ASSERT_EQ(::stat(file.c_str(), &st), 0);
  {
    std::fstream stream(file, std::ios::in | std::ios::out);
    stream << "Z";
  }
  const timespec times[2] = {st.st_atim, st.st_mtim};
  ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  struct stat now {};
  ASSERT_EQ(::stat(file.c_str(), &now), 0);
  ASSERT_EQ(now.st_size, st.st_size);
  ASSERT_EQ(now.st_mtim.tv_nsec, st.st_mtim.tv_nsec);
  expect_archived_anew(again());
}

TEST_F(Unchanged, AnAttributeOfTheRootIsAChange) {
  ASSERT_EQ(::setxattr(volume().c_str(), "user.mine", "1", 1, 0), 0);
  expect_archived_anew(again());
}

TEST_F(Unchanged, TwoFilesThatChangedNamesAreAChange) {
  fs::rename(volume() / "src/deep/er/text7", volume() / "src/deep/er/swap");
  fs::rename(volume() / "src/deep/er/text8", volume() / "src/deep/er/text7");
  fs::rename(volume() / "src/deep/er/swap", volume() / "src/deep/er/text8");
  expect_archived_anew(again());
}

TEST_F(Unchanged, WithoutItsMarkerARestoredVolumeIsArchived) {
  s3_.forget("d/w/.restore_marker");
  expect_archived_anew(again());
}

TEST_F(Unchanged, TheMarkerOfAnotherArchiveSaysNothing) {
  std::string marker = object("d/w/.restore_marker");
  const std::size_t at = marker.find("op1/home");
  ASSERT_NE(at, std::string::npos);
  s3_.set("d/w/.restore_marker", marker.replace(at, 3, "op0"));
  expect_archived_anew(again());
}

TEST_F(Unchanged, AMissingOrCutPreviousArchiveIsNoHelp) {
  const std::string data = object(key("op1")), meta = object(key("op1") + ".meta");
  for (const auto& [bytes, said_by_meta] :
       {std::pair(std::string(), meta), std::pair(data, std::string()),
        std::pair(data.substr(0, data.size() / 2), meta), std::pair(data, meta.substr(0, 50))}) {
    for (const auto& [name, value] : {std::pair(key("op1"), bytes), std::pair(key("op1") + ".meta", said_by_meta)})
      value.empty() ? s3_.forget(name) : s3_.set(name, value);
    const auto result = again();
    EXPECT_TRUE(said(result, "no-previous")) << result.out;
    expect_archived_anew(result);
    s3_.forget(key("op2"));
    s3_.forget(key("op2") + ".meta");
  }
}

TEST_F(Unchanged, ADamagedPreviousArchiveIsNotPassedOn) {
  std::string data = object(key("op1"));
  data[data.size() / 3] = static_cast<char>(data[data.size() / 3] ^ 2);
  s3_.set(key("op1"), data);
  const auto result = again();
  EXPECT_TRUE(said(result, "not-copied")) << result.out;
  expect_archived_anew(result);
}

TEST_F(Unchanged, AStoreThatCannotCopyOrCopiesWronglyIsGivenTheData) {
  const std::string empty = "HTTP/1.1 200 X\r\nContent-Length: 0\r\nETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n\r\n";
  const std::string inside = "<Error><Code>NoSuchKey</Code></Error>";
  for (const Spoil& spoil :
       {Spoil{How::answer, s3_refusal(501, "NotImplemented")}, Spoil{How::answer, s3_refusal(403, "AccessDenied")},
        Spoil{How::answer, empty}, Spoil{How::lie, ""},
        Spoil{How::answer,
              "HTTP/1.1 200 X\r\nContent-Length: " + std::to_string(inside.size()) + "\r\n\r\n" + inside}}) {
    s3_.spoil("copy", 1'000, spoil);
    const auto result = again();
    EXPECT_TRUE(said(result, "not-copied")) << result.out;
    expect_archived_anew(result);
    s3_.forget(key("op2"));
    s3_.forget(key("op2") + ".meta");
  }
}

TEST_F(Unchanged, ALostAnswerIsAskedForAgain) {
  for (const char* kind : {"copy", "complete"}) {
    for (const How how : {How::reset_before, How::reset_after}) {
      s3_.spoil(kind, 1, {how, ""});
      const auto result = again();
      ASSERT_EQ(result.exit, 0) << result.out;
      EXPECT_EQ(s3_.received(), sent_) << result.out;
      expect_restorable("op2");
      s3_.forget(key("op2"));
      s3_.forget(key("op2") + ".meta");
    }
  }
}

TEST_F(Unchanged, KilledWhileTheStoreCopiesItIsDoneByTheNextRun) {
  for (const char* kind : {"copy", "complete", "put"}) {
    s3_.spoil(kind, 1'000, {How::stall, ""});
    {
      JobProcess job(archive_command("volume", "op2", "op1"), environment());
      const int before = s3_.count(kind);
      for (int i = 0; i < 2000 && s3_.count(kind) == before; ++i) ::usleep(5000);
      ASSERT_GT(s3_.count(kind), before);
      job.signal(SIGKILL);
      EXPECT_EQ(job.wait().exit, 128 + SIGKILL);
    }
    EXPECT_EQ(object(key("op2") + ".meta"), "");
    s3_.spoil({});
    ASSERT_EQ(again().exit, 0);
    EXPECT_EQ(s3_.received(), sent_);
    expect_restorable("op2");
    s3_.forget(key("op2"));
    s3_.forget(key("op2") + ".meta");
  }
}

}  // namespace
}  // namespace hearth::test
