// kill -9 at any moment, then run again: the same result.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

#include "fake_s3.h"
#include "job_process.h"

namespace hearth::test {
namespace {

constexpr int kKills = 200;

// HEARTH_SEED=<number> runs other moments; the one that is used is said.
std::mt19937& moments() {
  static std::mt19937 random = [] {
    const char* given = std::getenv("HEARTH_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20;
    std::printf("HEARTH_SEED=%u\n", seed);
    return std::mt19937(seed);
  }();
  return random;
}

double seconds_of(const std::function<void()>& what) {
  const auto began = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

// Kills at a moment between `from` and 1 of the time that a run takes. A job that was faster than that shortens the
// time for the next one, so that most kills hit. True when it was still running.
bool kill_within(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment,
                 double from, double& whole) {
  JobProcess job(arguments, environment);
  const double share = std::uniform_real_distribution<>(from, 1)(moments());
  std::this_thread::sleep_for(std::chrono::duration<double>(whole * share));
  job.signal(SIGKILL);
  if (job.wait().exit == 128 + SIGKILL) return true;
  whole *= 0.85;
  return false;
}

// A zombie: it has ended, and nobody has asked yet.
bool ended(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return text.find(") Z ") != std::string::npos;
}

// A first run takes longer than the next ones, which shortens the time; a kill that hit lets it grow again, so that the
// end of a run has its share.
void lengthen(double& whole, double first) { whole = std::min(whole * 1.05, first); }

TEST(Kill, ArchiveAnywhere) {
  const Scratch scratch(Scratch::Where::in_memory);
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
  const double first = whole;
  const std::string bytes = s3.objects()["0/home.tar.zst"];
  for (int run = 1; killed < kKills; ++run) {
    ASSERT_LT(run, 4 * kKills) << "too few kills hit";
    const std::string key = std::to_string(run) + "/home.tar.zst";
    if (kill_within(arguments(run), environment, 0, whole)) {
      ++killed;
      lengthen(whole, first);
    }
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
}

// At every request in turn, before it is done and after: no moment between two steps is left out.
TEST(Kill, ArchiveAtEveryRequest) {
  const Scratch scratch(Scratch::Where::in_memory);
  make_plain_tree(scratch / "data", 18, 4);
  const std::vector<std::string> arguments = {"archive", "--url", "s3://b/home", "--data-dir",
                                              (scratch / "data").string()};
  const auto environment = [](const FakeS3& s3) {
    return std::map<std::string, std::string>{
        {"AWS_ENDPOINT_URL", s3.endpoint()}, {"AWS_ACCESS_KEY_ID", "a"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
  };
  int kills = 0;
  for (const Spoil::How how : {Spoil::How::reset_before, Spoil::How::reset_after}) {
    for (int n = 1;; ++n) {
      FakeS3 s3;
      std::atomic<int> seen{0};
      std::atomic<pid_t> pid{0};
      s3.spoil([&, how, n](const S3Seen&) {
        if (++seen != n) return Spoil{};
        while (pid == 0) std::this_thread::yield();
        // Before: dead when it would be done. After: the answer never comes, and then it is dead.
        if (how == Spoil::How::reset_before) ::kill(pid, SIGKILL);
        return Spoil{how, ""};
      });
      JobProcess job(arguments, environment(s3));
      pid = job.pid();
      if (how == Spoil::How::reset_after) {
        while (seen < n && ::kill(pid, 0) == 0 && !ended(pid))
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        job.signal(SIGKILL);
      }
      const bool killed = job.wait().exit == 128 + SIGKILL && seen >= n;
      s3.spoil([](const S3Seen&) { return Spoil{}; });
      if (const auto between = s3.objects(); between.contains("home.meta")) {
        ASSERT_EQ(run_job({"verify", "--url", "s3://b/home"}, environment(s3)).exit, 0) << n;
      }
      const auto again = run_job(arguments, environment(s3));
      ASSERT_EQ(again.exit, 0) << n << again.out;
      ASSERT_EQ(run_job({"verify", "--url", "s3://b/home"}, environment(s3)).exit, 0) << n;
      ASSERT_EQ(s3.objects().size(), 2u) << n;
      ASSERT_EQ(s3.open_uploads(), 0u) << n;
      if (!killed) break;
      ++kills;
    }
  }
  EXPECT_GT(kills, 16);
}

TEST(Kill, RestoreAnywhere) {
  const Scratch scratch(Scratch::Where::in_memory);
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
  const double first = whole;
  int killed = 0;
  for (int run = 1; killed < kKills; ++run) {
    ASSERT_LT(run, 4 * kKills) << "too few kills hit";
    // The switch takes the last part of the time: half of the kills go there.
    const double from = run % 2 == 0 ? 0 : 0.6;
    if (kill_within(arguments(run), {}, from, whole)) {
      ++killed;
      lengthen(whole, first);
    }
    const auto again = run_job(arguments(run), {});
    ASSERT_EQ(again.exit, 0) << again.out;
    ASSERT_EQ(describe(scratch / "volume"), expected);
  }
}

}  // namespace
}  // namespace hearth::test
