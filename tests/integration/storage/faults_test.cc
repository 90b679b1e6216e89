// Object storage that fails in every way it is known to: the right outcome each time, never a false success.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "faults_fixture.h"

namespace hearth::test {
namespace {

using How = Spoil::How;

TEST_F(Faults, PassingRefusalsAreTriedAgain) {
  const std::pair<int, const char*> refusals[] = {{503, "SlowDown"}, {500, "InternalError"}, {429, ""}};
  int turn = 0;
  for (const char* kind : {"begin", "part", "complete", "put", "head", "get"}) {
    const auto& [status, code] = refusals[turn++ % 3];
    FakeS3 s3;
    s3.spoil(kind, 1, {How::answer, s3_refusal(status, code)});
    const auto result = run_job(archive_arguments(), environment(s3));
    EXPECT_EQ(result.exit, 0) << kind << status << result.out;
    EXPECT_EQ(s3.objects().size(), 2u);
  }
}

TEST_F(Faults, ConnectionsThatBreakAreTriedAgain) {
  for (const char* kind : {"begin", "part", "complete", "put"})
    for (const How how : {How::reset_before, How::reset_middle, How::reset_after}) {
      FakeS3 s3;
      s3.spoil(kind, 1, {how, ""});
      const auto result = run_job(archive_arguments(), environment(s3));
      EXPECT_EQ(result.exit, 0) << kind << static_cast<int>(how) << result.out;
      EXPECT_EQ(s3.objects().size(), 2u);
      EXPECT_EQ(s3.open_uploads(), 0u);
    }
}

TEST_F(Faults, AStalledPartIsSentAgain) {
  s3_.spoil("part", 1, {How::stall, ""});
  expect_committed(archive());
}

TEST_F(Faults, RefusedForEver) {
  retry_ = "1";
  s3_.spoil("part", 1000, {How::answer, s3_refusal(503, "SlowDown")});
  expect_failed(archive(), 10);
}

TEST_F(Faults, DeniedMidWay) {
  s3_.spoil("part", 1000, {How::answer, s3_refusal(403, "ExpiredToken")});
  const auto result = archive();
  expect_failed(result, 11);
  EXPECT_EQ(result.out.find("very-secret"), std::string::npos);
}

TEST_F(Faults, NoRoom) {
  s3_.spoil("part", 1000, {How::answer, s3_refusal(507, "")});
  expect_failed(archive(), 14);
}

TEST_F(Faults, AnErrorInsideTwoHundred) {
  const std::string inside = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>";
  const Spoil spoil{How::answer,
                    "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(inside.size()) + "\r\n\r\n" + inside};
  s3_.spoil("complete", 1, spoil);
  expect_committed(archive());
  EXPECT_GE(s3_.count("complete"), 2);
}

TEST_F(Faults, AnErrorInsideTwoHundredForEver) {
  retry_ = "1";
  const std::string inside = "<Error><Code>InternalError</Code></Error>";
  s3_.spoil("complete", 1000,
            {How::answer, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(inside.size()) + "\r\n\r\n" + inside});
  expect_failed(archive(), 10);
}

TEST_F(Faults, ALostAnswerIsReadBack) {
  s3_.spoil("complete", 1, {How::reset_after, ""});
  expect_committed(archive());
}

TEST_F(Faults, AStoreThatLiesAboutAPartIsFoundOut) {
  s3_.spoil("part", 1, {How::lie, ""});
  expect_failed(archive(), 13);
}

TEST_F(Faults, UnknownIsNotAbsent) {
  retry_ = "1";
  s3_.spoil("get", 1000, {How::answer, s3_refusal(500, "InternalError")});
  expect_failed(archive(), 10);
  EXPECT_EQ(s3_.count("begin"), 0);
}

TEST_F(Faults, AServerWithoutConditions) {
  s3_.spoil([](const S3Seen& seen) {
    return seen.headers.contains("if-none-match") ? Spoil{How::answer, s3_refusal(501, "NotImplemented")} : Spoil{};
  });
  expect_committed(archive());
}

TEST_F(Faults, DataWithoutMetaIsWrittenAgain) {
  s3_.set(kKey, "half of something");
  expect_committed(archive());
  EXPECT_GT(s3_.objects().at(kKey).size(), 1000u);
}

TEST_F(Faults, MetaOfAnotherSizeIsWrittenAgain) {
  ASSERT_EQ(archive().exit, 0);
  s3_.set(kKey, "damaged");
  expect_committed(archive());
  EXPECT_GT(s3_.objects().at(kKey).size(), 1000u);
}

TEST_F(Faults, TwoJobsAtOnce) {
  JobProcess first(archive_arguments(), environment()), second(archive_arguments(), environment());
  const int one = first.wait().exit, two = second.wait().exit;
  EXPECT_TRUE(one == 0 || two == 0);
  EXPECT_EQ(run_job({"verify", "--url", "s3://bucket/" + kKey}, environment()).exit, 0);
}

TEST_F(Faults, TermAbortsTheUpload) {
  s3_.spoil([](const S3Seen& seen) { return seen.is("part") ? Spoil{How::stall, ""} : Spoil{}; });
  auto arguments = archive_arguments();
  arguments.back() = "60";
  JobProcess job(arguments, environment());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (s3_.count("part") == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto began = std::chrono::steady_clock::now();
  job.signal(SIGTERM);
  EXPECT_EQ(job.wait().exit, 143);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(5));
  EXPECT_EQ(s3_.open_uploads(), 0u);
}

TEST_F(Faults, RestoreReadsThroughFaults) {
  ready_to_restore();
  for (const Spoil& spoil : {Spoil{How::reset_before, ""}, Spoil{How::reset_middle, ""}, Spoil{How::stall, ""},
                             Spoil{How::answer, s3_refusal(503, "SlowDown")},
                             Spoil{How::answer, "HTTP/1.1 206 X\r\nContent-Length: 4\r\n\r\nhtml"}}) {
    auto left = std::make_shared<std::atomic<int>>(2);
    s3_.spoil([=](const S3Seen& seen) {
      return seen.is("get") && seen.headers.contains("range") && (*left)-- > 0 ? spoil : Spoil{};
    });
    const auto result = restore();
    EXPECT_EQ(result.exit, 0) << static_cast<int>(spoil.how) << result.out;
    EXPECT_EQ(describe(volume_ / "v"), describe(*data_ / "data"));
  }
}

TEST_F(Faults, RestoreDenied) {
  ready_to_restore();
  s3_.spoil("get", 1000, {How::answer, s3_refusal(403, "AccessDenied")});
  EXPECT_EQ(restore().exit, 11);
  EXPECT_TRUE(fs::is_empty(volume_ / "v"));
}

TEST_F(Faults, AnObjectReplacedMeanwhileIsRefused) {
  ready_to_restore();
  s3_.spoil([this](const S3Seen& seen) {
    if (seen.headers.contains("if-match")) s3_.set(kKey, std::string(s3_.objects().at(kKey).size(), 'x'));
    return Spoil{};
  });
  EXPECT_EQ(restore().exit, 13);
  EXPECT_TRUE(fs::is_empty(volume_ / "v"));
}

}  // namespace
}  // namespace hearth::test
