#include "base/random.h"
#include "log/log.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {

using Kind = Decision::Kind;

namespace {

double jitter() { return static_cast<double>(fast_random() >> 11) * 0x1.0p-53; }

std::string failed(const Decision& decision) {
  if (decision.crash) return "its container ended";
  const std::string reason(name(decision.reason));
  if (decision.operation == Operation::none) return reason;
  return std::string(name(decision.operation)) + " failed: " + reason;
}

void log_decision(const Workspace& row, const Decision& decision) {
  const std::string id = row.id.text();
  switch (decision.kind) {
    case Kind::nothing:
    case Kind::wait:
      return;
    case Kind::claim:
      return log::info("workspace {}: {}, wants {}: {} claimed", id, name(decision.phase), name(row.desired_state),
                       name(decision.operation));
    case Kind::act:
      return log::info("workspace {}: {} begins", id, name(row.operation));
    case Kind::complete:
      return log::info("workspace {}: {} complete, {}", id, name(decision.operation), name(decision.phase));
    case Kind::fail:
      return log::warn("workspace {}: {} ({} in a row), {}: {}", id, failed(decision), decision.error_count,
                       name(decision.phase), decision.message);
    case Kind::purge:
      return log::info("workspace {}: nothing is left of it; removing its row", id);
    case Kind::record_phase:
    case Kind::settle:
    case Kind::note:
      return log::info("workspace {}: {} -> {}{}{}", id, name(row.phase), name(decision.phase),
                       decision.message.empty() ? "" : ": ", decision.message);
  }
}

}  // namespace

View Term::view_of(Track& track) {
  View view{track.row, track.observed};
  view.seen = track.seen > 0;
  view.fresh = view.seen && track.seen >= track.needed;
  view.acting = executor_.busy(track.row.id);
  view.acted = track.acted;
  view.now = wall_now();
  view.new_crash =
      track.container && container_exited(track.observed) && track.container->runtime_id != track.counted_exit;
  view.crashes = track.crashes.count(view.now);
  view.last_failed = track.last_failed;
  view.deadline_from = deadline_from_;
  view.jitter = jitter();
  return view;
}

void Term::set_moving(Track& track, bool moving) {
  if (track.moving == moving) return;
  track.moving = moving;
  if (moving)
    ++moving_;
  else
    --moving_;
  observer_.set_moving(moving_ > 0);
}

bool Term::has_room() const {
  return executor_.running() + executor_.queued() + claiming_ < settings_.max_parallel_operations;
}

// The next one that waited for a free place gets its turn.
void Term::room_made() {
  while (!waiting_.empty() && has_room() && !silenced_) {
    const Uuid id = waiting_.front();
    waiting_.pop_front();
    const auto found = tracks_.find(id);
    if (found == tracks_.end()) continue;
    found->second.waiting = false;
    reconcile(id);
  }
}

void Term::reconcile(const Uuid& id) {
  const auto found = tracks_.find(id);
  if (silenced_ || found == tracks_.end() || found->second.writing > 0) return;
  Track& track = found->second;
  const Decision decision = decide(view_of(track));
  set_moving(track, decision.kind != Kind::nothing);
  const bool starts_something = decision.kind == Kind::claim || decision.kind == Kind::act;
  if (starts_something && runtime_away_) return;  // the observation that ends this comes back here
  if (decision.kind == Kind::claim && !has_room()) {
    if (!track.waiting) waiting_.push_back(id);
    track.waiting = true;
    return;
  }
  log_decision(track.row, decision);
  carry_out(track, decision);
}

void Term::carry_out(Track& track, const Decision& decision) {
  switch (decision.kind) {
    case Kind::nothing:
    case Kind::wait:
      return;
    case Kind::act:
      return act(track);
    case Kind::claim:
      return claim(track, decision);
    case Kind::record_phase:
      return store_.record_phase(track.row, decision.phase, written(track, decision));
    case Kind::complete:
      return store_.complete_operation(track.row, decision.phase, written(track, decision));
    case Kind::fail:
      return write_failure(track, decision);
    case Kind::note:
      return store_.note(track.row, decision, written(track, decision));
    case Kind::settle:
      return store_.settle(track.row, decision.phase, written(track, decision));
    case Kind::purge:
      return store_.purge(track.row, written(track, decision));
  }
}

void Term::claim(Track& track, const Decision& decision) {
  std::string volume;
  if (decision.operation == Operation::provisioning) {
    volume = volume_name(settings_.deployment, track.row.id, Uuid::random().text().substr(0, 8));
  }
  ++claiming_;
  store_.claim_operation(track.row, decision.operation, decision.phase, wall_now(), volume, written(track, decision));
}

void Term::write_failure(Track& track, const Decision& decision) {
  store_.record_failure(track.row, decision, written(track, decision));
}

// What every controller's write does with its answer.
CoordinatorStore::Row Term::written(Track& track, const Decision& decision) {
  ++track.writing;
  return lifeline_.guard([this, id = track.row.id, decision](Result<std::optional<Workspace>> row) {
    if (decision.kind == Kind::claim) --claiming_;
    const auto found = tracks_.find(id);
    if (found == tracks_.end()) return;
    --found->second.writing;
    if (!row) {
      log::warn("workspace {}: cannot store \"{}\"", id.text(), name(decision.kind));
      return database_failed("statement failed", row.error());  // looked at again with the next observation
    }
    if (!*row) {
      log::info("workspace {}: changed meanwhile; reading it again", id.text());
      return load(id);
    }
    if (decision.kind == Kind::purge) return forget(id);
    apply(std::move(**row));
    after_write(id, decision);
    reconcile(id);
  });
}

void Term::after_write(const Uuid& id, const Decision& decision) {
  Track& track = tracks_.at(id);
  if (decision.kind == Kind::fail) {
    track.last_failed = decision.operation;
    if (decision.crash && track.container) {
      track.counted_exit = track.container->runtime_id;
      track.crashes.add(wall_now());
      // A restart after a crash is a STARTING, whatever was under way.
      track.last_failed = Operation::starting;
    }
    watch_readiness(track);
  }
  if (decision.kind == Kind::complete) track.last_failed = Operation::none;
}

void Term::act(Track& track) {
  std::vector<std::string> volumes;
  for (const ObservedVolume& volume : track.volumes) {
    if (!volume.foreign) volumes.push_back(volume.name);
  }
  executor_.submit(
      track.row.id,
      [this, row = track.row, volumes = std::move(volumes)](Executor::Finish finish) mutable {
        run_act(act_links_, lifeline_, row, settings_.runtime.image, std::move(volumes), std::move(finish));
      },
      [this, id = track.row.id](Result<void> outcome) { acted(id, std::move(outcome)); });
}

void Term::acted(const Uuid& id, Result<void> outcome) {
  if (silenced_) return;
  const auto found = tracks_.find(id);
  if (found != tracks_.end()) {
    Track& track = found->second;
    if (outcome) {
      track.acted = true;
      track.needed = observer_.next_number();
      observer_.observe_now();
    } else if (outcome.error().code != ErrorCode::stale) {
      const Decision decision =
          failure(view_of(track), reason_of(track.row.operation, outcome.error()), outcome.error().message);
      log_decision(track.row, decision);
      write_failure(track, decision);
    }
  }
  room_made();
}

}  // namespace hearth::orchestrator
