// Route: what a worker must know to carry a workspace's traffic. The orchestrator's thread keeps the master copy and
// posts changes to every worker as immutable deltas; workers read only their own table. No locks.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "orchestrator/model/workspace.h"
#include "runtime/address.h"

namespace hearth::orchestrator {

struct Route {
  Uuid workspace;
  Uuid owner;
  std::string name;
  Phase phase = Phase::pending;
  DesiredState desired = DesiredState::running;
  Operation operation = Operation::none;
  SocketAddress address;  // empty unless RUNNING
  std::string error_reason;
  std::string error_message;
  bool on_its_way_up = false;
};

struct RouteDelta {
  std::vector<Route> upserts;
  std::vector<Uuid> removals;
  bool complete = false;  // a whole table: forget what is not in it
};

using RouteTable = std::unordered_map<Uuid, Route>;

}  // namespace hearth::orchestrator
