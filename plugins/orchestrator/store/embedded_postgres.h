// `database embedded`: a private PostgreSQL under the data directory, run by the supervisor (hearth/module.h,
// EmbeddedServer), reachable over a unix socket only.
//
// Layout under data_dir/postgres (mode 0700, owner = the server's system user): data/ (the cluster), log/, socket/.
// The system user, when we are root: the gateway's `user`, else `postgres`, else `nobody`. Role `hearth`, database
// `hearth`; made beside data/ and renamed, so that a crash leaves no half-made cluster. An existing cluster is run with
// the programs of its own major version.
// Who may connect is decided by the socket directory: only its owner and root can enter it, hence `trust` in
// pg_hba.conf. A socket path longer than the kernel takes moves to /run (or /tmp) under a name made from data_dir.
#pragma once

#include <string>

#include "base/result.h"
#include "hearth/module.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator {

// Directory of the newest installed server programs (initdb and postgres), or an error that names the package.
// Looks in /usr/lib/postgresql/*/bin, `pg_config --bindir` and PATH; HEARTH_POSTGRES_BIN overrides.
Result<std::string> find_postgres_programs();

// Where the server's socket is; the "host" of a connection string.
std::string embedded_socket_directory(const OrchestratorSettings& settings);

// The server's description. Called when the configuration has been read; writes nothing. `server_user` is the system
// user that the gateway's own server process runs as ("" = as the supervisor does). prepare() and the server itself are
// to be started with the supervisor's rights and with `EmbeddedServer::user`'s respectively.
Result<EmbeddedServer> embedded_postgres(const OrchestratorSettings& settings, const std::string& server_user = {});

}  // namespace hearth::orchestrator
