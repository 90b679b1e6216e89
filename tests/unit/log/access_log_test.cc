#include "log/access_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "log/log.h"
#include "unit/log/temporary_file.h"

namespace hearth::log {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

AccessRecord sample() {
  AccessRecord record;
  record.remote_addr = "192.0.2.1";
  record.time = WallTime(std::chrono::microseconds(1795262400123456));  // 2026-11-21T12:00:00.123456Z
  record.method = "GET";
  record.target = "/w/x/?a=b";
  record.version = "HTTP/1.1";
  record.status = 200;
  record.body_bytes = 1234;
  record.user_agent = "curl/8";
  record.request_time_us = 1234567;
  record.host = "example.com";
  return record;
}

std::string format(AccessFormat format, const AccessRecord& record) {
  AccessFormatter formatter(format);
  std::string out;
  formatter.append(out, record);
  return out;
}

// Times are the machine's local ones; the tests fix the zone.
class AccessFormats : public ::testing::Test {
 protected:
  AccessFormats() { use_zone("UTC"); }
  ~AccessFormats() override { use_zone("UTC"); }
  static void use_zone(const char* zone) {
    ::setenv("TZ", zone, 1);
    ::tzset();
  }
};

TEST_F(AccessFormats, Combined) {
  AccessRecord record = sample();
  EXPECT_EQ(format(AccessFormat::combined, record),
            "192.0.2.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /w/x/?a=b HTTP/1.1\" 200 1234 \"-\" \"curl/8\"\n");
  record.user = "admin";
  record.referer = "http://a/";
  use_zone("XXX-05:30");
  EXPECT_EQ(format(AccessFormat::combined, record),
            "192.0.2.1 - admin [21/Nov/2026:17:30:00 +0530] \"GET /w/x/?a=b HTTP/1.1\" 200 1234 \"http://a/\" "
            "\"curl/8\"\n");
  use_zone("YYY3");
  EXPECT_THAT(format(AccessFormat::combined, record), HasSubstr("[21/Nov/2026:09:00:00 -0300]"));
}

TEST_F(AccessFormats, CombinedOfARequestThatWasNone) {
  AccessRecord record = sample();
  record.method = record.target = record.version = record.user_agent = "";
  record.status = 400;
  EXPECT_THAT(format(AccessFormat::combined, record), HasSubstr("] \"-\" 400 1234 \"-\" \"-\"\n"));
}

TEST_F(AccessFormats, Json) {
  AccessRecord record = sample();
  EXPECT_EQ(format(AccessFormat::json, record),
            "{\"time\":\"2026-11-21T12:00:00.123+00:00\",\"remote_addr\":\"192.0.2.1\",\"method\":\"GET\","
            "\"host\":\"example.com\",\"target\":\"/w/x/?a=b\",\"version\":\"HTTP/1.1\",\"status\":200,"
            "\"body_bytes\":1234,\"request_time\":1.234567,\"user_agent\":\"curl/8\",\"ended_by\":\"none\"}\n");
  record.user = "u";
  record.referer = "r";
  record.request_id = "id";
  record.route = "/w/";
  record.upstream_addr = "127.0.0.1:9";
  record.upstream_status = 101;
  record.upstream_time_us = 42;
  record.ended_by = EndedBy::upstream;
  const auto json = nlohmann::json::parse(format(AccessFormat::json, record));
  EXPECT_EQ(json["user"], "u");
  EXPECT_EQ(json["referer"], "r");
  EXPECT_EQ(json["request_id"], "id");
  EXPECT_EQ(json["route"], "/w/");
  EXPECT_EQ(json["upstream_addr"], "127.0.0.1:9");
  EXPECT_EQ(json["upstream_status"], 101);
  EXPECT_EQ(json["upstream_time"], 0.000042);
  EXPECT_EQ(json["ended_by"], "upstream");
}

TEST_F(AccessFormats, TheSecondIsRecomputedWhenItChanges) {
  AccessFormatter formatter(AccessFormat::combined);
  AccessRecord record = sample();
  std::string out;
  formatter.append(out, record);
  record.time += Milliseconds(900);
  formatter.append(out, record);
  EXPECT_THAT(out, HasSubstr("12:00:01 +0000"));
}

// Every byte in every field a client controls, in both formats: one line, and the fields stay apart.
TEST_F(AccessFormats, NoByteEscapesItsField) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string hostile = std::string("a") + static_cast<char>(byte) + "b";
    AccessRecord record = sample();
    record.method = record.target = record.version = record.referer = record.user_agent = record.host = hostile;
    record.user = record.request_id = hostile;
    const std::string combined = format(AccessFormat::combined, record);
    EXPECT_EQ(std::count(combined.begin(), combined.end(), '\n'), 1) << byte;
    EXPECT_EQ(std::count(combined.begin(), combined.end(), '"'), 6) << byte;
    for (const char c : combined) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << byte;
    const std::string json = format(AccessFormat::json, record);
    EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 1) << byte;
    const auto parsed = nlohmann::json::parse(json, nullptr, false);
    ASSERT_FALSE(parsed.is_discarded()) << byte << " " << json;
    EXPECT_EQ(parsed["status"], 200);
    EXPECT_EQ(parsed["target"], byte < 0x80 ? hostile
                                            : "a\xef\xbf\xbd"
                                              "b")
        << byte;
  }
}

