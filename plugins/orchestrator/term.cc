#include "orchestrator/term.h"

#include "log/log.h"
#include "orchestrator/observe/conditions.h"

namespace hearth::orchestrator {
namespace {
constexpr Milliseconds kReloadAfterError{1000};
constexpr Milliseconds kAttentionGap{900};  // between two readings of the rows that are not where they should be
}  // namespace

Term::Term(Loop& loop, const OrchestratorSettings& settings, LeaderSession& session, std::int64_t epoch,
           WorkspaceRuntime& runtime)
    : loop_(loop),
      settings_(settings),
      runtime_(runtime),
      store_(session, settings.deployment, epoch),
      act_links_{runtime, [this](UniqueFunction<void(Result<void>)> done) { store_.confirm_epoch(std::move(done)); }},
      executor_(loop, settings.max_parallel_operations),
      observer_(loop, runtime,
                {[this](const RuntimeSnapshot& snapshot, std::uint64_t number) { observed(snapshot, number); },
                 [this](const Error& error) { observation_failed(error); }}),
      prober_(loop, runtime, settings.probe_interval,
              [this](const Uuid& id, const std::string& runtime_id) { became_ready(id, runtime_id); }),
      reload_timer_(loop),
      deadline_from_(wall_now()) {}

void Term::begin() { load_all(); }

void Term::silence() {
  silenced_ = true;
  lifeline_.cut();
  executor_.reset();
  reload_timer_.stop();
}

Coordinator::Stats Term::stats() const {
  return {true,
          loaded_ && observed_once_,
          tracks_.size(),
          moving_,
          executor_.running(),
          executor_.queued(),
          executor_.breaker().state() != Breaker::State::closed};
}

void Term::hint(std::optional<Uuid> workspace) {
  if (silenced_ || !loaded_) return;  // the first load is still to answer, or is tried again
  if (workspace)
    load(*workspace);
  else
    load_all();
}

void Term::runtime_changed() {
  if (loaded_ && !silenced_) observer_.runtime_changed();
}

void Term::database_failed(const char* what, const Error& error) {
  log::warn("coordinator: {}: {}", what, error.message);
  // A stale epoch is the leader's to notice; asking makes it notice now.
  if (error.code == ErrorCode::stale) store_.confirm_epoch([](const Result<void>&) {});
}

void Term::load_all() {
  store_.load_all(lifeline_.guard([this](Result<std::vector<Workspace>> rows) {
    if (rows) return loaded_all(std::move(*rows));
    database_failed("cannot read the workspaces", rows.error());
    if (!silenced_) reload_timer_.start(kReloadAfterError, [this] { load_all(); });
  }));
}

void Term::loaded_all(std::vector<Workspace> rows) {
  std::unordered_map<Uuid, bool> known;
  std::vector<Uuid> ids;
  for (Workspace& row : rows) {
    ids.push_back(row.id);
    known[row.id] = true;
    apply(std::move(row));
  }
  std::vector<Uuid> gone;
  for (const auto& [id, track] : tracks_) {
    if (!known.contains(id)) gone.push_back(id);
  }
  for (const Uuid& id : gone) forget(id);
  if (!loaded_) {
    loaded_ = true;
    log::info("coordinator: {} workspaces loaded", tracks_.size());
  }
  observer_.observe_now();
  for (const Uuid& id : ids) reconcile(id);
}

void Term::load_attention() {
  attention_loaded_ = loop_.now();
  store_.load_attention(lifeline_.guard([this](Result<std::vector<Workspace>> rows) {
    if (!rows) return database_failed("cannot read the workspaces", rows.error());
    for (Workspace& row : *rows) {
      const Uuid id = row.id;
      apply(std::move(row));
      reconcile(id);
    }
  }));
}

void Term::load(const Uuid& id) {
  store_.load(id, lifeline_.guard([this, id](Result<std::optional<Workspace>> row) {
    if (!row) return database_failed("cannot read a workspace", row.error());
    if (!*row) return forget(id);
    const Track& track = apply(std::move(**row));
    if (track.seen == 0) observer_.observe_now();
    reconcile(id);
  }));
}

// Takes what the database answered about a row, known or new.
Term::Track& Term::apply(Workspace row) {
  const auto [it, added] = tracks_.try_emplace(row.id);
  Track& track = it->second;
  if (added) {
    track.observed = row.conditions;
    track.stored = row.conditions;
  } else if (track.row.operation != row.operation || track.row.op_started_at != row.op_started_at) {
    track.acted = false;
  }
  if (track.row.error_reason == ErrorReason::crash_loop && row.error_reason != ErrorReason::crash_loop) {
    track.crashes.clear();  // recovered: counting starts anew
  }
  track.row = std::move(row);
  return track;
}

void Term::forget(const Uuid& id) {
  const auto found = tracks_.find(id);
  if (found == tracks_.end()) return;
  set_moving(found->second, false);
  prober_.unwatch(id);
  tracks_.erase(found);
}

void Term::observed(const RuntimeSnapshot& snapshot, std::uint64_t number) {
  if (silenced_) return;
  if (runtime_away_) {
    log::notice("coordinator: the container runtime answers again");
    runtime_away_ = false;
    deadline_from_ = wall_now();
  }
  observed_once_ = true;
  std::vector<CoordinatorStore::Observed> changed;
  std::vector<Uuid> ids;
  ids.reserve(tracks_.size());
  for (auto& [id, track] : tracks_) {
    absorb(track, snapshot, number);
    if (track.observed != track.stored) changed.push_back({id, track.observed});
    ids.push_back(id);
  }
  write_conditions(std::move(changed));
  for (const Uuid& id : ids) {
    reconcile(id);
    if (silenced_) return;
  }
  look_for_orphans(snapshot, number);
  if (loop_.now() - attention_loaded_ >= kAttentionGap) load_attention();
}

void Term::absorb(Track& track, const RuntimeSnapshot& snapshot, std::uint64_t number) {
  const auto container = snapshot.containers.find(track.row.id);
  const auto volumes = snapshot.volumes.find(track.row.id);
  track.container = container == snapshot.containers.end() ? std::nullopt : std::optional(container->second);
  track.volumes = volumes == snapshot.volumes.end() ? std::vector<ObservedVolume>() : volumes->second;
  // Ready lasts as long as this container runs. What an earlier leader saw of it is in the stored conditions.
  if (!track.container || !track.container->running || track.container->foreign) {
    track.ready_id.clear();
  } else if (track.seen == 0 && is_ready_container(track.observed, track.container->runtime_id)) {
    track.ready_id = track.container->runtime_id;
  }
  track.seen = number;
  update_conditions(track);
  watch_readiness(track);
}

void Term::update_conditions(Track& track) {
  const ObservedContainer* container = track.container ? &*track.container : nullptr;
  const bool ready = container != nullptr && !track.ready_id.empty() && track.ready_id == container->runtime_id;
  track.observed = conditions_of(track.row, {container, &track.volumes, ready}, track.observed, wall_now());
}

void Term::watch_readiness(Track& track) {
  const bool waiting = track.container && track.container->running && !track.container->foreign &&
                       !track.container->address.empty() && track.ready_id != track.container->runtime_id &&
                       track.row.phase != Phase::error && !track.row.deleted_at;
  if (waiting)
    prober_.watch(track.row.id, track.container->runtime_id, track.container->address);
  else
    prober_.unwatch(track.row.id);
}

void Term::write_conditions(std::vector<CoordinatorStore::Observed> changed) {
  if (changed.empty() || silenced_) return;
  for (const auto& entry : changed) tracks_.at(entry.id).stored = entry.conditions;
  std::vector<Uuid> ids;
  for (const auto& entry : changed) ids.push_back(entry.id);
  store_.write_conditions(changed, lifeline_.guard([this, ids = std::move(ids)](Result<std::vector<Workspace>> rows) {
    if (rows) {
      for (Workspace& row : *rows) {
        if (tracks_.contains(row.id)) apply(std::move(row));
      }
      return;
    }
    database_failed("cannot store conditions", rows.error());
    for (const Uuid& id : ids) {  // the next observation writes them again
      const auto found = tracks_.find(id);
      if (found != tracks_.end()) found->second.stored = Conditions();
    }
  }));
}

void Term::observation_failed(const Error& error) {
  if (silenced_) return;
  if (!runtime_away_) log::warn("coordinator: the container runtime does not answer: {}", error.message);
  runtime_away_ = true;
  if (loop_.now() - attention_loaded_ >= kAttentionGap) load_attention();
}

void Term::became_ready(const Uuid& id, const std::string& runtime_id) {
  const auto found = tracks_.find(id);
  if (silenced_ || found == tracks_.end()) return;
  Track& track = found->second;
  if (!track.container || track.container->runtime_id != runtime_id) return;
  log::info("workspace {}: answers at {}", id.text(), track.container->address);
  track.ready_id = runtime_id;
  update_conditions(track);
  write_conditions({{id, track.observed}});
  reconcile(id);  // its statement follows the conditions' at once
}

// Containers of workspaces that have no row are removed after two observations; volumes are never touched here.
void Term::look_for_orphans(const RuntimeSnapshot& snapshot, std::uint64_t number) {
  std::unordered_map<Uuid, Orphan> seen;
  for (const auto& [id, container] : snapshot.containers) {
    if (container.foreign || tracks_.contains(id)) continue;
    const auto before = orphans_.find(id);
    const bool again = before != orphans_.end() && before->second.runtime_id == container.runtime_id;
    seen[id] = {container.runtime_id, again ? before->second.first_seen : number};
    if (again)
      remove_orphan(id);
    else
      observer_.observe_now();
  }
  orphans_ = std::move(seen);
}

void Term::remove_orphan(const Uuid& id) {
  if (executor_.busy(id)) return;
  store_.load(id, lifeline_.guard([this, id](Result<std::optional<Workspace>> row) {
    if (!row) return database_failed("cannot read a workspace", row.error());
    if (*row) {  // created since the rows were read
      apply(std::move(**row));
      return reconcile(id);
    }
    if (executor_.busy(id)) return;
    log::info("workspace {}: has no row; removing its container", id.text());
    executor_.submit(
        id,
        [this, id](Executor::Finish finish) {
          store_.confirm_epoch(lifeline_.guard([this, id, finish = std::move(finish)](Result<void> ours) mutable {
            if (!ours) return finish(std::move(ours));
            runtime_.stop(id, std::move(finish));
          }));
        },
        [id](const Result<void>& outcome) {
          if (!outcome) log::warn("workspace {}: orphan container: {}", id.text(), outcome.error().message);
        });
  }));
}

}  // namespace hearth::orchestrator
