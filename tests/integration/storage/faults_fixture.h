// Faults: the job between a tree of its own and a server that a test spoils.
#pragma once

#include <gtest/gtest.h>

#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {

inline const std::string kKey = "p/op/home.tar.zst";

class Faults : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    data_ = new Scratch;
    make_plain_tree(*data_ / "data", 12, 1);
  }
  static void TearDownTestSuite() { delete data_; }

  std::vector<std::string> archive_arguments() const {
    return {"archive",         "--url", "s3://bucket/" + kKey, "--data-dir", (*data_ / "data").string(),
            "--retry-seconds", retry_,  "--stall-seconds",     "1"};
  }
  static std::map<std::string, std::string> environment(const FakeS3& s3) {
    return {{"AWS_ENDPOINT_URL", s3.endpoint()}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "very-secret"}};
  }
  std::map<std::string, std::string> environment() const { return environment(s3_); }
  JobResult archive() const { return run_job(archive_arguments(), environment()); }
  JobResult restore() const {
    return run_job({"restore", "--url", "s3://bucket/" + kKey, "--data-dir", (volume_ / "v").string(),
                    "--retry-seconds", retry_, "--stall-seconds", "1"},
                   environment());
  }
  void expect_committed(const JobResult& result) const {
    EXPECT_EQ(result.exit, 0) << result.out;
    const auto objects = s3_.objects();
    EXPECT_EQ(objects.size(), 2u);
    EXPECT_TRUE(objects.contains(kKey + ".meta"));
    EXPECT_EQ(s3_.open_uploads(), 0u);
  }
  void expect_failed(const JobResult& result, int exit) const {
    EXPECT_EQ(result.exit, exit) << result.out;
    EXPECT_FALSE(s3_.objects().contains(kKey + ".meta"));
    EXPECT_EQ(s3_.open_uploads(), 0u);
  }
  void ready_to_restore() {
    fs::create_directory(volume_ / "v");
    ASSERT_EQ(archive().exit, 0);
  }

  inline static Scratch* data_ = nullptr;
  FakeS3 s3_;
  Scratch volume_;
  std::string retry_ = "20";
};

}  // namespace hearth::test
