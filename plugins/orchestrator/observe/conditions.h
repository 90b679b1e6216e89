// From what the runtime showed of one workspace to its conditions. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "orchestrator/decide/judge.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

struct Seen {
  const ObservedContainer* container = nullptr;
  const std::vector<ObservedVolume>* volumes = nullptr;
  bool ready = false;  // this container has answered its probe
};

// Transition times of conditions whose status has not changed are kept from `before`.
Conditions conditions_of(const Workspace& row, const Seen& seen, const Conditions& before, WallTime now);

// The engine's id of the container that `conditions` calls ready, as far as it was stored; empty when none is.
std::string_view ready_container(const Conditions& conditions);
// Is it this one? The stored form is shortened.
bool is_ready_container(const Conditions& conditions, std::string_view runtime_id);

}  // namespace hearth::orchestrator
