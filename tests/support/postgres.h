// PostgresServer: a real PostgreSQL for tests, private, on a unix socket (and a loopback port when asked for) in a
// temporary directory. It dies with the test program, however that ends. As root it runs as `postgres` or `nobody`.
//
// Blocking; call it from the test's thread. Failures abort the program: without a server no test can say anything.
#pragma once

#include <sys/types.h>

#include <string>

namespace hearth::test {

class PostgresServer {
 public:
  // Started at first use, stopped when the program ends. One per test program is enough: take a database per test.
  static PostgresServer& shared();

  // Without `fsync` a crash of the machine may lose data, and commits are as fast as memory.
  explicit PostgresServer(bool fsync = false);
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  std::string conninfo(const std::string& database = "postgres") const;
  // A new empty database; returns its name.
  std::string create_database();

  // Runs SQL in `database` and returns the first column of the first row, "" when there is none.
  std::string sql(const std::string& database, const std::string& text) const;

  void stop();   // at once, as a crash would (SIGQUIT)
  void start();  // the same data; returns when it answers
  pid_t pid() const { return pid_; }
  const std::string& socket_directory() const { return directory_; }

 private:
  std::string directory_;
  std::string programs_;
  bool fsync_;
  pid_t pid_ = -1;
  int databases_ = 0;
};

}  // namespace hearth::test
