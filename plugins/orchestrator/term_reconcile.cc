#include "base/crash_point.h"
#include "base/random.h"
#include "log/log.h"
#include "orchestrator/observe/conditions.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {

using Kind = Decision::Kind;

namespace {

// Rows claimed ahead of the executor's places: one statement claims many, and a place that gets free is used at once.
constexpr std::size_t kClaimAhead = 16;

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
    case Kind::record:
      return log::info("workspace {}: its archive {} is complete and recorded", id, row.archive_op_id->text());
    case Kind::complete:
      return log::info("workspace {}: {} complete, {}", id, name(decision.operation), name(decision.phase));
    case Kind::fail:
      return log::warn("workspace {}: {} ({} in a row), {}: {}", id, failed(decision), decision.error_count,
                       name(decision.phase), decision.message);
    case Kind::retry:
      return log::warn("workspace {}: {} goes on after a failure ({} in a row): {}", id, name(decision.operation),
                       decision.error_count, decision.message);
    case Kind::purge:
      return log::info("workspace {}: nothing is left of it; removing its row", id);
    case Kind::record_phase:
    case Kind::settle:
      return log::info("workspace {}: {} -> {}", id, name(row.phase), name(decision.phase));
  }
}

}  // namespace

std::string Term::own_archive_key(const Workspace& row) const {
  if (!row.archive_op_id) return {};
  return archive_key(archive_store_.prefix(), settings_.deployment, row.id, *row.archive_op_id);
}

StorageView Term::storage_view(const Track& track) const {
  StorageView view;
  const std::optional<Uuid> operation = storage_operation(track.row);
  if (!operation) return view;
  // One that was made and never started (its maker died between the two) is as good as absent: it is called again.
  const ObservedJob* job = find_job(&track.jobs, *operation);
  if (job != nullptr && (job->running || job->exit_code)) {
    const int code = job->exit_code.value_or(0);
    view.job =
        job->running ? StorageView::Job::running : (code == 0 ? StorageView::Job::succeeded : StorageView::Job::failed);
    if (view.job == StorageView::Job::failed) {
      view.job_reason = reason_of_job(track.row.operation, code);
      view.job_message =
          job->message.empty() ? "the storage job ended with code " + std::to_string(code) : job->message;
    }
  }
  view.listed = archives_.number() > 0;
  view.final = view.job != StorageView::Job::running && archives_.number() >= track.archive_listing_needed &&
               archives_.number() > 0;
  const std::string key = own_archive_key(track.row);
  view.recorded = track.row.operation != Operation::restoring && track.row.archive_key == key;
  const auto archives = archives_.snapshot().find(track.row.id);
  if (archives == archives_.snapshot().end()) return view;
  for (const ObservedArchive& archive : archives->second.archives) {
    view.archived |= archive.complete && archive.key == key;
    view.source_listed |= archive.complete && archive.key == track.row.archive_key;
  }
  const auto& marker = archives->second.marker;
  view.restored = track.row.operation == Operation::restoring && marker && marker->operation == *operation &&
                  marker->archive_key == track.row.archive_key;
  return view;
}

View Term::view_of(Track& track) {
  View view{track.row, track.observed};
  view.seen = track.seen;
  view.fresh = view.seen && !track.listed && observer_.number() >= track.needed;
  view.acting = executor_.busy(track.row.id);
  view.acted = track.acted;
  view.now = wall_now();
  view.storage_away = !store_known_ || !storage_breaker_.willing(loop_.now());
  view.storage = storage_view(track);
  view.new_crash =
      track.container && container_exited(track.observed) && track.container->runtime_id != track.counted_exit;
  view.crashes = track.crashes.count(view.now);
  view.last_failed = track.last_failed;
  view.op_age = std::chrono::duration_cast<Milliseconds>(loop_.now() - std::max(track.op_seen_at, runtime_back_at_));
  view.jitter = jitter();
  return view;
}

void Term::set_moving(Track& track, bool moving) {
  if (moving)
    moving_.insert(track.row.id);
  else
    moving_.erase(track.row.id);
  observer_.poller().set_moving(!moving_.empty());
}

bool Term::has_room() const {
  return executor_.running() + executor_.queued() + claiming_ < settings_.max_parallel_operations * kClaimAhead;
}

// Those that waited for a free place get their turn.
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

