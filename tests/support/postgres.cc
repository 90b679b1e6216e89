#include "support/postgres.h"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

namespace hearth::test {

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "test PostgreSQL: %s\n", why.c_str());
  std::abort();
}

std::string newest_programs() {
  glob_t found{};
  std::string best;
  if (glob("/usr/lib/postgresql/*/bin/initdb", 0, nullptr, &found) == 0) {
    int newest = 0;
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      const std::string path = found.gl_pathv[i];
      const int version = std::atoi(path.c_str() + std::string("/usr/lib/postgresql/").size());
      if (version > newest) best = path.substr(0, path.rfind('/'));
      newest = std::max(newest, version);
    }
  }
  globfree(&found);
  if (best.empty()) die("no server programs under /usr/lib/postgresql: apt-get install postgresql");
  return best;
}

// The server refuses to run as root.
const passwd* server_user() {
  if (geteuid() != 0) return nullptr;
  const passwd* user = getpwnam("postgres");
  return user != nullptr ? user : getpwnam("nobody");
}

pid_t spawn(const std::vector<std::string>& arguments, const std::string& log) {
  const passwd* user = server_user();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) die("fork failed");
  if (pid > 0) return pid;
  if (user != nullptr && (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0))
    _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which clears it
  if (getppid() != parent) _exit(0);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(out, 1);
  dup2(out, 2);
  setpgid(0, 0);  // a terminal's Ctrl-C is for the test; the server then ends with it
  if (chdir("/") != 0) _exit(126);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  _exit(127);
}

std::string text_of(const std::string& path) {
  std::string text;
  if (FILE* file = std::fopen(path.c_str(), "r")) {
    char buffer[4096];
    for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
    std::fclose(file);
  }
  return text;
}

// A cluster that is thrown away is best kept in memory, where there is enough: containers often have 64 MiB only.
bool roomy_memory() {
  struct statvfs room {};
  constexpr std::uint64_t kEnough = 2ull << 30;
  return access("/dev/shm", W_OK) == 0 && statvfs("/dev/shm", &room) == 0 && room.f_bavail * room.f_frsize >= kEnough;
}

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

}  // namespace

PostgresServer& PostgresServer::shared() {
  static PostgresServer server;
  return server;
}

PostgresServer::PostgresServer(bool fsync) : programs_(newest_programs()), fsync_(fsync) {
  // With fsync it is asked how long a disk takes.
  directory_ = !fsync && roomy_memory() ? "/dev/shm/hearth-test-pg-XXXXXX" : "/tmp/hearth-test-pg-XXXXXX";
  if (mkdtemp(directory_.data()) == nullptr) die("mkdtemp failed");
  if (const passwd* user = server_user(); user != nullptr) {
    if (chown(directory_.c_str(), user->pw_uid, user->pw_gid) != 0) die("chown failed");
  }
  const pid_t initdb = spawn({programs_ + "/initdb", "-D", directory_ + "/data", "-U", "postgres", "-A", "trust", "-E",
                              "UTF8", "--locale=C", "--no-sync"},
                             directory_ + "/log");
  int status = 0;
  if (waitpid(initdb, &status, 0) != initdb || status != 0) die("initdb failed:\n" + text_of(directory_ + "/log"));
  start();
}

PostgresServer::~PostgresServer() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void PostgresServer::start() {
  pid_ = spawn({programs_ + "/postgres", "-D", directory_ + "/data", "-c", fsync_ ? "fsync=on" : "fsync=off", "-c",
                "listen_addresses=", "-c", "unix_socket_directories=" + directory_, "-c",
                "unix_socket_permissions=0777", "-c", "max_connections=80", "-c", "shared_buffers=16MB"},
               directory_ + "/log");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (PQping(conninfo().c_str()) != PQPING_OK) {
    if (std::chrono::steady_clock::now() > deadline || waitpid(pid_, nullptr, WNOHANG) == pid_) {
      die("the server did not start:\n" + text_of(directory_ + "/log"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void PostgresServer::stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGQUIT);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string PostgresServer::conninfo(const std::string& database) const {
  return "host=" + directory_ + " port=5432 user=postgres dbname=" + database;
}

std::string PostgresServer::create_database() {
  std::string name = "test_" + std::to_string(++databases_);
  sql("postgres", "CREATE DATABASE " + name);
  return name;
}

std::string PostgresServer::sql(const std::string& database, const std::string& text) const {
  const Connection connection(PQconnectdb(conninfo(database).c_str()), PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), text.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) die(text + ": " + PQerrorMessage(connection.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace hearth::test
