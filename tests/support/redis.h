// RedisServer: a real redis-server for tests, private, on a unix socket and a free loopback port, nothing on disk but
// the socket. It dies with the test program, however that ends.
//
// Blocking; call it from the test's thread. Failures abort the program: without a server no test can say anything.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace hearth::test {

class RedisServer {
 public:
  explicit RedisServer(std::string password = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::string socket() const { return directory_ + "/redis.sock"; }
  std::string url() const;      // through the unix socket
  std::string tcp_url() const;  // through 127.0.0.1

  void stop();     // at once, as a crash would (SIGKILL)
  void start();    // empty; returns when it answers
  void suspend();  // SIGSTOP: connections stay, nothing is answered
  void resume();

  // One command on a connection of its own; the reply as text, "(nil)" for nil, elements separated by spaces.
  std::string command(const std::vector<std::string>& words) const;

 private:
  std::string directory_;
  std::string password_;
  unsigned short port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace hearth::test
