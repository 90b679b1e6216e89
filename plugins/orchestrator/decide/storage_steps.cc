// ARCHIVING, CREATE_EMPTY_ARCHIVE and RESTORING: a job that outlives its act, and an archive that must be recorded
// before anything is removed. Each step is chosen from what is stored and observed, so it does not matter who took the
// last.
#include "orchestrator/decide/steps.h"

namespace hearth::orchestrator::steps {
namespace {

using Kind = Decision::Kind;
using Job = StorageView::Job;

// The job's part, the same for both ways. `missing`: what it was to leave and has not.
Decision follow_job(const View& view, Phase phase, const char* missing) {
  const StorageView& storage = view.storage;
  if (storage.job == Job::failed && (!view.acted || view.fresh)) {
    if (storage.job_reason == ErrorReason::data_lost) {
      // It may have looked into the empty directory where the store should be mounted: the listing has the last word.
      if (!storage.final) return overdue(view) ? timed_out(view) : otherwise(view, phase, Kind::wait);
      if (storage.source_listed) return failure(view, ErrorReason::unreachable, storage.job_message);
    }
    return failure(view, storage.job_reason, storage.job_message);
  }
  if (overdue(view)) return timed_out(view);
  if (!view.acted) return make(Kind::act, phase);
  if (!view.fresh || storage.job == Job::running || !storage.final) return otherwise(view, phase, Kind::wait);
  return failure(view, ErrorReason::action_failed, missing);
}

// The archive is recorded, so it is the home now and the volume is what is left over: it is removed, with any container
// that has started on it late, and it is never used again, for a removal that was called may still take effect. Nothing
// of this is done on an archive that this leader has not seen complete with its own eyes.
Decision remove_source(const View& view, Phase phase) {
  const StorageView& storage = view.storage;
  if (!storage.listed) return otherwise(view, phase, Kind::wait);
  if (!storage.archived) {
    return given_up(view, ErrorReason::action_failed, "the archive vanished before its volume was removed");
  }
  if (view.fresh && is_complete(view.row.operation, view.observed)) return finished(view);
  if (overdue(view) && view.fresh) return timed_out(view);
  if (retry_pending(view)) return otherwise(view, phase, Kind::wait);
  if (!view.acted) return make(Kind::act, phase);
  if (!view.fresh) return otherwise(view, phase, Kind::wait);
  return failure(view, ErrorReason::action_failed, "the volume still exists although removing it succeeded");
}

Decision during_archiving(const View& view, Phase phase) {
  if (view.storage.recorded) return remove_source(view, phase);
  if (view.observed.is_true(kContainerPresent)) {
    // A start that took effect late: the archive may hold half of what it writes.
    return given_up(view, ErrorReason::action_failed, "a container appeared while the volume was being archived");
  }
  if (view.storage.archived) {
    Decision decision = make(Kind::record, phase);
    decision.operation = view.row.operation;
    return decision;
  }
  return follow_job(view, phase, "the job ended well but its archive does not exist");
}

Decision during_restoring(const View& view, Phase phase) {
  const StorageView& storage = view.storage;
  if (storage.restored && storage.job != Job::running && view.fresh &&
      is_complete(Operation::restoring, view.observed)) {
    return finished(view);
  }
  return follow_job(view, phase, "the job ended well but has left no restore marker");
}

}  // namespace

Decision during_storage(const View& view, const Verdict& verdict) {
  if (verdict.phase == Phase::error) return terminal(view, verdict);
  return view.row.operation == Operation::restoring ? during_restoring(view, verdict.phase)
                                                    : during_archiving(view, verdict.phase);
}

}  // namespace hearth::orchestrator::steps
