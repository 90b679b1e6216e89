// The workspace rows as the API and the gate read and write them; the coordinator has its own statements. Writes only
// the API's columns (SPEC section 4), and in recover() the controller's, of a row in sticky ERROR: its controller
// touches it no more and waits for just that. There it forgets the error, the name of a volume that is lost (so that
// the archive is restored), and with `start_empty` the archive as well. Thread: the pool's loop.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/pg.h"
#include "orchestrator/model/workspace.h"
#include "orchestrator/store/account_store.h"

namespace hearth::orchestrator {

struct RunningLimits {
  unsigned per_user = 3;
  unsigned total = 100;
};

struct RunningRow {
  Uuid id;
  std::string name;
  Phase phase = Phase::running;
};

// Why a workspace may not run: counted are live rows whose desired_state or phase is RUNNING.
struct LimitHit {
  bool per_user = true;  // else the total of the deployment
  unsigned maximum = 0;
  unsigned current = 0;
  std::vector<RunningRow> running;  // the asking user's own
};

// Exactly one of row and limit, or neither: no such live row (any more).
struct RunOutcome {
  std::optional<Workspace> row;
  std::optional<LimitHit> limit;
};

struct NewWorkspace {
  Uuid owner;
  std::string name;
  std::string description;
  std::string memo;
  std::string image_ref;
  DesiredState desired = DesiredState::running;
  std::optional<std::int64_t> standby_ttl_seconds;
  std::optional<std::int64_t> archive_ttl_seconds;
};

struct WorkspaceChange {
  std::optional<std::string> name;
  std::optional<std::string> description;
  std::optional<std::string> memo;
  std::optional<std::string> image_ref;
  std::optional<DesiredState> desired;
  std::optional<std::optional<std::int64_t>> standby_ttl_seconds;  // inner nullopt: back to the default
  std::optional<std::optional<std::int64_t>> archive_ttl_seconds;

  bool empty() const;
};

class WorkspaceStore {
 public:
  template <class T>
  using Done = UniqueFunction<void(Result<T>)>;

  WorkspaceStore(PgPool& pool, RunningLimits limits) : pool_(pool), limits_(limits) {}

  void get(const Uuid& id, Done<std::optional<Workspace>> done);  // live rows only
  void list(const Uuid& owner, std::int64_t limit, std::int64_t offset, Done<Listing<Workspace>> done);
  void list_live(Done<std::vector<Workspace>> done);  // everybody's
  void read(const std::vector<Uuid>& ids,
            Done<std::vector<Workspace>> done);  // deleted rows too; missing ones are purged

  // A name the owner already uses: an error for which is_unique_violation() holds.
  void create(const NewWorkspace& workspace, Done<RunOutcome> done);
  void change(const Uuid& id, const Uuid& owner, const WorkspaceChange& change, Done<RunOutcome> done);
  // desired RUNNING, unless the row has been deleted.
  void wake(const Uuid& id, const Uuid& owner, Done<RunOutcome> done);
  void remove(const Uuid& id, Done<std::optional<Workspace>> done);
  // Ends a sticky ERROR. `start_empty`: give the lost volume up. nullopt: the row is not in ERROR (any more).
  void recover(const Uuid& id, bool start_empty, Done<std::optional<Workspace>> done);

 private:
  // `write` in one transaction with the count, one such transaction at a time in the whole deployment.
  void run_within_limits(const Uuid& owner, const Uuid& except, PgStatement write, Done<RunOutcome> done);
  void write_one(PgStatement statement, Done<RunOutcome> done);

  PgPool& pool_;
  RunningLimits limits_;
};

}  // namespace hearth::orchestrator