TEST_F(AccessFormats, CombinedEscapesAsNginx) {
  AccessRecord record = sample();
  record.user_agent = "\"\\\n\x7f\xc3\xa4";
  EXPECT_THAT(format(AccessFormat::combined, record), HasSubstr("\"\\x22\\x5C\\x0A\\x7F\\xC3\\xA4\"\n"));
  record.user = "a b";
  EXPECT_THAT(format(AccessFormat::combined, record), HasSubstr(" - a\\x20b ["));
}

TEST_F(AccessFormats, JsonKeepsUtf8AndReplacesWhatIsNot) {
  const auto target = [](std::string_view text) {
    AccessRecord record = sample();
    record.target = text;
    const std::string line = format(AccessFormat::json, record);
    EXPECT_FALSE(nlohmann::json::parse(line, nullptr, false).is_discarded()) << line;
    const std::size_t start = line.find("\"target\":\"") + 10;
    return line.substr(start, line.find("\",\"version\"") - start);
  };
  EXPECT_EQ(target("\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5"), "\xc3\xa4\xe2\x82\xac\xf0\x9f\x94\xa5");
  EXPECT_EQ(target("\xc0\xaf"), "\\ufffd\\ufffd");             // overlong
  EXPECT_EQ(target("\xed\xa0\x80"), "\\ufffd\\ufffd\\ufffd");  // surrogate
  EXPECT_EQ(target("\xf4\x90\x80\x80"), "\\ufffd\\ufffd\\ufffd\\ufffd");
  EXPECT_EQ(target("\xe2\x82"), "\\ufffd\\ufffd");  // cut short
  EXPECT_EQ(target("\xc2\x85"), "\\u0085");         // NEL
  EXPECT_EQ(target("\xe2\x80\xa8\xe2\x80\xa9"), "\\u2028\\u2029");
  EXPECT_EQ(target("\"\\\x01\x7f"), "\\\"\\\\\\u0001\\u007f");
}

class AccessLogs : public ::testing::Test {
 protected:
  std::unique_ptr<AccessLog> open_log() {
    auto log = AccessLog::open(file_.path(), AccessFormat::combined);
    EXPECT_TRUE(log);
    return std::move(*log);
  }
  TemporaryFile file_;
};

TEST_F(AccessLogs, BuffersUntilASecondHasPassed) {
  auto log = open_log();
  AccessRecord record = sample();
  log->write(record);
  log->flush_if_due(record.time + Milliseconds(999));
  EXPECT_THAT(file_.text(), IsEmpty());
  log->flush_if_due(record.time + Milliseconds(1000));
  EXPECT_EQ(file_.lines().size(), 1u);
  // A later record flushes the older ones itself.
  log->write(record);
  record.time += Milliseconds(1000);
  log->write(record);
  EXPECT_EQ(file_.lines().size(), 3u);
}