void Term::reconcile(const Ids& ids) {
  for (const Uuid& id : ids) {
    if (silenced_) return;
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
  if (starts_something && runtime_away_) return;  // the listing that ends this comes back here
  if (decision.kind == Kind::act && uses_storage(track.row.operation) && !store_known_) return;  // so here
  if (decision.kind == Kind::claim && !has_room()) {
    if (!track.waiting) waiting_.push_back(id);
    track.waiting = true;
    return;
  }
  log_decision(track.row, decision);
  carry_out(track, decision);
}

void Term::carry_out(Track& track, const Decision& decision) {
  record_in_storage_breaker(track, decision);
  switch (decision.kind) {
    case Kind::nothing:
    case Kind::wait:
      return;
    case Kind::act:
      return act(track);
    case Kind::claim:
      return claim(track, decision);
    default:
      return write(track, decision);
  }
}

// The store is judged by its jobs: how they end says whether it can be reached.
void Term::record_in_storage_breaker(const Track& track, const Decision& decision) {
  if (decision.kind == Kind::claim && uses_storage(decision.operation)) {
    storage_breaker_.allow(loop_.now());
    return;
  }
  if (!uses_storage(track.row.operation)) return;
  const StorageView view = storage_view(track);
  if (decision.kind == Kind::fail && view.job == StorageView::Job::failed) {
    const bool away = view.job_reason == ErrorReason::unreachable;
    storage_breaker_.record(fail(away ? ErrorCode::unavailable : ErrorCode::io, ErrorSource::storage, ""), loop_.now());
  } else if (decision.kind == Kind::complete) {
    storage_breaker_.record({}, loop_.now());
  } else if (decision.kind == Kind::fail) {
    storage_breaker_.abandon();
  }
}

void Term::claim(Track& track, const Decision& decision) {
  HEARTH_CRASH_POINT_OF("claiming:{}", name(decision.operation));
  CoordinatorStore::Claim claim;
  claim.id = track.row.id;
  claim.operation = decision.operation;
  claim.phase = decision.phase;
  claim.now = wall_now();
  claim.desired = track.row.desired_state;
  claim.seen_volume = claim.volume_name = track.row.volume_name;
  switch (decision.operation) {
    case Operation::restoring:
      claim.restore_op_id = Uuid::random();
      [[fallthrough]];
    case Operation::provisioning:
      claim.volume_name = volume_name(settings_.deployment, track.row.id, Uuid::random().text().substr(0, 8));
      break;
    case Operation::archiving:
    case Operation::create_empty_archive:
      claim.archive_op_id = Uuid::random();
      break;
    default:
      break;
  }
  ++track.writing;
  ++claiming_;
  // Those of one turn go in one statement.
  if (claims_.empty()) loop_.defer(lifeline_.guard([this] { send_claims(); }));
  claims_.push_back(std::move(claim));
}

void Term::send_claims() {
  const std::vector<CoordinatorStore::Claim> claims = std::exchange(claims_, {});
  Ids ids;
  ids.reserve(claims.size());
  for (const auto& claim : claims) ids.push_back(claim.id);
  store_.claim_operations(claims, lifeline_.guard([this, ids = std::move(ids)](Result<std::vector<Workspace>> rows) {
    claims_answered(ids, std::move(rows));
  }));
}

void Term::claims_answered(const Ids& ids, Result<std::vector<Workspace>> rows) {
  claiming_ -= ids.size();
  for (const Uuid& id : ids) {
    if (const auto found = tracks_.find(id); found != tracks_.end()) --found->second.writing;
  }
  if (!rows) return database_failed("cannot claim", rows.error());  // looked at again with the next listing
  std::unordered_set<Uuid> lost(ids.begin(), ids.end());
  for (Workspace& row : *rows) {
    HEARTH_CRASH_POINT_OF("claim:{}", name(row.operation));
    lost.erase(row.id);
    if (tracks_.contains(row.id)) apply(std::move(row));
  }
  for (const Uuid& id : lost) {
    log::info("workspace {}: changed meanwhile; reading it again", id.text());
    load(id);
  }
  reconcile(ids);
}

void Term::write(Track& track, const Decision& decision) {
  switch (decision.kind) {
    case Kind::record_phase:
      return store_.record_phase(track.row, decision.phase, written(track, decision));
    case Kind::record:
      return store_.record_archive(track.row, own_archive_key(track.row), decision.phase, written(track, decision));
    case Kind::complete:
      HEARTH_CRASH_POINT_OF("complete:{}", name(decision.operation));
      return complete(track, decision);
    case Kind::fail:
      return store_.record_failure(track.row, decision, written(track, decision));
    case Kind::retry:
      return store_.record_retry(track.row, decision, written(track, decision));
    case Kind::settle:
      return store_.settle(track.row, decision.phase, written(track, decision));
    case Kind::purge:
      HEARTH_CRASH_POINT("purge");
      return store_.purge(track.row, written(track, decision));
    default:
      return;
  }
}

// Those of one turn go in one statement, as claims do: many workspaces that get ready together do not keep the
// connection from those that still wait to be started.
void Term::complete(Track& track, const Decision& decision) {
  if (completions_.empty()) loop_.defer(lifeline_.guard([this] { send_completions(); }));
  const Workspace& row = track.row;
  completions_.push_back({row.id, row.operation, row.op_started_at, decision.phase,
                          decision.drop_volume_name ? std::string() : row.volume_name});
  completed_.push_back(written(track, decision));
}

void Term::send_completions() {
  const std::vector<CoordinatorStore::Completion> completions = std::exchange(completions_, {});
  Ids ids;
  for (const auto& completion : completions) ids.push_back(completion.id);
  store_.complete_operations(completions, [ids = std::move(ids), told = std::exchange(completed_, {})](
                                              Result<std::vector<Workspace>> rows) mutable {
    std::unordered_map<Uuid, Workspace> by_id;
    if (rows) {
      for (Workspace& row : *rows) by_id.emplace(row.id, std::move(row));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!rows) {
        told[i](tl::unexpected(rows.error()));
        continue;
      }
      const auto found = by_id.find(ids[i]);
      told[i](found == by_id.end() ? std::optional<Workspace>() : std::optional(std::move(found->second)));
    }
  });
}

