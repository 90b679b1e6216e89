// More ways in which object storage fails: what it answers when somebody else answers for it, when it is asked in the
// wrong region or at the wrong time, and when bytes change on their way.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <thread>

#include "faults_fixture.h"
#include "object_store/sigv4.h"

namespace hearth::test {
namespace {

using How = Spoil::How;

class NetworkFaults : public Faults {};

const std::string kHtml = "<html><body>Please log in to the wireless network</body></html>";
const std::string kPage =
    fmt::format("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{}", kHtml.size(), kHtml);

TEST_F(NetworkFaults, EveryPassingStatusIsTriedAgainAndPartsAlone) {
  std::atomic<int> turn{0};
  const std::pair<int, const char*> refusals[] = {{503, "SlowDown"}, {429, ""}, {500, "InternalError"},
                                                  {502, ""},         {504, ""}, {503, ""}};
  s3_.spoil([&](const S3Seen& seen) {
    if (!seen.is("part") || turn >= 6) return Spoil{};
    const auto& [status, code] = refusals[turn++];
    return Spoil{How::answer, s3_refusal(status, code)};
  });
  expect_committed(archive());
  EXPECT_EQ(s3_.count("begin"), 1);
  EXPECT_EQ(s3_.count("complete"), 1);
}

TEST_F(NetworkFaults, HtmlInsteadOfAnythingIsNeverASuccess) {
  for (const char* kind : {"begin", "part", "complete", "put", "head", "get"}) {
    FakeS3 s3;
    s3.spoil(kind, 2, {How::answer, kPage});
    const auto result = run_job(archive_arguments(), environment(s3));
    EXPECT_EQ(result.exit, 0) << kind << result.out;
    EXPECT_EQ(s3.objects().size(), 2u) << kind;
    EXPECT_EQ(s3.open_uploads(), 0u) << kind;
  }
}

TEST_F(NetworkFaults, HtmlForEverIsUnreachableAndNotCorrupt) {
  ready_to_restore();
  retry_ = "1";
  s3_.spoil([](const S3Seen&) { return Spoil{How::answer, kPage}; });
  EXPECT_EQ(restore().exit, 10);
  const auto archived = run_job(
      {"archive", "--url", "s3://bucket/other", "--data-dir", (*data_ / "data").string(), "--retry-seconds", "1"},
      environment());
  EXPECT_EQ(archived.exit, 10) << archived.out;
}

TEST_F(NetworkFaults, MetaWithoutItsArchiveIsWrittenAgain) {
  ASSERT_EQ(archive().exit, 0);
  s3_.forget(kKey);
  expect_committed(archive());
}

TEST_F(NetworkFaults, ADeniedLookIsNotAbsent) {
  for (const char* kind : {"get", "head"}) {
    FakeS3 s3;
    if (std::string(kind) == "head") s3.set(kKey + ".meta", "x");
    s3.spoil(kind, 1000, {How::answer, s3_refusal(403, "AccessDenied")});
    EXPECT_EQ(run_job(archive_arguments(), environment(s3)).exit, 11) << kind;
    EXPECT_EQ(s3.count("begin"), 0) << kind;
  }
}

TEST_F(NetworkFaults, AWrongEtagIsSentAgain) {
  s3_.spoil("part", 1, {How::wrong_etag, ""});
  expect_committed(archive());
  EXPECT_EQ(s3_.count("part"), 3) << "two parts, one of them twice";
}

TEST_F(NetworkFaults, BytesDamagedOnTheirWayUpAreSentAgain) {
  s3_.spoil("part", 2, {How::answer, s3_refusal(400, "BadDigest")});
  expect_committed(archive());
}

TEST_F(NetworkFaults, BytesDamagedOnTheirWayDownAreReadAgain) {
  ready_to_restore();
  auto left = std::make_shared<std::atomic<int>>(1);
  s3_.spoil([=](const S3Seen& seen) {
    return seen.headers.contains("range") && (*left)-- > 0 ? Spoil{How::flip, ""} : Spoil{};
  });
  const auto result = restore();
  EXPECT_EQ(result.exit, 0) << result.out;
  EXPECT_NE(result.out.find("\"again\""), std::string::npos);
  EXPECT_EQ(describe(volume_ / "v"), describe(*data_ / "data"));
}

TEST_F(NetworkFaults, BytesDamagedEveryTimeAreCorruptAndNeverCommitted) {
  s3_.spoil([](const S3Seen& seen) { return seen.headers.contains("range") ? Spoil{How::flip, ""} : Spoil{}; });
  const auto result = archive();
  EXPECT_EQ(result.exit, 13) << result.out;
  EXPECT_FALSE(s3_.objects().contains(kKey + ".meta"));
}

TEST_F(NetworkFaults, ASlowCompleteIsWaitedFor) {
  s3_.spoil("complete", 1, {How::blanks, ""});  // three seconds below the limit of one
  expect_committed(archive());
  EXPECT_EQ(s3_.count("complete"), 1);
}

TEST_F(NetworkFaults, APartTheStoreLostIsAnError) {
  s3_.spoil("complete", 1000, {How::answer, s3_refusal(400, "InvalidPart")});
  const auto result = archive();
  expect_failed(result, 10);
  EXPECT_NE(result.out.find("InvalidPart"), std::string::npos);
}

TEST_F(NetworkFaults, AnotherLengthThanWasSentIsCorrupt) {
  s3_.spoil([this](const S3Seen& seen) {
    if (!seen.is("head") || s3_.count("complete") == 0) return Spoil{};
    return Spoil{How::answer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n12345"};
  });
  expect_failed(archive(), 13);
}

TEST_F(NetworkFaults, AStaleNotFoundAfterTheUploadPasses) {
  auto left = std::make_shared<std::atomic<int>>(2);
  s3_.spoil([this, left](const S3Seen& seen) {
    const bool late = seen.is("head") && s3_.count("complete") > 0 && (*left)-- > 0;
    return late ? Spoil{How::answer, s3_refusal(404, "")} : Spoil{};
  });
  expect_committed(archive());
}

// Sixteen minutes: the store says so, and its clock is the one that counts.
TEST_F(NetworkFaults, AClockThatIsWrongIsCorrectedOnce) {
  const std::time_t theirs = std::time(nullptr) + 16 * 60;
  s3_.spoil([=](const S3Seen& seen) {
    const std::time_t now = std::time(nullptr) + 16 * 60;
    const std::string sent = seen.headers.at("x-amz-date");
    if (sent >= object_store::amz_date(now - 300) && sent <= object_store::amz_date(now + 300)) return Spoil{};
    char date[64];
    std::tm parts{};
    std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", ::gmtime_r(&theirs, &parts));
    const std::string body = "<Error><Code>RequestTimeTooSkewed</Code></Error>";
    return Spoil{How::answer,
                 fmt::format("HTTP/1.1 403 X\r\nDate: {}\r\nContent-Length: {}\r\n\r\n{}", date, body.size(), body)};
  });
  expect_committed(archive());
}

TEST_F(NetworkFaults, AnotherRegionIsFollowed) {
  s3_.spoil([](const S3Seen& seen) {
    if (seen.headers.at("authorization").find("/eu-west-9/s3/") != std::string::npos) return Spoil{};
    return Spoil{How::answer, "HTTP/1.1 307 X\r\nx-amz-bucket-region: eu-west-9\r\nContent-Length: 0\r\n\r\n"};
  });
  expect_committed(archive());
}

TEST_F(NetworkFaults, RegionAndSessionTokenAreSignedAndSent) {
  auto with = environment();
  with["AWS_REGION"] = "eu-central-1";
  with["AWS_SESSION_TOKEN"] = "a-token";
  expect_committed(run_job(archive_arguments(), with));
  for (const S3Seen& seen : s3_.seen()) {
    const std::string& authorization = seen.headers.at("authorization");
    EXPECT_NE(authorization.find("/eu-central-1/s3/aws4_request"), std::string::npos);
    EXPECT_NE(authorization.find("x-amz-security-token"), std::string::npos);
    EXPECT_EQ(seen.headers.at("x-amz-security-token"), "a-token");
  }
}

TEST_F(NetworkFaults, RestoreReadsThroughEndsAndDrops) {
  ready_to_restore();
  for (const How how : {How::close_middle, How::trickle}) {
    auto left = std::make_shared<std::atomic<int>>(1);
    s3_.spoil([=](const S3Seen& seen) {
      return seen.headers.contains("range") && (*left)-- > 0 ? Spoil{how, ""} : Spoil{};
    });
    const auto result = restore();
    EXPECT_EQ(result.exit, 0) << static_cast<int>(how) << result.out;
    EXPECT_EQ(describe(volume_ / "v"), describe(*data_ / "data"));
  }
}

TEST_F(NetworkFaults, SecretsAreInNoArgumentAndSoonInNoEnvironment) {
  s3_.spoil([](const S3Seen& seen) { return seen.is("part") ? Spoil{How::stall, ""} : Spoil{}; });
  auto with = environment();
  with["AWS_SESSION_TOKEN"] = "a-token";
  auto arguments = archive_arguments();
  arguments.back() = "60";
  JobProcess job(arguments, with);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (s3_.count("part") == 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  for (const char* name : {"cmdline", "environ"}) {
    std::ifstream file("/proc/" + std::to_string(job.pid()) + "/" + name);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.find("very-secret"), std::string::npos) << name;
    EXPECT_EQ(text.find("a-token"), std::string::npos) << name;
  }
  job.signal(SIGTERM);
  EXPECT_EQ(job.wait().out.find("very-secret"), std::string::npos);
}

}  // namespace
}  // namespace hearth::test
