// GcStore: the garbage collector's statements. It reads rows by its own words (judge.h), so that one which a newer
// program has written still protects what it names, and writes gc_candidates, each write with the leader's epoch.
//
// Thread: the loop's. `session` outlives it. Errors: stale when the epoch is not ours any more (nothing was written),
// others as PgConnection's.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "clients/pg.h"
#include "orchestrator/gc/judge.h"
#include "orchestrator/store/coordinator_store.h"

namespace hearth::orchestrator::gc {

// Something that was seen to be an orphan, and still was at the last run. Times by the database's clock.
struct Candidate {
  Kind kind = Kind::archive;
  std::string name;
  WallTime first_seen{};
  bool due = false;  // seen so for as long as `delay` says
};

class GcStore {
 public:
  template <class T>
  using Done = UniqueFunction<void(Result<T>)>;
  using Rows = std::unordered_map<Uuid, Row>;
  using Names = std::unordered_set<std::string>;

  GcStore(LeaderSession& session, std::string deployment, std::int64_t epoch)
      : session_(session), deployment_(std::move(deployment)), epoch_(epoch) {}

  // Deleted rows too. All of them as one answer, read in parts.
  void rows(std::vector<Uuid> ids, Done<Rows> done);
  // Those of the names that this database knows to be over.
  void released(std::vector<std::string> names, Done<Names> done);
  // Forgets what was released longer ago than `age`, but for these.
  void forget_released(Milliseconds age, const std::vector<std::string>& but, Done<void> done);
  // Oldest first.
  void candidates(Milliseconds delay, Done<std::vector<Candidate>> done);
  // These are the orphans of this kind and no others: new ones are marked, all others forgotten.
  void mark(Kind kind, const std::vector<std::string>& names, Done<void> done);
  void forget(Kind kind, const std::string& name, Done<void> done);

 private:
  void read_part(std::vector<Uuid> ids, Rows found, Done<Rows> done);
  void write(std::string changes, std::vector<PgParam> params, Done<void> done);

  LeaderSession& session_;
  const std::string deployment_;
  const std::int64_t epoch_;
};

}  // namespace hearth::orchestrator::gc
