// Forking: what every child of the supervisor has in common.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "base/result.h"

namespace hearth::server {

// Runs `body` in a child that gets `death_signal` when this process dies, with default signal handling; the child exits
// with its result. Only from a process that has one thread.
Result<pid_t> fork_child(int death_signal, const std::function<int()>& body);

// In a child that is root: becomes that system user, with its groups. "user" or "user:group". Does nothing when empty.
Result<void> drop_privileges(const std::string& user);

// "exited with status 3", "was killed by signal 9 (Killed)".
std::string describe_exit(int wait_status);

}  // namespace hearth::server
