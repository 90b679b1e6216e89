#include "log/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <regex>
#include <thread>

#include "unit/log/temporary_file.h"

namespace hearth::log {
namespace {

class ErrorLog : public ::testing::Test {
 protected:
  ~ErrorLog() override { EXPECT_TRUE(open("stderr", Level::notice)); }
  TemporaryFile file_;
};

TEST_F(ErrorLog, WritesNginxsLineFormat) {
  ASSERT_TRUE(open(file_.path(), Level::info));
  info("hello {} {}", "world", 7);
  set_thread_number(3);
  crit("bad");
  set_thread_number(0);
  const auto lines = file_.lines();
  ASSERT_EQ(lines.size(), 2u);
  const std::string date = R"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d )";
  const std::string pid = std::to_string(::getpid());
  EXPECT_TRUE(std::regex_match(lines[0], std::regex(date + R"(\[info\] )" + pid + "#0: hello world 7"))) << lines[0];
  EXPECT_TRUE(std::regex_match(lines[1], std::regex(date + R"(\[crit\] )" + pid + "#3: bad"))) << lines[1];
}

TEST_F(ErrorLog, FiltersByLevel) {
  ASSERT_TRUE(open(file_.path(), Level::warn));
  EXPECT_FALSE(enabled(Level::notice));
  EXPECT_TRUE(enabled(Level::warn));
  debug("no");
  info("no");
  notice("no");
  warn("w");
  error("e");
  crit("c");
  alert("a");
  emerg("m");
  at(Level::info, "no");
  at(Level::error, "at {}", 1);
  std::string levels;
  for (const std::string& line : file_.lines()) {
    levels += line.substr(line.find('['), line.find(']') - line.find('[') + 1);
  }
  EXPECT_EQ(levels, "[warn][error][crit][alert][emerg][error]");
  set_level(Level::debug);
  debug("yes");
  EXPECT_THAT(file_.text(), ::testing::HasSubstr("[debug]"));
}

TEST_F(ErrorLog, ControlCharactersCannotStartALine) {
  ASSERT_TRUE(open(file_.path(), Level::info));
  info("path \"{}\"", "/a\r\n2026/01/01 [emerg] forged\x1b[0m\x7f");
  const auto lines = file_.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], ::testing::EndsWith("path \"/a\\x0D\\x0A2026/01/01 [emerg] forged\\x1B[0m\\x7F\""));
}

TEST_F(ErrorLog, ReopensAfterRotation) {
  ASSERT_TRUE(open(file_.path(), Level::info));
  info("one");
  std::filesystem::rename(file_.path(), file_.path("old"));
  info("two");
  ASSERT_TRUE(reopen());
  info("three");
  EXPECT_EQ(file_.lines("old").size(), 2u);
  EXPECT_EQ(file_.lines().size(), 1u);
}

TEST_F(ErrorLog, StaysWhereItWasWhenTheNewPlaceCannotBeOpened) {
  ASSERT_TRUE(open(file_.path(), Level::info));
  const auto moved = open(file_.path("none/log"), Level::emerg);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().message, "open() \"" + file_.path("none/log") + "\" failed: No such file or directory");
  info("still here");
  EXPECT_EQ(file_.lines().size(), 1u);
}

TEST_F(ErrorLog, ManyThreadsWriteWholeLines) {
  ASSERT_TRUE(open(file_.path(), Level::info));
  constexpr int kThreads = 4;
  constexpr int kLines = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < kLines; ++i) info("{}", std::string(100, static_cast<char>('a' + t)));
    });
  }
  ASSERT_TRUE(reopen());
  for (std::thread& thread : threads) thread.join();
  const auto lines = file_.lines();
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(kThreads * kLines));
  for (const std::string& line : lines) {
    const std::string message = line.substr(line.size() - 100);
    EXPECT_EQ(message, std::string(100, message[0]));
  }
}

TEST(LogLevel, Names) {
  for (const char* text : {"debug", "info", "notice", "warn", "error", "crit", "alert", "emerg"}) {
    const auto level = parse_level(text);
    ASSERT_TRUE(level) << text;
    EXPECT_EQ(name(*level), text);
  }
  EXPECT_FALSE(parse_level("loud"));
  EXPECT_FALSE(parse_level(""));
}

}  // namespace
}  // namespace hearth::log
