// CoordinatorStore: every statement of the coordinator, each carrying the leader's epoch (SPEC sections 3 and 4).
// Writes the columns of the Observer and of the WorkspaceController and no others.
//
// Thread: the loop's. A store belongs to one leadership (one epoch); make a new one after an election. Statements run
// in the order of the calls and answer in that order, so the newest answer about a row is the newest truth about it.
// Every write answers with the row as it now is. Errors: Error{stale} when the epoch is not ours any more (nothing was
// written); others as PgConnection's: whether a write took effect is then unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/pg.h"
#include "orchestrator/decide/decide.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

class Leader;

// The way to the database of one leadership.
struct LeaderSession {
  UniqueFunction<void(PgStatement, PgCallback)> query;
  UniqueFunction<void(UniqueFunction<void(Result<void>)>)> confirm;  // is the epoch still ours, asked now
};
LeaderSession session_of(Leader& leader);

class CoordinatorStore {
 public:
  using Rows = UniqueFunction<void(Result<std::vector<Workspace>>)>;
  // nullopt: the row was not as expected (somebody else changed it, or it is gone); nothing was written.
  using Row = UniqueFunction<void(Result<std::optional<Workspace>>)>;

  CoordinatorStore(LeaderSession& session, std::string deployment, std::int64_t epoch);

  // Rows in the order of their ids, beginning after `after` (nil: with the first), a bounded number of them: reading
  // all at once would stop the loop for longer than a leader may stand still.
  struct Page {
    std::vector<Workspace> rows;
    std::optional<Uuid> next;  // there may be more, after this one
  };
  using PageRead = UniqueFunction<void(Result<Page>)>;

  // Rows that cannot be understood (written by a newer program) are named in the log and left out, here and below.
  void load_page(const Uuid& after, PageRead done);
  // Rows that are not where they should be: not converged, under way, or deleted. Not those in sticky ERROR: whatever
  // ends that changes the row.
  void load_attention(const Uuid& after, PageRead done);
  void load(const std::vector<Uuid>& ids, Rows done);
  void load(const Uuid& id, Row done);

  struct Observed {
    Uuid id;
    Conditions conditions;
  };
  void write_conditions(const std::vector<Observed>& changed, Rows done);

  struct Claim {
    Uuid id;
    Operation operation = Operation::none;
    Phase phase = Phase::pending;
    WallTime now{};
    // What the row must still say: no operation, and these.
    DesiredState desired = DesiredState::running;
    std::string seen_volume;
    // What it says afterwards. An id that is not given stays as it was.
    std::string volume_name;
    std::optional<Uuid> archive_op_id;
    std::optional<Uuid> restore_op_id;
  };
  // Compare-and-set, each row for itself; answers with those that were claimed.
  void claim_operations(const std::vector<Claim>& claims, Rows done);
  struct Completion {
    // What the row must still say, and what it says afterwards besides no operation and no error.
    Uuid id;
    Operation operation = Operation::none;
    std::optional<WallTime> op_started_at;
    Phase phase = Phase::pending;
    std::string volume_name;
  };
  // Compare-and-set, each row for itself; answers with those that were completed.
  void complete_operations(const std::vector<Completion>& completions, Rows done);
  void record_phase(const Workspace& seen, Phase phase, Row done);
  // The archive of the operation under way is there: from now on the row points to it.
  void record_archive(const Workspace& seen, const std::string& key, Phase phase, Row done);
  void record_failure(const Workspace& seen, const Decision& failure, Row done);
  void record_retry(const Workspace& seen, const Decision& retry, Row done);  // the operation goes on
  void settle(const Workspace& seen, Phase phase, Row done);                  // forgets failures of a converged row
  // Removes the row of a deleted workspace; the answer is the row that was.
  void purge(const Workspace& seen, Row done);

  // To be asked right before every destructive call.
  void confirm_epoch(UniqueFunction<void(Result<void>)> done) { session_.confirm(std::move(done)); }

 private:
  void write(std::string update, std::vector<PgParam> params, Rows done);
  void write_one(std::string update, std::vector<PgParam> params, Row done);
  void select(std::string where, std::vector<PgParam> params, UniqueFunction<void(Result<PgResult>)> done);
  void select_page(std::string condition, const Uuid& after, PageRead done);

  LeaderSession& session_;
  std::string deployment_;
  std::int64_t epoch_;
};

}  // namespace hearth::orchestrator
