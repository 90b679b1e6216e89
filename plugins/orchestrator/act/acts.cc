#include "orchestrator/act/acts.h"

#include <algorithm>
#include <deque>

#include "base/crash_point.h"

namespace hearth::orchestrator {
namespace {

using Call = UniqueFunction<void(WorkspaceRuntime&, WorkspaceRuntime::Done)>;

struct Step {
  Call call;
  bool leave_foreign = false;  // what bears our name and is not ours is left where it is
};

// The steps one after another, the epoch confirmed before each. Owns itself through the callback it waits for.
struct Steps {
  ActLinks& links;
  const Lifeline& lifeline;
  Operation operation;
  Executor::Finish done;
  std::deque<Step> left;

  static void next(std::unique_ptr<Steps> self) {
    if (self->left.empty()) return self->done({});
    Steps& here = *self;
    here.links.confirm_epoch(here.lifeline.guard([self = std::move(self)](Result<void> ours) mutable {
      if (!ours) return self->done(std::move(ours));
      call(std::move(self));
    }));
  }

  static void call(std::unique_ptr<Steps> self) {
    Steps& here = *self;
    Step step = std::move(here.left.front());
    here.left.pop_front();
    HEARTH_CRASH_POINT_OF("act:{}:before", name(here.operation));
    step.call(
        here.links.runtime,
        here.lifeline.guard([self = std::move(self), leave_foreign = step.leave_foreign](Result<void> outcome) mutable {
          HEARTH_CRASH_POINT_OF("act:{}:after", name(self->operation));
          const bool foreign = !outcome && outcome.error().code == ErrorCode::conflict;
          if (!outcome && !(foreign && leave_foreign)) return self->done(std::move(outcome));
          next(std::move(self));
        }));
  }
};

Step remove_job(const Uuid& workspace, const Uuid& job) {
  return {[workspace, job](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            runtime.remove_job(workspace, job, std::move(done));
          },
          false};
}

Step remove_archived_volume(const Workspace& row) {
  return {[id = row.id, volume = row.volume_name](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            HEARTH_CRASH_POINT("archive:before-volume");
            runtime.remove_volume(id, volume, std::move(done));
          },
          false};
}

Step remove_deleted_volume(const Uuid& workspace, std::string volume) {
  return {[workspace, volume = std::move(volume)](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            HEARTH_CRASH_POINT("delete:between");
            runtime.remove_volume(workspace, volume, std::move(done));
          },
          true};
}

Step provision(const Workspace& row) {
  return {[id = row.id, volume = row.volume_name](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            runtime.provision(id, volume, std::move(done));
          },
          false};
}

Step start(const Act& act) {
  StartSpec spec{act.row.id, act.row.image_ref.empty() ? act.image : act.row.image_ref, act.row.volume_name,
                 operation_id(act.row)};
  return {[spec = std::move(spec)](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            runtime.start(spec, std::move(done));
          },
          false};
}

Step stop(const Workspace& row, bool leave_foreign) {
  return {[id = row.id](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) { runtime.stop(id, std::move(done)); },
          leave_foreign};
}

Step storage_job(const Act& act) {
  const bool restoring = act.row.operation == Operation::restoring;
  JobSpec spec{act.row.id,
               *storage_operation(act.row),
               act.row.volume_name,
               restoring ? act.row.archive_key : act.archive_key,
               {}};
  if (act.row.operation == Operation::archiving) spec.previous_key = act.row.archive_key;
  return {[spec = std::move(spec), restoring](WorkspaceRuntime& runtime, WorkspaceRuntime::Done done) {
            restoring ? runtime.restore(spec, std::move(done)) : runtime.archive(spec, std::move(done));
          },
          false};
}

void add_archiving(const Act& act, std::deque<Step>& steps) {
  const bool recorded = !act.archive_key.empty() && act.row.archive_key == act.archive_key;
  if (!recorded) return steps.push_back(storage_job(act));
  // The row points to the archive: only now may its source go. The job holds the volume, so it goes first.
  steps.push_back(remove_job(act.row.id, *act.row.archive_op_id));
  if (act.row.volume_name.empty()) return;
  steps.push_back(stop(act.row, false));
  steps.push_back(remove_archived_volume(act.row));
}

void add_deleting(const Act& act, std::deque<Step>& steps) {
  steps.push_back(stop(act.row, true));
  std::vector<std::string> volumes = act.volumes;
  if (!act.row.volume_name.empty() && std::find(volumes.begin(), volumes.end(), act.row.volume_name) == volumes.end()) {
    volumes.push_back(act.row.volume_name);
  }
  for (std::string& volume : volumes) steps.push_back(remove_deleted_volume(act.row.id, std::move(volume)));
}

std::deque<Step> steps_of(const Act& act) {
  std::deque<Step> steps;
  const std::optional<Uuid> own_job = storage_operation(act.row);
  for (const Uuid& job : act.jobs) {
    if (job != own_job) steps.push_back(remove_job(act.row.id, job));
  }
  switch (act.row.operation) {
    case Operation::none:
      break;
    case Operation::provisioning:
      steps.push_back(provision(act.row));
      break;
    case Operation::starting:
      steps.push_back(start(act));
      break;
    case Operation::stopping:
      steps.push_back(stop(act.row, false));
      break;
    case Operation::archiving:
    case Operation::create_empty_archive:
      add_archiving(act, steps);
      break;
    case Operation::restoring:
      steps.push_back(provision(act.row));
      steps.push_back(storage_job(act));
      break;
    case Operation::deleting:
      add_deleting(act, steps);
      break;
  }
  return steps;
}

}  // namespace

void run_act(ActLinks& links, const Lifeline& lifeline, Act act, Executor::Finish done) {
  Steps::next(std::make_unique<Steps>(Steps{links, lifeline, act.row.operation, std::move(done), steps_of(act)}));
}

ErrorReason reason_of(Operation operation, const Error& error) {
  switch (error.code) {
    case ErrorCode::not_found:
      return operation == Operation::starting ? ErrorReason::image_pull_failed : ErrorReason::action_failed;
    case ErrorCode::conflict:
      return ErrorReason::name_conflict;
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
      return ErrorReason::unreachable;
    default:
      return ErrorReason::action_failed;
  }
}

ErrorReason reason_of_job(Operation operation, int exit_code) {
  if (exit_code == 10) return ErrorReason::unreachable;  // storage-job/exit_codes.h, SPEC section 11
  // An archive that did not come about is no loss: the volume is the home until it is recorded.
  if (operation != Operation::restoring) return ErrorReason::action_failed;
  switch (exit_code) {
    case 12:
      return ErrorReason::data_lost;
    case 13:
      return ErrorReason::archive_corrupted;
    default:
      return ErrorReason::action_failed;
  }
}

std::string operation_id(const Workspace& row) {
  return row.op_started_at ? std::to_string(row.op_started_at->time_since_epoch().count()) : "0";
}

}  // namespace hearth::orchestrator
