#include "orchestrator/store/embedded_postgres.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/fd.h"
#include "orchestrator/store/database.h"
#include "orchestrator/store/migrations.h"
#include "support/loop_until.h"

namespace hearth::orchestrator {
namespace {

namespace fs = std::filesystem;
using test::run_until;

// Starts and stops the server as a supervisor does.
class EmbeddedTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/hearth-embedded-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    chmod(name, 0755);
    settings_.data_dir = root_ + "/data";
  }
  void TearDown() override {
    stop(SIGINT);
    unsetenv("HEARTH_POSTGRES_BIN");
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  std::string cluster() const { return settings_.data_dir + "/postgres/data"; }

  // prepare() in a child, as its contract says; what it wrote to standard error is kept.
  int prepare(const EmbeddedServer& server) {
    const std::string log = root_ + "/prepare.log";
    const pid_t pid = fork();
    if (pid == 0) {
      const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      dup2(out, 2);
      _exit(server.prepare());
    }
    int status = 0;
    waitpid(pid, &status, 0);
    prepare_log_ = read_file(log).value_or("");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  void start(const EmbeddedServer& server) {
    pid_ = fork();
    if (pid_ != 0) return;
    if (!server.user.empty()) {
      const passwd* user = getpwnam(server.user.c_str());
      if (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    std::vector<char*> argv;
    for (const std::string& argument : server.argv) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }

  void stop(int signal) {
    if (pid_ <= 0) return;
    kill(pid_, signal);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  void prepare_and_start() {
    auto server = embedded_postgres(settings_);
    ASSERT_TRUE(server) << server.error().message;
    ASSERT_EQ(prepare(*server), 0) << prepare_log_;
    start(*server);
  }

  std::string ask(const std::string& sql) {
    PgOptions options = database_options(settings_);
    options.statement_timeout = Milliseconds(20000);
    PgConnection connection(loop_, options, {});
    std::optional<Result<PgResult>> answer;
    connection.query({sql, {}}, [&](Result<PgResult> result) { answer = std::move(result); });
    EXPECT_TRUE(run_until(
        loop_, [&] { return answer.has_value(); }, Milliseconds(30000)));
    if (!answer || !*answer) {
      ADD_FAILURE() << (answer ? answer->error().message : "no answer");
      return {};
    }
    return (*answer)->rows() > 0 ? std::string((*answer)->text(0, 0)) : std::string();
  }

  Loop loop_;
  OrchestratorSettings settings_;
  std::string root_;
  std::string prepare_log_;
  pid_t pid_ = -1;
};

TEST_F(EmbeddedTest, IsMadeServesAndKeepsItsData) {
  prepare_and_start();
  EXPECT_EQ(ask("SELECT current_user || '@' || current_database()"), "hearth@hearth");
  EXPECT_EQ(ask("SHOW listen_addresses"), "");
  EXPECT_EQ(ask("SHOW fsync"), "on");
  EXPECT_EQ(ask("SHOW max_connections"), "50");
  bool migrated = false;
  {
    MigrationRun::Events events;
    events.done = [&] { migrated = true; };
    const MigrationRun run(loop_, migration_database_options(settings_), std::move(events));
    EXPECT_TRUE(run_until(loop_, [&] { return migrated; }));
  }
  ask("INSERT INTO users (username, password_hash) VALUES ('ada', 'x')");
  stop(SIGINT);
  prepare_and_start();
  EXPECT_EQ(ask("SELECT username FROM users"), "ada");
}

TEST_F(EmbeddedTest, OnlyItsOwnerEntersTheSocketDirectory) {
  prepare_and_start();
  ask("SELECT 1");
  struct stat found {};
  ASSERT_EQ(stat(embedded_socket_directory(settings_).c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((settings_.data_dir + "/postgres").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0700u);
  EXPECT_NE(found.st_uid, 0u) << "never root's";
}

TEST_F(EmbeddedTest, ACrashAndAStalePidFileAreNoObstacle) {
  prepare_and_start();
  ask("CREATE TABLE t AS SELECT 7 AS n");
  const std::string pid_file = read_file(cluster() + "/postmaster.pid").value();
  stop(SIGKILL);
  // The number of the dead server now belongs to somebody else: to us.
  const std::string stale = std::to_string(getpid()) + pid_file.substr(pid_file.find('\n'));
  std::ofstream(cluster() + "/postmaster.pid") << stale;
  prepare_and_start();
  EXPECT_EQ(ask("SELECT n FROM t"), "7");
}

TEST_F(EmbeddedTest, AServerOfAnEarlierLifeIsStopped) {
  prepare_and_start();
  ask("CREATE TABLE t AS SELECT 8 AS n");
  const pid_t earlier = pid_;
  auto server = embedded_postgres(settings_);
  ASSERT_TRUE(server);
  std::thread reaper([earlier] { waitpid(earlier, nullptr, 0); });
  EXPECT_EQ(prepare(*server), 0) << prepare_log_;
  reaper.join();
  EXPECT_NE(kill(earlier, 0), 0) << "still running";
  start(*server);
  EXPECT_EQ(ask("SELECT n FROM t"), "8");
}

TEST_F(EmbeddedTest, AHalfMadeClusterIsThrownAway) {
  auto server = embedded_postgres(settings_);
  ASSERT_TRUE(server);
  // Killed in the middle of initdb, at several depths; then once to the end.
  for (const int ms : {30, 150, 400}) {
    const pid_t pid = fork();
    if (pid == 0) _exit(server->prepare());
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));  // any moment will do
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
  }
  prepare_and_start();
  EXPECT_EQ(ask("SELECT 1"), "1");
  EXPECT_FALSE(fs::exists(settings_.data_dir + "/postgres/data.making"));
}

TEST_F(EmbeddedTest, ALongDataDirectoryGetsAShortSocketPath) {
  settings_.data_dir = root_ + "/" + std::string(60, 'x') + "/" + std::string(60, 'y');
  const std::string directory = embedded_socket_directory(settings_);
  EXPECT_LT(directory.size(), 90u);
  EXPECT_EQ(directory, embedded_socket_directory(settings_));
  prepare_and_start();
  EXPECT_EQ(ask("SELECT 1"), "1");
  stop(SIGINT);
  fs::remove_all(directory);
}

TEST_F(EmbeddedTest, MissingProgramsAreNamedWithTheRemedy) {
  setenv("HEARTH_POSTGRES_BIN", "/nonexistent", 1);
  const auto server = embedded_postgres(settings_);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::not_found);
  EXPECT_NE(server.error().message.find("apt-get install postgresql"), std::string::npos) << server.error().message;
  EXPECT_NE(server.error().message.find("database postgres://"), std::string::npos) << server.error().message;
  EXPECT_FALSE(fs::exists(settings_.data_dir)) << "describing writes nothing";
}

TEST_F(EmbeddedTest, AClusterOfAnotherVersionIsNamed) {
  fs::create_directories(cluster());
  std::ofstream(cluster() + "/PG_VERSION") << "9\n";
  const auto server = embedded_postgres(settings_);
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("PostgreSQL 9"), std::string::npos) << server.error().message;
  EXPECT_NE(server.error().message.find("postgresql-9"), std::string::npos) << server.error().message;
}

TEST_F(EmbeddedTest, ADirectoryTheUserCannotEnterIsNamed) {
  if (geteuid() != 0) return;  // without root there is no other user
  fs::create_directories(root_ + "/closed");
  chmod((root_ + "/closed").c_str(), 0700);
  settings_.data_dir = root_ + "/closed/data";
  auto server = embedded_postgres(settings_);
  ASSERT_TRUE(server);
  EXPECT_EQ(prepare(*server), 1);
  EXPECT_NE(prepare_log_.find("cannot enter " + root_ + "/closed:"), std::string::npos) << prepare_log_;
}

}  // namespace
}  // namespace hearth::orchestrator
