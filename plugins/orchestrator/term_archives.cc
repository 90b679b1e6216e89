#include "log/log.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {
namespace {
// Workspaces whose part of a listing is taken over in one turn.
constexpr std::size_t kAtOnce = 500;
}  // namespace

// A listing counts when it is certain that it shows the store which the database knows: otherwise an empty directory
// where that store should be mounted would say that every archive is gone, and would take in new ones.
void Term::list_archives(ArchivesListed done) {
  if (store_known_) return archive_store_.observe(restoring(), std::move(done));
  mark_store_.read(lifeline_.guard([this, done = std::move(done)](Result<ArchiveMarkStore::Known> known) mutable {
    if (!known) return done(fail(std::move(known.error())));
    identify_store(*known, std::move(done));
  }));
}

// As long as nothing is archived any store will do, also another one than before.
void Term::identify_store(const ArchiveMarkStore::Known& known, ArchivesListed done) {
  if (known.mark && known.holds_archives) return store_identified(*known.mark, std::move(done));
  archive_store_.identify(
      known.holds_archives,
      lifeline_.guard([this, before = known.mark, done = std::move(done)](Result<StoreMark> found) mutable {
        if (!found) return done(fail(std::move(found.error())));
        const Uuid mark = found->id;
        if (mark == before) return store_identified(mark, std::move(done));
        if (!found->placed) {
          log::warn(
              "coordinator: the archive store bears the mark {} of another database. Two installations in one folder do "
              "not see each other's workspaces: give one another deployment name, unless this one replaces the other",
              mark.text());
        }
        mark_store_.save(mark, lifeline_.guard([this, mark, done = std::move(done)](Result<void> saved) mutable {
          if (!saved) return done(fail(std::move(saved.error())));
          store_identified(mark, std::move(done));
        }));
      }));
}

void Term::store_identified(const Uuid& mark, ArchivesListed done) {
  archive_store_.expect(mark);
  store_known_ = true;
  pace_archive_listings();
  archive_store_.observe(restoring(), std::move(done));
}

void Term::archives_listed(const Ids& changed) {
  if (silenced_) return;
  if (archives_away_) log::notice("coordinator: the archive store answers again");
  archives_away_ = false;
  Ids ids(storing_.begin(), storing_.end());
  if (std::exchange(archives_listed_once_, true) == false) {
    for (const auto& [id, track] : tracks_) ids.push_back(id);
  } else {
    for (const Uuid& id : changed) {
      if (tracks_.contains(id) && !storing_.contains(id)) ids.push_back(id);
    }
  }
  std::erase_if(ids, [this](const Uuid& id) { return !tracks_.at(id).seen; });
  if (ids.size() > kAtOnce) {
    for (const Uuid& id : ids) to_be_absorbed(tracks_.at(id));
    return absorb_listed();
  }
  for (const Uuid& id : ids) update_conditions(tracks_.at(id));
  write_conditions(ids);
  reconcile(ids);
}

void Term::archives_failed(const Error& error) {
  if (silenced_) return;
  if (!archives_away_) log::warn("coordinator: no listing of the archives: {}", error.message);
  archives_away_ = true;
  if (error.code != ErrorCode::conflict) return;
  // Another store than the known one: nothing is archived or restored until the known one is back.
  store_known_ = false;
  archives_listed_once_ = false;
  pace_archive_listings();
}

void Term::pace_archive_listings() { archives_.poller().set_moving(!storing_.empty() || !store_known_); }

// Whose restore markers are to be read.
Term::Ids Term::restoring() const {
  Ids ids;
  for (const Uuid& id : storing_) {
    if (tracks_.at(id).row.operation == Operation::restoring) ids.push_back(id);
  }
  return ids;
}

}  // namespace hearth::orchestrator
