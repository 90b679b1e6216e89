#include "log/log.h"
#include "orchestrator/observe/conditions.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {
namespace {
constexpr Milliseconds kAttentionGap{900};  // between two readings of the rows that are not where they should be
// Workspaces taken over from a listing in one turn, and stored in one statement. The first listing of a term has all.
constexpr std::size_t kAbsorbAtOnce = 500;

template <class Map>
typename Map::mapped_type part_of(const Map& map, const Uuid& id) {
  const auto found = map.find(id);
  return found == map.end() ? typename Map::mapped_type() : found->second;
}
}  // namespace

void Term::runtime_listed(const Ids& changed) {
  if (silenced_) return;
  if (runtime_away_) {
    log::notice("coordinator: the container runtime answers again");
    runtime_away_ = false;
    runtime_back_at_ = loop_.now();
  }
  for (const Uuid& id : unseen_) to_be_absorbed(tracks_.at(id));
  unseen_.clear();
  for (const Uuid& id : changed) {
    if (const auto found = tracks_.find(id); found != tracks_.end()) to_be_absorbed(found->second);
  }
  absorb_listed();
  reconcile(Ids(moving_.begin(), moving_.end()));
  if (silenced_) return;
  look_for_strays(changed);
  if (loop_.now() - attention_loaded_ >= kAttentionGap) load_attention();
}

void Term::runtime_failed(const Error& error) {
  if (silenced_) return;
  if (!runtime_away_) log::warn("coordinator: the container runtime does not answer: {}", error.message);
  runtime_away_ = true;
  if (loop_.now() - attention_loaded_ >= kAttentionGap) load_attention();
}

// What moves goes first. Until its turn nothing is concluded from what was seen of it before.
void Term::to_be_absorbed(Track& track) {
  if (std::exchange(track.listed, true)) return;
  if (moving_.contains(track.row.id))
    listed_.push_front(track.row.id);
  else
    listed_.push_back(track.row.id);
}

// A part per turn of the loop, the next when its statement has answered: neither the loop nor the connection is ever
// taken for long, however many there are.
void Term::absorb_listed() {
  if (absorbing_ || silenced_) return;
  Ids ids;
  while (!listed_.empty() && ids.size() < kAbsorbAtOnce) {
    const auto found = tracks_.find(listed_.front());
    listed_.pop_front();
    if (found == tracks_.end() || !found->second.listed) continue;  // gone
    absorb(found->second);
    ids.push_back(found->first);
  }
  absorbing_ = !listed_.empty();
  const bool sent = write_conditions(ids, absorbing_);
  if (absorbing_ && !sent) {
    absorb_timer_.start(Milliseconds(1), [this] {
      absorbing_ = false;
      absorb_listed();
    });
  }
  reconcile(ids);
}

void Term::absorb(Track& track) {
  const RuntimeSnapshot& snapshot = observer_.snapshot();
  const auto container = snapshot.containers.find(track.row.id);
  track.container = container == snapshot.containers.end() ? std::nullopt : std::optional(container->second);
  track.volumes = part_of(snapshot.volumes, track.row.id);
  track.jobs = part_of(snapshot.jobs, track.row.id);
  // Ready lasts as long as this container runs. What an earlier leader saw of it is in the stored conditions.
  if (!track.container || !track.container->running || track.container->foreign) {
    track.ready_id.clear();
  } else if (!track.seen && is_ready_container(track.observed, track.container->runtime_id)) {
    track.ready_id = track.container->runtime_id;
  }
  track.seen = true;
  track.listed = false;
  update_conditions(track);
  watch_readiness(track);
}

void Term::update_conditions(Track& track) {
  const ObservedContainer* container = track.container ? &*track.container : nullptr;
  const bool ready = container != nullptr && !track.ready_id.empty() && track.ready_id == container->runtime_id;
  const auto archives = archives_.snapshot().find(track.row.id);
  const Seen seen{
      container,   &track.volumes,         ready,
      &track.jobs, archives_.number() > 0, archives == archives_.snapshot().end() ? nullptr : &archives->second};
  track.observed = conditions_of(track.row, seen, track.observed, wall_now());

  const std::optional<Uuid> operation = storage_operation(track.row);
  const ObservedJob* job = operation ? find_job(&track.jobs, *operation) : nullptr;
  if (job != nullptr && !job->running && job->exit_code && !track.job_ended) {
    track.job_ended = true;
    track.archive_listing_needed = archives_.next_number();
    archives_.poller().look_now();
  }
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

// Stores the conditions of those of these that differ from what the database holds. False: none does.
bool Term::write_conditions(const Ids& ids, bool absorb_more) {
  if (silenced_) return false;
  std::vector<CoordinatorStore::Observed> changed;
  Ids written;
  for (const Uuid& id : ids) {
    Track& track = tracks_.at(id);
    if (track.observed == track.stored) continue;
    track.stored = track.observed;
    changed.push_back({id, track.observed});
    written.push_back(id);
  }
  if (changed.empty()) return false;
  store_.write_conditions(
      changed, lifeline_.guard([this, absorb_more, written = std::move(written)](Result<std::vector<Workspace>> rows) {
        conditions_written(written, std::move(rows));
        if (!absorb_more) return;
        absorbing_ = false;
        absorb_listed();
      }));
  return true;
}

void Term::conditions_written(const Ids& ids, Result<std::vector<Workspace>> rows) {
  if (rows) {
    for (Workspace& row : *rows) {
      if (tracks_.contains(row.id)) apply(std::move(row));
    }
    return;
  }
  database_failed("cannot store conditions", rows.error());
  for (const Uuid& id : ids) {  // the next listing writes them again
    const auto found = tracks_.find(id);
    if (found == tracks_.end()) continue;
    found->second.stored = Conditions();
    unseen_.insert(id);
  }
}

void Term::became_ready(const Uuid& id, const std::string& runtime_id) {
  const auto found = tracks_.find(id);
  if (silenced_ || found == tracks_.end()) return;
  Track& track = found->second;
  if (!track.container || track.container->runtime_id != runtime_id) return;
  log::info("workspace {}: answers at {}", id.text(), track.container->address);
  track.ready_id = runtime_id;
  update_conditions(track);
  // Those of one turn go in one statement.
  if (ready_.empty()) loop_.defer(lifeline_.guard([this] { store_ready(); }));
  ready_.push_back(id);
}

void Term::store_ready() {
  Ids ids = std::exchange(ready_, {});
  std::erase_if(ids, [this](const Uuid& id) { return !tracks_.contains(id); });
  write_conditions(ids);
  reconcile(ids);  // its statement follows the conditions' at once
}

}  // namespace hearth::orchestrator
