#include "orchestrator/decide/steps.h"

#include "orchestrator/decide/backoff.h"

namespace hearth::orchestrator::steps {

using Kind = Decision::Kind;

Decision make(Kind kind, Phase phase) {
  Decision decision;
  decision.kind = kind;
  decision.phase = phase;
  return decision;
}

Decision otherwise(const View& view, Phase phase, Kind idle) {
  return make(phase == view.row.phase ? idle : Kind::record_phase, phase);
}

Decision finished(const View& view) {
  if (view.row.operation == Operation::deleting) return make(Kind::purge, Phase::deleted);
  const bool drop = view.row.operation == Operation::archiving;
  Decision decision = make(Kind::complete, phase_after(view.row, view.observed, drop));
  decision.operation = view.row.operation;
  decision.drop_volume_name = drop;
  return decision;
}

Decision terminal(const View& view, const Verdict& verdict) {
  Decision decision = make(Kind::fail, Phase::error);
  decision.operation = view.row.operation;
  decision.reason = verdict.reason;
  decision.message = verdict.message;
  decision.error_count = view.row.error_count;
  decision.drop_volume_name = leaves_volume(view);
  return decision;
}

Decision timed_out(const View& view) {
  const Operation operation = view.row.operation;
  return given_up(
      view, ErrorReason::timeout,
      std::string(name(operation)) + " took longer than " + std::to_string(deadline(operation).count() / 1000) + " s");
}

Decision given_up(const View& view, ErrorReason reason, std::string message) {
  Workspace after = view.row;
  after.error_reason = reason;
  after.error_count = view.row.error_count + 1;
  after.error_message = message;
  const int count = after.error_count;
  const bool drop = leaves_volume(view);

  Decision decision = make(Kind::fail, view.row.phase);
  if (view.seen) {
    // What a listing saw in the middle of the act that has failed makes no error of its own.
    const Phase seen = phase_after(std::move(after), view.observed, drop);
    if (seen != Phase::error || view.fresh) decision.phase = seen;
  }
  decision.operation = view.row.operation;
  decision.reason = reason;
  decision.message = std::move(message);
  decision.error_count = count;
  decision.drop_volume_name = drop;
  // A deleted workspace has no sticky error: its removal is tried for ever.
  if (!is_terminal(reason, count) || view.row.deleted_at) {
    decision.retry_at = view.now + backoff(count, view.jitter);
  } else {
    decision.phase = Phase::error;
  }
  return decision;
}

bool overdue(const View& view) { return view.op_age > deadline(view.row.operation); }

// A time further away than any backoff was written before the clock was set back: it is due.
bool retry_pending(const View& view) {
  const auto& due = view.row.next_retry_at;
  return due && *due > view.now && *due - view.now <= kBackoffMost;
}

bool leaves_volume(const View& view) {
  const Operation operation = view.row.operation;
  if (operation == Operation::provisioning || operation == Operation::restoring) return true;
  return uses_storage(operation) && view.storage.recorded && view.storage.archived;
}

Phase phase_after(Workspace row, const Conditions& observed, bool drop) {
  row.operation = Operation::none;
  if (!drop) return judge(row, observed).phase;
  row.volume_name.clear();
  Conditions without = observed;
  for (Condition& condition : without.list) {
    if (condition.type == kVolumePresent) condition.status = "False";
  }
  return judge(row, without).phase;
}

}  // namespace hearth::orchestrator::steps
