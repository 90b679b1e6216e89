// Supervisor: the process that stays. It owns the listening sockets, the pid file, the signals and the embedded
// servers, and keeps one server process running; it serves nothing and holds no thread, so that there is little in it
// to fail.
//
//   HUP   read the configuration; start a server process on it; when that accepts, let the old one drain
//   QUIT  drain and exit      TERM, INT  exit at once      USR1  reopen logs
//
// A server process that dies is started again at once, after a second death within a second 500 ms later.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "base/clock.h"
#include "server/configuration.h"
#include "server/embedded_servers.h"
#include "server/listen_sockets.h"
#include "server/pid_file.h"

namespace hearth::server {

class Supervisor {
 public:
  Supervisor(CommandLine options, std::shared_ptr<Configuration> configuration);

  int run();  // exit status of the program

 private:
  struct Generation {
    std::shared_ptr<Configuration> configuration;
    ListenSockets sockets;
    pid_t pid = -1;
    Fd ready;  // one byte comes when it accepts
    bool accepting = false;
    SteadyTime started{};
  };

  Result<void> set_up();
  void spawn(Generation& generation);
  void on_signal(int number);
  void on_child(pid_t pid, int wait_status);
  void on_server_exit(int wait_status);
  void on_ready();
  void reload();
  void begin_stop(int signal);
  Milliseconds wait_time() const;
  void wait_for_events();
  std::vector<EmbeddedServer> wanted_servers(const Configuration& configuration) const;

  CommandLine options_;
  Fd signal_fd_;
  std::unique_ptr<PidFile> pid_file_;
  EmbeddedServers embedded_;
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> next_;  // being started by a reload
  std::vector<pid_t> retiring_;
  SteadyTime restart_at_ = SteadyTime::max();
  SteadyTime kill_at_ = SteadyTime::max();
  bool stopping_ = false;
  int exit_status_ = 0;
};

// `master_process off`: server and supervisor in one; only embedded servers have a process that minds them.
int run_without_supervisor(std::shared_ptr<Configuration> configuration);

}  // namespace hearth::server
