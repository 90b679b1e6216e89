// From what the runtime showed of one workspace to its conditions. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "orchestrator/archives/archive_store.h"
#include "orchestrator/decide/judge.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

struct Seen {
  const ObservedContainer* container = nullptr;
  const std::vector<ObservedVolume>* volumes = nullptr;
  bool ready = false;  // this container has answered its probe
  const std::vector<ObservedJob>* jobs = nullptr;
  bool archives_listed = false;
  const WorkspaceArchives* archives = nullptr;  // null although listed: there are none
};

// Transition times of conditions whose status has not changed are kept from `before`.
Conditions conditions_of(const Workspace& row, const Seen& seen, const Conditions& before, WallTime now);

// The job of that operation; null when there is none.
const ObservedJob* find_job(const std::vector<ObservedJob>* jobs, const Uuid& operation);

// The engine's id of the container that `conditions` calls ready, as far as it was stored; empty when none is.
std::string_view ready_container(const Conditions& conditions);
// Is it this one? The stored form is shortened.
bool is_ready_container(const Conditions& conditions, std::string_view runtime_id);

}  // namespace hearth::orchestrator