// What every controller's write does with its answer.
CoordinatorStore::Row Term::written(Track& track, const Decision& decision) {
  ++track.writing;
  return lifeline_.guard([this, id = track.row.id, decision](Result<std::optional<Workspace>> row) {
    const auto found = tracks_.find(id);
    if (found == tracks_.end()) return;
    --found->second.writing;
    if (!row) {
      log::warn("workspace {}: cannot store \"{}\"", id.text(), name(decision.kind));
      return database_failed("statement failed", row.error());  // looked at again with the next listing
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
  if (decision.kind == Kind::record) HEARTH_CRASH_POINT("archive:recorded");
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
  if (decision.kind == Kind::complete) {
    HEARTH_CRASH_POINT_OF("completed:{}", name(decision.operation));
    track.last_failed = Operation::none;
  }
  // What was made or removed by an operation that is over is looked at as what it is now.
  if (uses_storage(decision.operation)) look_for_strays({id});
}

void Term::act(Track& track) {
  Act act{track.row, settings_.runtime.image, {}, {}, own_archive_key(track.row)};
  for (const ObservedJob& job : track.jobs) act.jobs.push_back(job.operation);
  for (const ObservedVolume& volume : track.volumes) {
    if (!volume.foreign) act.volumes.push_back(volume.name);
  }
  executor_.submit(
      track.row.id,
      [this, act = std::move(act)](Executor::Finish finish) mutable {
        run_act(act_links_, lifeline_, std::move(act), std::move(finish));
      },
      [this, id = track.row.id](Result<void> outcome) { acted(id, std::move(outcome)); });
}

void Term::acted(const Uuid& id, Result<void> outcome) {
  if (silenced_) return;
  const auto found = tracks_.find(id);
  if (found != tracks_.end()) {
    Track& track = found->second;
    track.needed = observer_.next_number();
    observer_.poller().look_now();
    if (outcome) {
      track.acted = true;
      track.job_ended = false;
      track.archive_listing_needed = archives_.next_number();
    } else if (outcome.error().code != ErrorCode::stale) {
      const Decision decision =
          failure(view_of(track), reason_of(track.row.operation, outcome.error()), outcome.error().message);
      log_decision(track.row, decision);
      carry_out(track, decision);
    }
  }
  room_made();
}

}  // namespace hearth::orchestrator
