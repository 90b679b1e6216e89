// Signals, crashes and the pid file.
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "hearth_process.h"
#include "server/child.h"

namespace hearth::test {
namespace {

using ::testing::HasSubstr;

class Supervisor : public ::testing::TestWithParam<int> {
 protected:
  void up(const std::string& server = "location / { return 200 one; }", const std::string& main = {}) {
    hearth_.configure(server, main);
    ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
  }
  HearthProcess hearth_;
};

TEST_F(Supervisor, StopEndsEverythingAtOnce) {
  up();
  const auto children = hearth_.descendants();
  EXPECT_EQ(hearth_.directory().read("logs/hearth.pid"), std::to_string(hearth_.pid()) + "\n");
  EXPECT_EQ(hearth_.command("stop").status, 0);
  EXPECT_EQ(hearth_.wait(), 0);
  EXPECT_EQ(hearth_.directory().read("logs/hearth.pid"), "");
  EXPECT_FALSE(hearth_.serving());
  for (const pid_t pid : children) EXPECT_FALSE(HearthProcess::alive(pid));
}

TEST_F(Supervisor, QuitDrainsASlowDownload) {
  ScriptedServer origin([](ScriptedPeer& peer) {
    peer.read_head();
    peer.send(ok(std::string(8 << 20, 'd')));
    peer.wait_for_close();
  });
  up("location / { return 200; } location /d { proxy_pass http://127.0.0.1:" + std::to_string(origin.port()) + "; }");
  RawClient client(hearth_.port(), 8192);
  client.send("GET /d HTTP/1.1\r\nHost: h\r\n\r\n").read_until("\r\n\r\n");
  EXPECT_EQ(hearth_.command("quit").status, 0);
  EXPECT_TRUE(eventually([&] { return !hearth_.serving(); }));
  EXPECT_EQ(client.read_exactly(8 << 20).size(), 8u << 20);
  EXPECT_EQ(hearth_.wait(), 0);
}

TEST_F(Supervisor, ReopenWritesToANewFile) {
  up("access_log logs/a.log; location / { return 200; }");
  const std::string path = hearth_.directory().file("logs/a.log");
  ASSERT_TRUE(eventually([&] { return !hearth_.directory().read("logs/a.log").empty(); }));
  ASSERT_EQ(::rename(path.c_str(), (path + ".1").c_str()), 0);
  EXPECT_EQ(hearth_.command("reopen").status, 0);
  EXPECT_TRUE(eventually([&] { return ::access(path.c_str(), F_OK) == 0; }));
  EXPECT_TRUE(hearth_.serving());
}

TEST_F(Supervisor, KilledServerIsBackWithinASecond) {
  up();
  for (int i = 0; i < 2; ++i) {
    const pid_t server = hearth_.server_pid();
    ASSERT_GT(server, 0);
    const SteadyTime begin = SteadyClock::now();
    ASSERT_EQ(::kill(server, SIGKILL), 0);
    EXPECT_TRUE(eventually([&] { return hearth_.server_pid() != server && hearth_.serving(); }));
    EXPECT_LT(SteadyClock::now() - begin, Milliseconds(1000));
  }
  EXPECT_THAT(hearth_.errors(), HasSubstr("was killed by signal 9"));
}

TEST_F(Supervisor, KilledSupervisorLeavesNothingAndStartsAgainAtOnce) {
  up("location / { return 200; }");
  for (int i = 0; i < 3; ++i) {
    const auto children = hearth_.descendants();
    ASSERT_FALSE(children.empty());
    ::kill(hearth_.pid(), SIGKILL);
    EXPECT_EQ(hearth_.wait(), -1);
    ASSERT_TRUE(hearth_.start_and_wait()) << hearth_.errors();
    for (const pid_t pid : children) EXPECT_FALSE(HearthProcess::alive(pid)) << pid;
  }
}

TEST_F(Supervisor, RunsWithoutASupervisorToo) {
  up("location / { return 200; }", "master_process off;");
  EXPECT_EQ(hearth_.server_pid(), -1);
  EXPECT_EQ(hearth_.command("quit").status, 0);
  EXPECT_EQ(hearth_.wait(), 0);
}

// The kernel forgets the death signal when a process changes its user.
TEST(Child, KeepsItsDeathSignalWhenPrivilegesAreDropped) {
  if (::geteuid() != 0) return;  // nothing to drop
  auto pid = server::fork_child(SIGKILL, [] {
    if (!server::drop_privileges("nobody")) return 1;
    int signal = 0;
    ::prctl(PR_GET_PDEATHSIG, &signal);
    return signal == SIGKILL ? 0 : 2;
  });
  ASSERT_TRUE(pid);
  int status = 0;
  ::waitpid(*pid, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace hearth::test
