// Term: one leadership of the coordinator, from election to deposition; everything it knows in memory.
//
// Its picture of a row is the answer to the newest statement about it (CoordinatorStore answers in order), so what it
// decides on is what the database held then, and every write is a compare-and-set on that. What it does in one turn
// follows what has changed and what moves, not how many rows there are. Thread: the loop's.
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "orchestrator/act/acts.h"
#include "orchestrator/act/epoch_check.h"
#include "orchestrator/act/executor.h"
#include "orchestrator/coordinator.h"
#include "orchestrator/decide/decide.h"
#include "orchestrator/gc/collector.h"
#include "orchestrator/observe/observer.h"
#include "orchestrator/observe/prober.h"
#include "orchestrator/settings.h"
#include "orchestrator/store/archive_mark_store.h"
#include "orchestrator/store/coordinator_store.h"
#include "orchestrator/track.h"

namespace hearth::orchestrator {

class Term {
 public:
  Term(Loop& loop, const OrchestratorSettings& settings, LeaderSession& session, std::int64_t epoch,
       WorkspaceRuntime& runtime, ArchiveStore& archives, gc::GcMetrics& gc_metrics);

  void begin();
  // No callback and no statement afterwards.
  void silence();
  void hint(std::optional<Uuid> workspace);
  void runtime_changed();
  Coordinator::Stats stats() const;

 private:
  using Ids = std::vector<Uuid>;

  // term.cc: rows
  void load_all();
  void load_all_after(const Uuid& after);
  void load_attention();
  void load_attention_after(const Uuid& after);
  void load(const Uuid& id);
  void load_hinted();
  void loaded_all();
  void loaded(std::vector<Workspace> rows);
  Track& apply(Workspace row);
  void forget(const Uuid& id);
  void database_failed(const char* what, const Error& error);

  // term_observe.cc: what was seen
  void runtime_listed(const Ids& changed);
  void runtime_failed(const Error& error);
  void to_be_absorbed(Track& track);
  void absorb_listed();
  void absorb(Track& track);
  void update_conditions(Track& track);
  bool write_conditions(const Ids& ids, bool absorb_more = false);
  void conditions_written(const Ids& ids, Result<std::vector<Workspace>> rows);
  void became_ready(const Uuid& id, const std::string& runtime_id);
  void store_ready();
  void watch_readiness(Track& track);

  // term_archives.cc: the store, and what was seen in it
  using ArchivesListed = UniqueFunction<void(Result<ArchiveSnapshot>)>;
  void list_archives(ArchivesListed done);
  void identify_store(const ArchiveMarkStore::Known& known, ArchivesListed done);
  void store_identified(const Uuid& mark, ArchivesListed done);
  void archives_listed(const Ids& changed);
  void archives_failed(const Error& error);
  void pace_archive_listings();
  Ids restoring() const;

  // term_strays.cc: containers and jobs that no row asks for
  void look_for_strays(const Ids& changed);
  bool stray_job(const Uuid& workspace, Uuid& operation);
  void remove_orphan(const Uuid& id);
  void remove_stray_job(const Uuid& id, const Uuid& operation);

  // term_reconcile.cc: one workspace, one decision at a time
  View view_of(Track& track);
  StorageView storage_view(const Track& track) const;
  std::string own_archive_key(const Workspace& row) const;
  void reconcile(const Uuid& id);
  void reconcile(const Ids& ids);
  void carry_out(Track& track, const Decision& decision);
  void claim(Track& track, const Decision& decision);
  void send_claims();
  void claims_answered(const Ids& ids, Result<std::vector<Workspace>> rows);
  void act(Track& track);
  void acted(const Uuid& id, Result<void> outcome);
  void write(Track& track, const Decision& decision);
  CoordinatorStore::Row written(Track& track, const Decision& decision);
  void complete(Track& track, const Decision& decision);
  void send_completions();
  void after_write(const Uuid& id, const Decision& decision);
  void record_in_storage_breaker(const Track& track, const Decision& decision);
  void set_moving(Track& track, bool moving);
  bool has_room() const;
  void room_made();

  Loop& loop_;
  const OrchestratorSettings& settings_;
  WorkspaceRuntime& runtime_;
  ArchiveStore& archive_store_;
  CoordinatorStore store_;
  ArchiveMarkStore mark_store_;
  EpochCheck epoch_check_;
  ActLinks act_links_;
  Lifeline lifeline_;
  Executor executor_;
  Breaker storage_breaker_;
  RuntimeObserver observer_;
  ArchiveObserver archives_;
  Prober prober_;
  gc::Collector collector_;
  Timer reload_timer_;
  Timer absorb_timer_;

  std::unordered_map<Uuid, Track> tracks_;
  std::unordered_set<Uuid> unseen_;   // tracks that no listing has looked at yet
  std::deque<Uuid> listed_;           // tracks whose part of the newest listing was not looked at yet
  std::unordered_set<Uuid> missing_;  // tracks that the reading of all rows has not come across yet
  std::unordered_set<Uuid> moving_;
  std::unordered_set<Uuid> storing_;               // tracks with a storage operation
  std::unordered_map<Uuid, std::string> orphans_;  // containers without a row, by what they were in the last listing
  std::unordered_set<Uuid> strays_;                // workspaces with a job that nobody asks for
  std::deque<Uuid> waiting_;                       // for room in the executor
  std::vector<Uuid> hinted_;                       // to be read
  std::vector<CoordinatorStore::Claim> claims_;    // to be sent
  std::vector<CoordinatorStore::Completion> completions_;  // to be sent
  std::vector<CoordinatorStore::Row> completed_;           // … and who is told
  std::vector<Uuid> ready_;                                // answered their probes in this turn
  std::size_t claiming_ = 0;
  bool loading_hinted_ = false;
  bool loading_all_ = false;
  bool load_all_again_ = false;
  bool loading_attention_ = false;
  bool absorbing_ = false;  // the next part of listed_ waits for its turn
  bool silenced_ = false;
  bool loaded_ = false;
  bool runtime_away_ = false;
  bool archives_away_ = false;
  bool store_known_ = false;  // to be the one that the database means
  bool archives_listed_once_ = false;
  SteadyTime runtime_back_at_{};
  SteadyTime attention_loaded_{};
};

}  // namespace hearth::orchestrator
