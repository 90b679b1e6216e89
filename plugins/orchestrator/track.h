// Track: what a term knows about one workspace.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/decide/backoff.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

struct Track {
  Workspace row;

  // As of the newest listing of the runtime.
  std::optional<ObservedContainer> container;
  std::vector<ObservedVolume> volumes;
  std::vector<ObservedJob> jobs;

  Conditions observed;       // newest, perhaps not stored yet
  Conditions stored;         // sent to the database last
  bool seen = false;         // a listing of this term has looked at it
  bool listed = false;       // the newest listing shows something else, still to be taken over
  std::uint64_t needed = 0;  // the last act wants a runtime listing of at least this number

  bool job_ended = false;                    // the job of the operation under way was seen to have ended
  std::uint64_t archive_listing_needed = 0;  // … and its archive is in a listing of at least this number, or nowhere

  int writing = 0;           // controller's statements under way: decide nothing until they answer
  bool waiting = false;      // for room in the executor
  bool acted = false;        // the act of row.operation returned success in this term
  SteadyTime op_seen_at{};   // when this term first saw the operation under way
  std::string ready_id;      // the container that has answered its probe
  std::string counted_exit;  // the container whose exit was counted as a crash
  CrashWindow crashes;
  Operation last_failed = Operation::none;
};

}  // namespace hearth::orchestrator
