// ServerProcess: the process that serves. One loop for signals on the main thread, one thread per worker, and whatever
// threads modules start. QUIT drains and exits; TERM and INT exit at once; USR1 reopens the logs.
#pragma once

#include <memory>

#include "server/configuration.h"
#include "server/listen_sockets.h"

namespace hearth::server {

// Exit status of a server process that could not start: starting it again would not help.
constexpr int kExitCannotStart = 3;

// Runs until told to stop; returns the exit status. `ready_fd` >= 0: one byte is written there once every worker
// accepts.
int run_server(const std::shared_ptr<Configuration>& configuration, const ListenSockets& sockets, int ready_fd);

}  // namespace hearth::server
