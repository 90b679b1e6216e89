// Acts: what each operation does to the runtime. Every act may be run again after any interruption.
//
// The epoch is confirmed right before every call that can destroy something: a leader that lost its lock stops between
// two calls, with Error{stale}. An act's success proves nothing; an observation does.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/act/executor.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

struct ActLinks {
  WorkspaceRuntime& runtime;
  UniqueFunction<void(UniqueFunction<void(Result<void>)>)> confirm_epoch;
};

// `links` and its members outlive the act. `volumes` is every volume of this workspace that has been seen: DELETING
// removes them and the row's own.
void run_act(ActLinks& links, const Lifeline& lifeline, const Workspace& row, const std::string& default_image,
             std::vector<std::string> volumes, Executor::Finish done);

// Where an act's error becomes the workspace's error_reason: the only place.
ErrorReason reason_of(Operation operation, const Error& error);

// Names one attempt at an operation; the same after a change of leader.
std::string operation_id(const Workspace& row);

}  // namespace hearth::orchestrator
