// ListenSockets: every listening socket of a configuration, opened by the supervisor, inherited by the server process.
//
// One socket per address and worker (SO_REUSEPORT), so that each worker has its own accept queue; a unix address has
// one socket that all workers share. Before the group is opened the address is bound once without SO_REUSEPORT: a
// second hearth on the same port must fail, not silently share the traffic.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "config/settings.h"

namespace hearth::server {

struct ListenSocket {
  SocketAddress address;
  std::vector<Fd> per_worker;  // one for TCP per worker; exactly one for unix
  int fd_for(unsigned worker) const { return per_worker[worker % per_worker.size()].get(); }
};

class ListenSockets {
 public:
  // Sockets of `previous` that are still wanted are shared (dup), so that no connection is lost on reload and
  // `previous` stays whole in case the new configuration does not come up. Errors name the file and line of the
  // `listen`. A busy port is tried again for two seconds.
  static Result<ListenSockets> open(const config::Settings& settings, const ListenSockets& previous);

  const std::vector<ListenSocket>& all() const { return sockets_; }
  bool empty() const { return sockets_.empty(); }

 private:
  std::vector<ListenSocket> sockets_;
};

}  // namespace hearth::server
