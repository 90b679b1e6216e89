// The program's arguments and what it says when something is wrong.
#include <gmock/gmock.h>

#include "hearth_process.h"

namespace hearth::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Finished test_of(const std::string& text, std::vector<std::string> flags = {"-t"}) {
  const TemporaryDirectory directory;
  directory.write("c.conf", text);
  flags.insert(flags.end(), {"-c", directory.file("c.conf"), "-p", directory.path()});
  return run_hearth(flags);
}

TEST(CommandLine, Versions) {
  const Finished brief = run_hearth({"-v"});
  EXPECT_EQ(brief.status, 0);
  EXPECT_THAT(brief.err, HasSubstr("hearth version: hearth/"));
  const Finished verbose = run_hearth({"-V"});
  EXPECT_EQ(verbose.status, 0);
  EXPECT_THAT(verbose.err, AllOf(HasSubstr("hearth/"), HasSubstr("build: "), HasSubstr("libuv")));
}

TEST(CommandLine, HelpNamesEveryOption) {
  const Finished help = run_hearth({"-h"});
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, AllOf(HasSubstr("-c"), HasSubstr("-p"), HasSubstr("-g"), HasSubstr("-t"), HasSubstr("-T"),
                              HasSubstr("-s"), HasSubstr("reload")));
}

TEST(CommandLine, WrongArguments) {
  EXPECT_NE(run_hearth({"--nonsense"}).status, 0);
  EXPECT_THAT(run_hearth({"-s", "dance"}).err, HasSubstr("dance"));
}

TEST(CommandLine, TestOfAGoodFile) {
  const std::string good = "http { server { listen 127.0.0.1:8080; location / { return 200; } } }\n";
  const Finished tested = test_of(good);
  EXPECT_EQ(tested.status, 0);
  EXPECT_THAT(tested.err, AllOf(HasSubstr("c.conf syntax is ok"), HasSubstr("test is successful")));
  const Finished dumped = test_of(good, {"-T"});
  EXPECT_EQ(dumped.status, 0);
  EXPECT_THAT(dumped.out, AllOf(HasSubstr("# configuration file "), HasSubstr(good)));
  EXPECT_EQ(test_of(good, {"-t", "-q"}).err, "");
}

TEST(CommandLine, ErrorsNameFileAndLine) {
  const Finished unknown = test_of("http {\n  server {\n    listen 127.0.0.1:8080;\n    locaton / { }\n  }\n}\n");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("c.conf:4: "), HasSubstr("locaton"), HasSubstr("\"location\""),
                                 HasSubstr("test failed")));
  EXPECT_THAT(test_of("http {\n server {\n").err, HasSubstr("c.conf:3: "));
  EXPECT_THAT(test_of("\nworker_threads many;\n").err, AllOf(HasSubstr("c.conf:2: "), HasSubstr("many")));
  EXPECT_THAT(test_of("load_module none.so;\n").err, AllOf(HasSubstr("c.conf:1: "), HasSubstr("none.so")));
}

TEST(CommandLine, MissingFile) {
  const Finished missing = run_hearth({"-c", "/nonexistent/hearth.conf"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent/hearth.conf"));
}

TEST(CommandLine, SignalWithoutAHearth) {
  HearthProcess hearth;
  hearth.configure("location / { return 200; }");
  const Finished none = hearth.command("reload");
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.err, HasSubstr("hearth is not running"));
}

TEST(CommandLine, PortInUse) {
  HearthProcess first;
  first.configure("location / { return 200; }");
  ASSERT_TRUE(first.start_and_wait()) << first.errors();
  const TemporaryDirectory directory;
  directory.write("c.conf", "http {\n server {\n listen 127.0.0.1:" + std::to_string(first.port()) + ";\n } }\n");
  const Finished second = run_hearth({"-c", directory.file("c.conf"), "-p", directory.path()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, AllOf(HasSubstr("c.conf:3: "), HasSubstr(std::to_string(first.port())), HasSubstr("in use"),
                                HasSubstr("choose another port")));
  EXPECT_TRUE(first.serving());
}

TEST(CommandLine, SamePidFile) {
  HearthProcess first;
  first.configure("location / { return 200; }");
  ASSERT_TRUE(first.start_and_wait()) << first.errors();
  first.directory().write(
      "other.conf", "pid logs/hearth.pid; http { server { listen 127.0.0.1:" + std::to_string(free_port()) + "; } }\n");
  const Finished second = run_hearth({"-c", first.directory().file("other.conf"), "-p", first.directory().path()});
  EXPECT_EQ(second.status, 1);
  EXPECT_THAT(second.err, AllOf(HasSubstr("already running"), HasSubstr(std::to_string(first.pid()))));
}

TEST(CommandLine, WorkerConnectionsThatCannotFit) {
  HearthProcess hearth;
  hearth.configure("location / { return 200; }", "events { worker_connections 90000000; }");
  hearth.start();
  EXPECT_EQ(hearth.wait(), 1);
  EXPECT_THAT(hearth.errors(), AllOf(HasSubstr("worker_connections 90000000"), HasSubstr("or less")));
}

}  // namespace
}  // namespace hearth::test
