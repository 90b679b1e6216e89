// Decide: the controller's whole judgement about one workspace at one moment, as a pure function from what is known to
// the one thing to do next. The coordinator carries it out; it decides nothing itself.
#pragma once

#include <string>

#include "orchestrator/decide/judge.h"
#include "orchestrator/decide/planner.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

// What was observed of the storage operation under way (ARCHIVING, CREATE_EMPTY_ARCHIVE, RESTORING).
struct StorageView {
  enum class Job { absent, running, succeeded, failed };
  Job job = Job::absent;
  ErrorReason job_reason = ErrorReason::none;  // why it failed
  std::string job_message;
  bool listed = false;    // this leader has listed the archives
  bool archived = false;  // … and this operation's object and its .meta are there
  bool recorded = false;  // the row's archive_key names this operation's object
  bool restored = false;  // the restore marker names this operation and the row's archive_key
  bool source_listed = false;  // what the row's archive_key names and its .meta are there
  bool final = false;     // the listing began after the job had ended: what it lacks will not come any more
};

struct View {
  const Workspace& row;
  const Conditions& observed;
  bool seen = false;          // `observed` comes from at least one observation of this leader
  bool fresh = false;         // … and that observation began after the last act had ended
  bool acting = false;        // an act of this workspace is under way
  bool acted = false;         // the act of this operation returned success under this leader
  bool storage_away = false;  // the object store's breaker is open, or it is another: begin nothing that needs it
  StorageView storage{};
  bool new_crash = false;                   // the container exited and this exit was not counted yet
  int crashes = 0;                          // in the window, not counting the new one
  Operation last_failed = Operation::none;  // which operation `next_retry_at` is about; none = not known
  WallTime now{};
  // How long the operation has been under way, on a clock that no administrator sets. Time in which nobody could act
  // (before this leader's election, while the runtime was away) is not held against a workspace.
  Milliseconds op_age{0};
  double jitter = 0;  // [0, 1)
};

struct Decision {
  enum class Kind {
    nothing,
    wait,          // something is under way or due later: look again soon
    record_phase,  // store `phase`
    claim,         // commit `operation`, then act
    act,           // (again) the act of the row's operation
    record,        // store the key of the archive that this operation has made; only then may the volume go
    retry,         // the act failed and the operation goes on: store message, error_count, retry_at
    complete,      // operation reached its goal: NONE, errors cleared, store `phase`
    purge,         // nothing of a deleted workspace is left: remove the row
    fail,          // operation NONE, store phase, reason, message, error_count, retry_at
    settle,        // converged: forget old failures, store `phase`
  };
  Kind kind = Kind::nothing;
  Phase phase = Phase::pending;
  Operation operation = Operation::none;
  ErrorReason reason = ErrorReason::none;
  std::string message;
  int error_count = 0;
  std::optional<WallTime> retry_at;
  bool crash = false;             // with fail: this exit has now been counted
  bool drop_volume_name = false;  // the volume is not the home: never completed, or archived
};

Decision decide(const View& view);

// How a failed act counts. `phase` is what the workspace is without regard to the failure. An ARCHIVING that has
// recorded its archive is not given up: whether the volume still exists is then unsure, so the removal is tried again
// until its deadline.
Decision failure(const View& view, ErrorReason reason, std::string message);

std::string_view name(Decision::Kind kind);

}  // namespace hearth::orchestrator
