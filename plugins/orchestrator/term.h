// Term: one leadership of the coordinator, from election to deposition; everything it knows in memory.
//
// Its picture of a row is the answer to the newest statement about it (CoordinatorStore answers in order), so what it
// decides on is what the database held then, and every write is a compare-and-set on that. Thread: the loop's.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>

#include "orchestrator/act/acts.h"
#include "orchestrator/act/executor.h"
#include "orchestrator/coordinator.h"
#include "orchestrator/decide/backoff.h"
#include "orchestrator/decide/decide.h"
#include "orchestrator/observe/observer.h"
#include "orchestrator/settings.h"
#include "orchestrator/store/coordinator_store.h"

namespace hearth::orchestrator {

class Term {
 public:
  Term(Loop& loop, const OrchestratorSettings& settings, LeaderSession& session, std::int64_t epoch,
       WorkspaceRuntime& runtime);

  void begin();
  // No callback and no statement afterwards.
  void silence();
  void hint(std::optional<Uuid> workspace);
  void runtime_changed();
  Coordinator::Stats stats() const;

 private:
  // One workspace.
  struct Track {
    Workspace row;
    std::optional<ObservedContainer> container;
    std::vector<ObservedVolume> volumes;
    Conditions observed;       // newest, perhaps not stored yet
    Conditions stored;         // sent to the database last
    std::uint64_t seen = 0;    // number of the observation behind `observed`
    std::uint64_t needed = 0;  // the last act wants an observation of at least this number
    int writing = 0;           // controller's statements under way: decide nothing until they answer
    bool waiting = false;      // in waiting_
    bool acted = false;        // the act of row.operation returned success in this term
    bool moving = false;
    std::string ready_id;      // the container that has answered its probe
    std::string counted_exit;  // the container whose exit was counted as a crash
    CrashWindow crashes;
    Operation last_failed = Operation::none;
  };
  struct Orphan {
    std::string runtime_id;
    std::uint64_t first_seen = 0;
  };

  // term.cc: rows and observations
  void load_all();
  void load_attention();
  void load(const Uuid& id);
  void loaded_all(std::vector<Workspace> rows);
  Track& apply(Workspace row);
  void forget(const Uuid& id);
  void observed(const RuntimeSnapshot& snapshot, std::uint64_t number);
  void absorb(Track& track, const RuntimeSnapshot& snapshot, std::uint64_t number);
  void update_conditions(Track& track);
  void write_conditions(std::vector<CoordinatorStore::Observed> changed);
  void observation_failed(const Error& error);
  void became_ready(const Uuid& id, const std::string& runtime_id);
  void watch_readiness(Track& track);
  void look_for_orphans(const RuntimeSnapshot& snapshot, std::uint64_t number);
  void remove_orphan(const Uuid& id);
  void database_failed(const char* what, const Error& error);

  // term_reconcile.cc: one workspace, one decision at a time
  View view_of(Track& track);
  void reconcile(const Uuid& id);
  void carry_out(Track& track, const Decision& decision);
  void claim(Track& track, const Decision& decision);
  void act(Track& track);
  void acted(const Uuid& id, Result<void> outcome);
  void write_failure(Track& track, const Decision& decision);
  CoordinatorStore::Row written(Track& track, const Decision& decision);
  void after_write(const Uuid& id, const Decision& decision);
  void set_moving(Track& track, bool moving);
  bool has_room() const;
  void room_made();

  Loop& loop_;
  const OrchestratorSettings& settings_;
  WorkspaceRuntime& runtime_;
  CoordinatorStore store_;
  ActLinks act_links_;
  Lifeline lifeline_;
  Executor executor_;
  Observer observer_;
  Prober prober_;
  Timer reload_timer_;

  std::unordered_map<Uuid, Track> tracks_;
  std::unordered_map<Uuid, Orphan> orphans_;
  std::deque<Uuid> waiting_;  // for room in the executor
  std::size_t claiming_ = 0;
  std::size_t moving_ = 0;
  bool silenced_ = false;
  bool loaded_ = false;
  bool observed_once_ = false;
  bool runtime_away_ = false;
  WallTime deadline_from_{};
  SteadyTime attention_loaded_{};
};

}  // namespace hearth::orchestrator
