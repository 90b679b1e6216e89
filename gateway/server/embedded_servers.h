// EmbeddedServers: runs what modules ask for (a private PostgreSQL): prepare, start, start again with backoff, stop.
// Driven by the supervisor's loop; no thread of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <vector>

#include "base/clock.h"
#include "hearth/module.h"

namespace hearth::server {

class EmbeddedServers {
 public:
  // Servers already running are kept, by name.
  void configure(std::vector<EmbeddedServer> wanted);
  // Starts what is due. Call after every event.
  void advance(SteadyTime now);
  SteadyTime next_event() const;  // when advance() has something to do; SteadyTime::max() = nothing
  bool on_exit(pid_t pid, int wait_status, SteadyTime now);  // false: not one of ours
  // Sends every server its stop signal, the last started first, and waits; past its timeout a server is killed.
  void stop_all();

 private:
  static constexpr Milliseconds kFirstBackoff{200};
  static constexpr Milliseconds kLastBackoff{10000};
  static constexpr Milliseconds kStableAfter{30000};  // running this long forgets earlier failures

  struct Entry {
    EmbeddedServer server;
    enum class State { waiting, preparing, running } state = State::waiting;
    pid_t pid = -1;
    SteadyTime due{};  // waiting: when to prepare
    SteadyTime started{};
    Milliseconds backoff = kFirstBackoff;
    bool prepared = false;
  };
  void prepare(Entry& entry);
  void launch(Entry& entry, SteadyTime now);
  void wait_again(Entry& entry, SteadyTime now);

  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace hearth::server
