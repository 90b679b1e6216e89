#include "orchestrator/term.h"

#include "log/log.h"

namespace hearth::orchestrator {
namespace {
constexpr Milliseconds kReloadAfterError{1000};
}  // namespace

Term::Term(Loop& loop, const OrchestratorSettings& settings, LeaderSession& session, std::int64_t epoch,
           WorkspaceRuntime& runtime, ArchiveStore& archives, gc::GcMetrics& gc_metrics)
    : loop_(loop),
      settings_(settings),
      runtime_(runtime),
      archive_store_(archives),
      store_(session, settings.deployment, epoch),
      mark_store_(session, settings.deployment, epoch),
      epoch_check_([this](EpochCheck::Answer done) { store_.confirm_epoch(std::move(done)); }),
      act_links_{runtime, [this](EpochCheck::Answer done) { epoch_check_.confirm(std::move(done)); }},
      executor_(loop, settings.max_parallel_operations),
      observer_(loop, {}, [this](auto done) { runtime_.observe(std::move(done)); },
                {[this](const Ids& changed) { runtime_listed(changed); },
                 [this](const Error& error) { runtime_failed(error); }}),
      archives_(loop, kArchivePeriods, [this](auto done) { list_archives(std::move(done)); },
                {[this](const Ids& changed) { archives_listed(changed); },
                 [this](const Error& error) { archives_failed(error); }}),
      prober_(loop, runtime, settings.probe_interval,
              [this](const Uuid& id, const std::string& runtime_id) { became_ready(id, runtime_id); }),
      collector_(
          loop, settings, epoch,
          {runtime, archives, session, [this](EpochCheck::Answer done) { epoch_check_.confirm(std::move(done)); },
           [this] { return !runtime_away_ && executor_.breaker().willing(loop_.now()); },
           [this] { return store_known_ && !archives_away_ && storage_breaker_.willing(loop_.now()); }, gc_metrics}),
      reload_timer_(loop),
      absorb_timer_(loop),
      runtime_back_at_(loop.now()) {}

void Term::begin() {
  load_all();
  collector_.begin();
}

void Term::silence() {
  silenced_ = true;
  lifeline_.cut();
  executor_.reset();
  collector_.silence();
  reload_timer_.stop();
  absorb_timer_.stop();
}

Coordinator::Stats Term::stats() const {
  return {true,
          loaded_ && observer_.number() > 0,
          tracks_.size(),
          moving_.size(),
          executor_.running(),
          executor_.queued(),
          executor_.breaker().state() != Breaker::State::closed,
          storage_breaker_.state() != Breaker::State::closed,
          observer_.comparing_cpu() + archives_.comparing_cpu()};
}

void Term::hint(std::optional<Uuid> workspace) {
  if (silenced_ || !loaded_) return;  // the first load is still to answer, or is tried again
  if (!workspace) return load_all();
  hinted_.push_back(*workspace);
  if (!loading_hinted_) load_hinted();
}

void Term::runtime_changed() {
  if (loaded_ && !silenced_) observer_.poller().echo();
}

void Term::database_failed(const char* what, const Error& error) {
  log::warn("coordinator: {}: {}", what, error.message);
  // A stale epoch is the leader's to notice; asking makes it notice now.
  if (error.code == ErrorCode::stale) epoch_check_.confirm([](const Result<void>&) {});
}

void Term::load_all() {
  load_all_again_ = loading_all_;
  if (loading_all_) return;
  loading_all_ = true;
  missing_.clear();
  for (const auto& [id, track] : tracks_) missing_.insert(id);
  load_all_after(Uuid());
}

void Term::load_all_after(const Uuid& after) {
  store_.load_page(after, lifeline_.guard([this](Result<CoordinatorStore::Page> page) {
    if (!page) {
      loading_all_ = false;
      database_failed("cannot read the workspaces", page.error());
      if (!silenced_) reload_timer_.start(kReloadAfterError, [this] { load_all(); });
      return;
    }
    if (page->next) load_all_after(*page->next);
    Ids ids;
    for (Workspace& row : page->rows) {
      ids.push_back(row.id);
      missing_.erase(row.id);
      apply(std::move(row));
    }
    if (!page->next) loaded_all();
    reconcile(ids);
  }));
}

void Term::loaded_all() {
  loading_all_ = false;
  for (const Uuid& id : missing_) forget(id);
  missing_.clear();
  if (!loaded_) {
    loaded_ = true;
    log::info("coordinator: {} workspaces loaded", tracks_.size());
    archives_.poller().look_now();
  }
  observer_.poller().look_now();
  if (load_all_again_) load_all();
}

void Term::load_attention() {
  if (loading_attention_) return;
  loading_attention_ = true;
  attention_loaded_ = loop_.now();
  load_attention_after(Uuid());
}

void Term::load_attention_after(const Uuid& after) {
  store_.load_attention(after, lifeline_.guard([this](Result<CoordinatorStore::Page> page) {
    loading_attention_ = page && page->next;
    if (!page) return database_failed("cannot read the workspaces", page.error());
    if (page->next) load_attention_after(*page->next);
    loaded(std::move(page->rows));
  }));
}

// Wishes that come while rows are being read are read together afterwards.
void Term::load_hinted() {
  loading_hinted_ = true;
  Ids ids;
  ids.swap(hinted_);
  store_.load(ids, lifeline_.guard([this, ids](Result<std::vector<Workspace>> rows) {
    loading_hinted_ = false;
    if (!hinted_.empty()) load_hinted();
    if (!rows) return database_failed("cannot read workspaces", rows.error());
    std::unordered_set<Uuid> missing(ids.begin(), ids.end());
    for (const Workspace& row : *rows) missing.erase(row.id);
    for (const Uuid& id : missing) forget(id);
    loaded(std::move(*rows));
  }));
}

void Term::loaded(std::vector<Workspace> rows) {
  Ids ids;
  bool unseen = false;
  for (Workspace& row : rows) {
    ids.push_back(row.id);
    unseen |= !apply(std::move(row)).seen;
  }
  if (unseen) observer_.poller().look_now();
  reconcile(ids);
}

void Term::load(const Uuid& id) {
  store_.load(id, lifeline_.guard([this, id](Result<std::optional<Workspace>> row) {
    if (!row) return database_failed("cannot read a workspace", row.error());
    if (!*row) return forget(id);
    const Track& track = apply(std::move(**row));
    if (!track.seen) observer_.poller().look_now();
    reconcile(id);
  }));
}

// Takes what the database answered about a row, known or new.
Track& Term::apply(Workspace row) {
  const auto [it, added] = tracks_.try_emplace(row.id);
  Track& track = it->second;
  const Workspace& old = track.row;
  const bool other_operation = added || old.operation != row.operation || old.op_started_at != row.op_started_at;
  const bool other_archive = old.archive_key != row.archive_key;
  const bool other_facts = other_operation || other_archive || old.volume_name != row.volume_name ||
                           old.deleted_at.has_value() != row.deleted_at.has_value();
  if (added) {
    track.observed = row.conditions;
    track.stored = row.conditions;
    unseen_.insert(row.id);
  }
  if (other_operation) {
    track.op_seen_at = loop_.now();
    track.job_ended = false;
  }
  if (other_operation || other_archive) track.acted = false;
  if (old.error_reason == ErrorReason::crash_loop && row.error_reason != ErrorReason::crash_loop) {
    track.crashes.clear();  // recovered: counting starts anew
  }
  track.row = std::move(row);
  if (uses_storage(track.row.operation))
    storing_.insert(track.row.id);
  else
    storing_.erase(track.row.id);
  pace_archive_listings();
  if (other_facts && track.seen) update_conditions(track);  // the same things mean something else now
  return track;
}

void Term::forget(const Uuid& id) {
  const auto found = tracks_.find(id);
  if (found == tracks_.end()) return;
  set_moving(found->second, false);
  unseen_.erase(id);
  storing_.erase(id);
  prober_.unwatch(id);
  tracks_.erase(found);
}

}  // namespace hearth::orchestrator
