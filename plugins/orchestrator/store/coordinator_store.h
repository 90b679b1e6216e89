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

  void load_all(Rows done);
  // Rows that are not where they should be: not converged, under way, due for a retry, or deleted.
  void load_attention(Rows done);
  void load(const Uuid& id, Row done);

  struct Observed {
    Uuid id;
    Conditions conditions;
  };
  void write_conditions(const std::vector<Observed>& changed, Rows done);

  // Compare-and-set on what `seen` shows: no operation, the same wish, the same volume. `volume_name` is stored when
  // the operation makes a volume.
  void claim_operation(const Workspace& seen, Operation operation, Phase phase, WallTime now,
                       const std::string& volume_name, Row done);
  void complete_operation(const Workspace& seen, Phase phase, Row done);
  void record_phase(const Workspace& seen, Phase phase, Row done);
  void record_failure(const Workspace& seen, const Decision& failure, Row done);
  void note(const Workspace& seen, const Decision& note, Row done);  // error_message only
  void settle(const Workspace& seen, Phase phase, Row done);         // forgets failures of a converged row
  // Ends sticky ERROR. `start_empty` gives up a lost volume.
  void recover(const Uuid& id, bool start_empty, Row done);
  // Removes the row of a deleted workspace; the answer is the row that was.
  void purge(const Workspace& seen, Row done);

  // To be asked right before every destructive call.
  void confirm_epoch(UniqueFunction<void(Result<void>)> done) { session_.confirm(std::move(done)); }

 private:
  void write(std::string update, std::vector<PgParam> params, Rows done);
  void write_one(std::string update, std::vector<PgParam> params, Row done);
  void select(std::string where, std::vector<PgParam> params, Rows done);

  LeaderSession& session_;
  std::string deployment_;
  std::int64_t epoch_;
};

}  // namespace hearth::orchestrator
