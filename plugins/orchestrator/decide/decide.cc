#include "orchestrator/decide/decide.h"

#include "orchestrator/decide/backoff.h"
#include "orchestrator/decide/steps.h"

namespace hearth::orchestrator {
namespace {

using Kind = Decision::Kind;
using steps::finished;
using steps::make;
using steps::otherwise;
using steps::overdue;
using steps::retry_pending;
using steps::terminal;

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

// The act succeeded and an observation newer than it does not show the goal. Is that a failure, or only not yet?
bool still_on_its_way(const View& view) {
  const Condition* running = view.observed.find(kContainerRunning);
  if (running != nullptr && running->reason == kReasonRemoving) return true;
  return view.row.operation == Operation::starting && view.observed.is_true(kContainerPresent);
}

Decision during(const View& view, const Verdict& verdict) {
  const Operation operation = view.row.operation;
  if (verdict.phase == Phase::error) return terminal(view, verdict);
  if (view.acted && view.fresh && is_complete(operation, view.observed)) return finished(view);
  if (overdue(view)) return steps::timed_out(view);
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
  const Operation next = plan(view.row, verdict.phase, view.observed);
  if (next == Operation::none) {
    const bool settled = verdict.phase != Phase::error && has_old_failure(view.row);
    return settled ? make(Kind::settle, verdict.phase) : otherwise(view, verdict.phase, Kind::nothing);
  }
  const bool same = view.last_failed == Operation::none || view.last_failed == next;
  if (retry_pending(view) && same) return otherwise(view, verdict.phase, Kind::wait);
  if (view.storage_away && uses_storage(next)) return otherwise(view, verdict.phase, Kind::wait);
  Decision decision = make(Kind::claim, verdict.phase);
  decision.operation = next;
  return decision;
}

}  // namespace

Decision failure(const View& view, ErrorReason reason, std::string message) {
  if (view.row.operation != Operation::archiving || !view.storage.recorded) {
    return steps::given_up(view, reason, std::move(message));
  }
  Decision decision = make(Kind::retry, view.row.phase);
  decision.operation = view.row.operation;
  decision.message = std::move(message);
  decision.error_count = view.row.error_count + 1;
  decision.retry_at = view.now + backoff(decision.error_count, view.jitter);
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
  // … and what a listing saw in the middle of that act is not a fact about what the act has left.
  const bool sticky = is_terminal(view.row.error_reason, view.row.error_count);
  if (verdict.phase == Phase::error && !sticky && !view.fresh) return make(Kind::wait, view.row.phase);
  if (view.row.operation == Operation::none) return idle(view, verdict);
  return uses_storage(view.row.operation) ? steps::during_storage(view, verdict) : during(view, verdict);
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
    case Kind::record:
      return "record";
    case Kind::retry:
      return "retry";
    case Kind::settle:
      return "settle";
  }
  return "?";
}

}  // namespace hearth::orchestrator