TEST_F(AccessLogs, FlushesAFullBufferOfWholeLines) {
  auto log = open_log();
  const AccessRecord record = sample();
  const std::size_t line = format(AccessFormat::combined, record).size();
  const std::size_t full = AccessLog::kBufferSize / line + 1;
  for (std::size_t i = 0; i + 1 < full; ++i) log->write(record);
  EXPECT_THAT(file_.text(), IsEmpty());
  log->write(record);
  EXPECT_EQ(file_.text().size(), full * line);
}

TEST_F(AccessLogs, FlushesWhenDestroyed) {
  open_log()->write(sample());
  EXPECT_EQ(file_.lines().size(), 1u);
}

TEST_F(AccessLogs, ReopensAfterRotation) {
  auto log = open_log();
  log->write(sample());
  std::filesystem::rename(file_.path(), file_.path("old"));
  ASSERT_TRUE(log->reopen());
  log->write(sample());
  log->flush();
  EXPECT_EQ(file_.lines("old").size(), 1u);
  EXPECT_EQ(file_.lines().size(), 1u);
}

TEST_F(AccessLogs, CannotOpen) {
  auto log = AccessLog::open(file_.path("none/log"), AccessFormat::json);
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().message, "open() \"" + file_.path("none/log") + "\" failed: No such file or directory");
}

TEST_F(AccessLogs, WorkersAppendToOneFile) {
  constexpr int kThreads = 4;
  constexpr std::size_t kLines = 3000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      auto log = AccessLog::open(file_.path(), AccessFormat::combined);
      ASSERT_TRUE(log);
      AccessRecord record = sample();
      const std::string agent(80, static_cast<char>('a' + t));
      record.user_agent = agent;
      for (std::size_t i = 0; i < kLines; ++i) (*log)->write(record);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto lines = file_.lines();
  EXPECT_EQ(lines.size(), kThreads * kLines);
  const std::size_t size = lines.at(0).size();
  for (const std::string& line : lines) {
    ASSERT_EQ(line.size(), size);
    ASSERT_EQ(line.substr(size - 81, 80), std::string(80, line[size - 2]));
  }
}

TEST_F(AccessLogs, WritesToAPipeInPiecesTheKernelKeepsWhole) {
  ASSERT_EQ(::mkfifo(file_.path().c_str(), 0600), 0);
  const Fd reader(::open(file_.path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  auto log = open_log();
  const AccessRecord record = sample();
  const std::string line = format(AccessFormat::combined, record);
  for (int i = 0; i < 300; ++i) log->write(record);
  log->flush();  // 300 lines fit a pipe's 64 KiB
  std::string got;
  char buffer[4096];
  for (ssize_t n = ::read(reader.get(), buffer, sizeof buffer); n > 0;
       n = ::read(reader.get(), buffer, sizeof buffer)) {
    got.append(buffer, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(got.size(), 300 * line.size());
}

// A full disk, played by a file size limit: what fits is written, the rest is counted, and after the cure lines start
// at a line's start again.
TEST_F(AccessLogs, SurvivesAFullDisk) {
  ASSERT_TRUE(hearth::log::open(file_.path("errors"), Level::notice));
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const AccessRecord record = sample();
  const std::string line = format(AccessFormat::combined, record);
  rlimit small = before;
  small.rlim_cur = line.size() + 10 > 1024 ? line.size() + 10 : 1024;
  auto log = open_log();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  for (int i = 0; i < 20; ++i) log->write(record);
  log->flush();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_GT(log->lost_lines(), 0u);
  log->write(record);
  log->flush();
  EXPECT_TRUE(hearth::log::open("stderr", Level::notice));
  const auto lines = file_.lines();
  std::size_t whole = 0;
  for (const std::string& l : lines) whole += l + "\n" == line ? 1 : 0;
  EXPECT_EQ(whole + log->lost_lines(), 21u);
  EXPECT_EQ(lines.back() + "\n", line);
  EXPECT_THAT(file_.text("errors"), HasSubstr("write() to access log"));
  EXPECT_THAT(file_.text("errors"), HasSubstr("is written again"));
}

}  // namespace
}  // namespace hearth::log
