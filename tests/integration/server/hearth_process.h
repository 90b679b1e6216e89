// HearthProcess: the real program as a child of the test, with a directory of its own. Killed, with every process it
// started, when the test ends.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

#include "support/gateway/gateway.h"

namespace hearth::test {

struct Finished {
  int status = -1;  // exit status; -1 = killed by a signal, or still running
  std::string out;
  std::string err;
};

// Runs the program to its end.
Finished run_hearth(const std::vector<std::string>& arguments);

class HearthProcess {
 public:
  HearthProcess() : port_(free_port()) {}
  ~HearthProcess();

  const TemporaryDirectory& directory() const { return directory_; }
  std::uint16_t port() const { return port_; }
  // `server` goes inside the server block; `main` to the top of the file.
  void configure(const std::string& server, const std::string& main = {}, const std::string& http = {});
  void set_environment(const std::string& name, const std::string& value) { environment_[name] = value; }

  void start();
  bool start_and_wait();  // until it serves
  bool serving() const;
  int wait();  // until it has ended; its exit status, -1 for a signal
  bool ended();
  Finished command(const std::string& signal);  // hearth -s signal
  pid_t pid() const { return pid_; }
  pid_t server_pid() const;  // of the newest server process; -1 = none
  std::vector<pid_t> descendants() const;
  static bool alive(pid_t pid);  // exists and is no zombie
  std::string errors() const { return directory_.read("stderr"); }
  std::vector<std::string> arguments() const;

 private:
  TemporaryDirectory directory_;
  std::uint16_t port_;
  std::map<std::string, std::string> environment_;
  pid_t pid_ = -1;
};

}  // namespace hearth::test
