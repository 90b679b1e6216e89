// kill -9 at any moment, then run again: the same result.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {
namespace {

constexpr int kKills = 30;

double seconds_of(const std::function<void()>& what) {
  const auto began = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Kills at a moment between `from` and 1 of the time that a run takes. A job that was faster than that shortens the
// time for the next one, so that most kills hit. True when it was still running.
bool kill_within(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
                 double from, double& whole) {
  static std::mt19937 random(std::random_device{}());
  JobProcess job(arguments, environment);
  const double share = std::uniform_real_distribution<>(from, 1)(random);
  std::this_thread::sleep_for(std::chrono::duration<double>(whole * share));
  job.signal(SIGKILL);
  if (job.wait().exit == 128 + SIGKILL) return true;
  whole *= 0.85;
  return false;
}

TEST(Kill, ArchiveAnywhere) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 10, 1);
  double whole = 0;
  int killed = 0;
  FakeS3 s3;
  const std::map<std::string, std::string> environment = {
      {"AWS_ENDPOINT_URL", s3.endpoint()}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  const auto arguments = [&](int run) {
    return std::vector<std::string>{"archive", "--url", "s3://b/" + std::to_string(run) + "/home.tar.zst", "--data-dir",
                                    (scratch / "data").string()};
  };
  whole = seconds_of([&] { ASSERT_EQ(run_job(arguments(0), environment).exit, 0); });
  const std::string bytes = s3.objects()["0/home.tar.zst"];
  for (int run = 1; run <= kKills; ++run) {
    const std::string key = std::to_string(run) + "/home.tar.zst";
    killed += kill_within(arguments(run), environment, 0, whole) ? 1 : 0;
    const auto between = s3.objects();
    if (between.contains(key + ".meta")) {
      ASSERT_EQ(between.at(key), bytes);
    }
    const auto again = run_job(arguments(run), environment);
    ASSERT_EQ(again.exit, 0) << again.out;
    const auto after = s3.objects();
    ASSERT_EQ(after.at(key), bytes);
    ASSERT_TRUE(after.contains(key + ".meta"));
    ASSERT_EQ(after.size(), 4u);
    ASSERT_EQ(s3.open_uploads(), 0u);
    s3.forget(key);
    s3.forget(key + ".meta");
  }
  EXPECT_GT(killed, kKills / 3);
}

TEST(Kill, RestoreAnywhere) {
  const Scratch scratch;
  make_plain_tree(scratch / "data", 6, 2);
  const std::string url = "file://" + (scratch / "store/home.tar.zst").string();
  ASSERT_EQ(run_job({"archive", "--url", url, "--data-dir", (scratch / "data").string()}).exit, 0);
  const std::string expected = describe(scratch / "data");
  const auto arguments = [&](int run) {
    return std::vector<std::string>{"restore",
                                    "--url",
                                    url,
                                    "--data-dir",
                                    (scratch / "volume").string(),
                                    "--op-id",
                                    "op" + std::to_string(run),
                                    "--marker-url",
                                    "file://" + (scratch / "store/marker").string()};
  };
  make_plain_tree(scratch / "volume", 1, 3);
  double whole = seconds_of([&] { ASSERT_EQ(run_job(arguments(0), {}).exit, 0); });
  int killed = 0;
  for (int run = 1; run <= kKills; ++run) {
    // The switch takes the last part of the time: half of the kills go there.
    const double from = run % 2 == 0 ? 0 : 0.6;
    killed += kill_within(arguments(run), {}, from, whole) ? 1 : 0;
    const auto again = run_job(arguments(run), {});
    ASSERT_EQ(again.exit, 0) << again.out;
    ASSERT_EQ(describe(scratch / "volume"), expected);
  }
  EXPECT_GT(killed, kKills / 3);
}

}  // namespace
}  // namespace hearth::test
