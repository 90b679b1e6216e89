// Servers that the supervisor runs for a module.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>

#include "hearth_process.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

class Embedded : public ::testing::Test {
 protected:
  Embedded() {
    hearth_.directory().write("script.sh",
                              "trap 'echo stopped >> \"$HEARTH_TEST_DIRECTORY/events\"; exit 0' TERM\n"
                              "echo \"started $$ $GREETING\" >> \"$HEARTH_TEST_DIRECTORY/events\"\n"
                              "while :; do sleep 0.05; done\n");
    hearth_.set_environment("HEARTH_TEST_SCRIPT", hearth_.directory().file("script.sh"));
    hearth_.set_environment("HEARTH_TEST_DIRECTORY", hearth_.directory().path());
    hearth_.configure("location / { return 200; }", "load_module " EMBEDDED_TEST_MODULE ";");
  }
  std::string events() { return hearth_.directory().read("events"); }
  std::ptrdiff_t count(const std::string& what) {
    std::ptrdiff_t n = 0;
    const std::string text = events();
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
  }
  pid_t script_pid() {
    const std::string text = events();
    const std::size_t at = text.rfind("started ");
    return at == std::string::npos ? -1 : std::atoi(text.c_str() + at + 8);
  }
  HearthProcess hearth_;
};

TEST_F(Embedded, PreparedStartedAndStoppedLast) {
  ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  ASSERT_TRUE(eventually([&] { return count("started") == 1; }));
  EXPECT_THAT(events(), HasSubstr("prepared\nstarted "));
  EXPECT_THAT(events(), HasSubstr("hello=there"));
  EXPECT_EQ(hearth_.command("quit").status, 0);
  EXPECT_EQ(hearth_.wait(), 0);
  EXPECT_EQ(count("stopped"), 1);
}

TEST_F(Embedded, DiesAndIsStartedAgain) {
  ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  ASSERT_TRUE(eventually([&] { return count("started") == 1; }));
  ::kill(script_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return count("started") == 2; })) << hearth_.errors();
  EXPECT_EQ(count("prepared"), 2);
  EXPECT_TRUE(hearth_.serving());
}

TEST_F(Embedded, OutlivesReloadAndServerCrashButNotTheSupervisor) {
  ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  ASSERT_TRUE(eventually([&] { return count("started") == 1; }));
  const pid_t script = script_pid();
  const pid_t server = hearth_.server_pid();
  EXPECT_EQ(hearth_.command("reload").status, 0);
  ASSERT_TRUE(eventually([&] { return hearth_.server_pid() > 0 && hearth_.server_pid() != server; }));
  ::kill(hearth_.server_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return hearth_.serving(); }));
  EXPECT_EQ(script_pid(), script);
  EXPECT_EQ(count("started"), 1);
  ::kill(hearth_.pid(), SIGKILL);
  EXPECT_EQ(hearth_.wait(), -1);
  EXPECT_TRUE(eventually([&] { return count("stopped") == 1; }));
  EXPECT_TRUE(eventually([&] { return !HearthProcess::alive(script); }));
}

TEST_F(Embedded, MindedWithoutASupervisorToo) {
  hearth_.configure("location / { return 200; }", "master_process off; load_module " EMBEDDED_TEST_MODULE ";");
  ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  ASSERT_TRUE(eventually([&] { return count("started") == 1; }));
  ::kill(script_pid(), SIGKILL);
  ASSERT_TRUE(eventually([&] { return count("started") == 2; }));
  EXPECT_EQ(hearth_.command("stop").status, 0);
  EXPECT_EQ(hearth_.wait(), 0);
  EXPECT_EQ(count("stopped"), 1);
}

}  // namespace
}  // namespace hearth::test
