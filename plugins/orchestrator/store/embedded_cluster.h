// The steps behind EmbeddedServer::prepare: directories, the cluster itself, its configuration. Private to this folder.
// Blocking, in a child process of the supervisor. Every step may be killed and run again.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace hearth::orchestrator {

struct EmbeddedCluster {
  std::string programs;  // directory of initdb and postgres
  std::string data_dir;  // the orchestrator's
  std::string base;      // data_dir/postgres
  std::string socket_directory;
  std::string user;  // "" = whoever we are

  std::string data() const { return base + "/data"; }
  std::string making() const { return base + "/data.making"; }
  std::string log() const { return base + "/log"; }
};

// Directories, owners, no server left over from an earlier life; then, with the user's rights, the cluster.
Result<void> prepare_cluster(const EmbeddedCluster& cluster);

// With the user's rights: initdb when there is no cluster yet, configuration files.
Result<void> make_cluster(const EmbeddedCluster& cluster);

// Ends every server process that works in `data` (a supervisor was killed and its server has not noticed yet): fast
// shutdown, after `patience` immediate. Removes a postmaster.pid that names a process which is no server of ours.
Result<void> stop_leftover_server(const std::string& data, int patience_seconds = 20);

}  // namespace hearth::orchestrator
