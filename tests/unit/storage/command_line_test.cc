#include "command_line.h"

#include <gtest/gtest.h>

#include <map>

namespace hearth::storage_job {
namespace {

Outcome<CommandLine> parse(std::vector<std::string> arguments, std::map<std::string, std::string> environment = {}) {
  return parse_command_line(
      arguments,
      [&](const char* name) {
        const auto it = environment.find(name);
        return it == environment.end() ? std::nullopt : std::optional<std::string>(it->second);
      },
      false);
}

TEST(CommandLine, TakesTheEnvironment) {
  const auto line = parse({"restore"}, {{"ARCHIVE_URL", "s3://b/k"},
                                        {"RESTORE_OP_ID", "op"},
                                        {"RESTORE_MARKER_URL", "s3://b/m"},
                                        {"AWS_REGION", "eu-1"},
                                        {"AWS_ACCESS_KEY_ID", "a:b"},
                                        {"STORAGE_RETRY_SECONDS", "7"}});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->command, Command::restore);
  EXPECT_EQ(line->settings.data_dir, "/data");
  EXPECT_EQ(line->settings.restore_op_id, "op");
  EXPECT_EQ(line->settings.s3.region, "eu-1");
  EXPECT_EQ(line->settings.s3.credentials.access_key, "a:b");
  EXPECT_EQ(line->settings.s3.transport.retry_budget, std::chrono::seconds(7));
}

TEST(CommandLine, FlagsWin) {
  const auto line =
      parse({"archive", "--url", "file:///x", "--level", "5"}, {{"ARCHIVE_URL", "s3://b/k"}, {"ZSTD_LEVEL", "9"}});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->settings.archive_url, "file:///x");
  EXPECT_EQ(line->settings.level, 5);
}

TEST(CommandLine, WrongUseIsExitTwo) {
  const std::map<std::string, std::string> url = {{"ARCHIVE_URL", "s3://b/k"}};
  auto with = [&](const char* name, const char* value) {
    auto out = url;
    out[name] = value;
    return out;
  };
  for (const auto& line :
       {parse({}, url), parse({"steal"}, url), parse({"archive"}), parse({"archive", "--nope"}, url),
        parse({"archive"}, with("ZSTD_LEVEL", "fast")), parse({"archive"}, with("ZSTD_LEVEL", "0")),
        parse({"archive"}, with("AWS_ENDPOINT_URL", "host")), parse({"restore"}, with("RESTORE_OP_ID", "op")),
        parse({"restore"}, with("RESTORE_MARKER_URL", "nowhere"))}) {
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().exit, Exit::usage) << line.error().message;
  }
  EXPECT_EQ(parse({"--help"}).error().exit, Exit::done);
}

TEST(Report, ForeignBytesBecomeText) {
  EXPECT_EQ(printable("a\nb\xff\x1b\xc3\xa9"), "a\\x0ab\\xff\\x1b\xc3\xa9");
  EXPECT_EQ(human_bytes(512), "512 B");
  EXPECT_EQ(human_bytes(3.0 * 1024 * 1024), "3.0 MiB");
}

}  // namespace
}  // namespace hearth::storage_job
