// Acts: what each operation does to the runtime. Every act may be run again after any interruption.
//
// The epoch is confirmed right before every call: a leader that lost its lock stops between two calls, with
// Error{stale}. An act's success proves nothing; an observation does.
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

struct Act {
  Workspace row;                     // with the operation to be carried out
  std::string image;                 // for a row that names none
  std::vector<Uuid> jobs;            // every job of this workspace that was seen; those of other operations go first
  std::vector<std::string> volumes;  // … and every volume: DELETING removes them and the row's own
  std::string archive_key;           // of the operation under way: what ARCHIVING writes
};

// `links` and its members outlive the act.
void run_act(ActLinks& links, const Lifeline& lifeline, Act act, Executor::Finish done);

// Where an act's error becomes the workspace's error_reason, and where a job's end does: the only places.
ErrorReason reason_of(Operation operation, const Error& error);
ErrorReason reason_of_job(Operation operation, int exit_code);

// Names one attempt at an operation; the same after a change of leader.
std::string operation_id(const Workspace& row);

}  // namespace hearth::orchestrator
