#include "orchestrator/decide/decide.h"

#include <algorithm>

#include "orchestrator/decide/backoff.h"

namespace hearth::orchestrator {
namespace {

using Kind = Decision::Kind;

Decision make(Kind kind, Phase phase) {
  Decision decision;
  decision.kind = kind;
  decision.phase = phase;
  return decision;
}

// When there is nothing else to do the stored phase still follows what is observed.
Decision otherwise(const View& view, Phase phase, Kind idle) {
  return make(phase == view.row.phase ? idle : Kind::record_phase, phase);
}

std::string exit_message(const Conditions& observed) {
  const Condition* running = observed.find(kContainerRunning);
  return running != nullptr && !running->message.empty() ? running->message : "the container exited";
}

Decision crashed(const View& view, Phase phase) {
  const int crashes = view.crashes + 1;
  Decision decision = make(Kind::fail, phase);
  decision.operation = view.row.operation;
  decision.crash = true;
  decision.error_count = crashes;
  decision.message = exit_message(view.observed);
  if (crashes >= kCrashLimit) {
    decision.phase = Phase::error;
    decision.reason = ErrorReason::crash_loop;
    decision.message += "; " + std::to_string(crashes) + " times within 10 minutes";
  } else {
    decision.retry_at = view.now + backoff(crashes, view.jitter);
  }
  return decision;
}

Decision terminal(const View& view, const Verdict& verdict) {
  Decision decision = make(Kind::fail, Phase::error);
  decision.operation = view.row.operation;
  decision.reason = verdict.reason;
  decision.message = verdict.message;
  decision.error_count = view.row.error_count;
  return decision;
}

bool retry_pending(const View& view) { return view.row.next_retry_at && *view.row.next_retry_at > view.now; }

std::string unfinished_message(Operation operation) {
  switch (operation) {
    case Operation::provisioning:
      return "the volume does not exist although creating it succeeded";
    case Operation::starting:
      return "the container does not exist although starting it succeeded";
    default:
      return "container or volume still exist although removing them succeeded";
  }
}

Decision finished(const View& view, Phase phase) {
  if (view.row.operation == Operation::deleting) return make(Kind::purge, Phase::deleted);
  Decision decision = make(Kind::complete, phase);
  decision.operation = view.row.operation;
  return decision;
}

// The act succeeded and an observation newer than it does not show the goal. Is that a failure, or only not yet?
bool still_on_its_way(const View& view) {
  const Condition* running = view.observed.find(kContainerRunning);
  if (running != nullptr && running->reason == kReasonRemoving) return true;
  return view.row.operation == Operation::starting && view.observed.is_true(kContainerPresent);
}

Decision during(const View& view, const Verdict& verdict) {
  const Operation operation = view.row.operation;
  if (verdict.phase == Phase::error) return terminal(view, verdict);
  if (view.acted && view.fresh && is_complete(operation, view.observed)) return finished(view, verdict.phase);
  const WallTime started = std::max(view.row.op_started_at.value_or(view.now), view.deadline_from);
  if (view.now - started > deadline(operation)) {
    return failure(view, ErrorReason::timeout,
                   std::string(name(operation)) + " took longer than " +
                       std::to_string(deadline(operation).count() / 1000) + " s");
  }
  if (!view.acted) return make(Kind::act, verdict.phase);
  if (!view.fresh) return otherwise(view, verdict.phase, Kind::wait);
  if (operation == Operation::starting && container_exited(view.observed)) return crashed(view, verdict.phase);
  if (still_on_its_way(view)) return otherwise(view, verdict.phase, Kind::wait);
  return failure(view, ErrorReason::action_failed, unfinished_message(operation));
}

bool has_old_failure(const Workspace& row) {
  return row.error_count != 0 || row.next_retry_at || row.error_reason != ErrorReason::none ||
         !row.error_message.empty();
}

Decision idle(const View& view, const Verdict& verdict) {
  if (verdict.phase == Phase::error && !is_terminal(view.row.error_reason, view.row.error_count)) {
    return terminal(view, verdict);
  }
  if (view.new_crash && verdict.phase == Phase::standby && view.row.desired_state == DesiredState::running) {
    return crashed(view, verdict.phase);
  }
  const Plan next = plan(view.row, verdict.phase, view.observed);
  if (!next.unsupported.empty()) {
    if (view.row.error_message == next.unsupported) return otherwise(view, verdict.phase, Kind::nothing);
    Decision decision = make(Kind::note, verdict.phase);
    decision.message = next.unsupported;
    return decision;
  }
  if (next.operation == Operation::none) {
    const bool settled = verdict.phase != Phase::error && has_old_failure(view.row);
    return settled ? make(Kind::settle, verdict.phase) : otherwise(view, verdict.phase, Kind::nothing);
  }
  const bool same = view.last_failed == Operation::none || view.last_failed == next.operation;
  if (retry_pending(view) && same) return otherwise(view, verdict.phase, Kind::wait);
  Decision decision = make(Kind::claim, verdict.phase);
  decision.operation = next.operation;
  return decision;
}

}  // namespace

Decision failure(const View& view, ErrorReason reason, std::string message) {
  Workspace after = view.row;
  after.error_reason = reason;
  after.error_count = view.row.error_count + 1;
  after.error_message = message;
  after.operation = Operation::none;
  const bool drop = view.row.operation == Operation::provisioning;
  if (drop) after.volume_name.clear();

  Decision decision = make(Kind::fail, view.seen ? judge(after, view.observed).phase : view.row.phase);
  if (drop && !is_terminal(reason, after.error_count)) decision.phase = Phase::pending;
  decision.operation = view.row.operation;
  decision.reason = reason;
  decision.message = std::move(message);
  decision.error_count = after.error_count;
  decision.drop_volume_name = drop;
  // A deleted workspace has no sticky error: its removal is tried for ever.
  if (!is_terminal(reason, after.error_count) || view.row.deleted_at) {
    decision.retry_at = view.now + backoff(after.error_count, view.jitter);
  } else {
    decision.phase = Phase::error;
  }
  return decision;
}

Decision decide(const View& view) {
  if (!view.seen) return make(Kind::wait, view.row.phase);
  const Verdict verdict = judge(view.row, view.observed);
  if (view.acting) {
    // The act is let run to its end before anything is called an error.
    return verdict.phase == Phase::error ? make(Kind::wait, view.row.phase)
                                         : otherwise(view, verdict.phase, Kind::wait);
  }
  return view.row.operation != Operation::none ? during(view, verdict) : idle(view, verdict);
}

std::string_view name(Decision::Kind kind) {
  switch (kind) {
    case Kind::nothing:
      return "nothing";
    case Kind::wait:
      return "wait";
    case Kind::record_phase:
      return "phase";
    case Kind::claim:
      return "claim";
    case Kind::act:
      return "act";
    case Kind::complete:
      return "complete";
    case Kind::purge:
      return "purge";
    case Kind::fail:
      return "fail";
    case Kind::note:
      return "note";
    case Kind::settle:
      return "settle";
  }
  return "?";
}

}  // namespace hearth::orchestrator
