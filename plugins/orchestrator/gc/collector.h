// Collector: removes what no workspace needs any more: archives, restore markers, volumes of attempts that were given
// up, uploads that nobody will end (SPEC section 5).
//
// Only what the database itself has seen to be over is removed; what no row needs and nobody knows is kept, counted and
// said (proof_of()).
//
// A run marks every orphan in gc_candidates, forgets what is none any more, and removes those that have been orphans
// for `gc_orphan_delay`, oldest first, one at a time, at most `gc_max_deletes`. Right before each removal the row is
// read again and the epoch confirmed. A kind that could not be listed whole is left alone in that run, marks included.
// It shares nothing with the operations but the leader's connection, and none of them waits for it.
//
// Owner: a Term, so only a leader collects. Thread: the loop's. silence() ends it; a removal that was already called
// may still take effect.
#pragma once

#include <deque>
#include <functional>
#include <set>

#include "orchestrator/gc/gc_metrics.h"
#include "orchestrator/gc/search.h"
#include "orchestrator/settings.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator::gc {

class Collector {
 public:
  struct Links {
    WorkspaceRuntime& runtime;
    ArchiveStore& archives;
    LeaderSession& session;
    std::function<void(UniqueFunction<void(Result<void>)>)> confirm_epoch;
    // Is the dependency believed to be there (breakers, last listings)? Asked before each listing and removal.
    std::function<bool()> runtime_there;
    std::function<bool()> store_there;
    GcMetrics& metrics;
  };

  // All referred to outlives it.
  Collector(Loop& loop, const OrchestratorSettings& settings, std::int64_t epoch, Links links);

  // The first run comes a few minutes later, or after gc_interval when that is less.
  void begin();
  void silence();

 private:
  void plan(Milliseconds after);
  void run();
  void found(Result<Found> found);
  void mark_next();
  void read_candidates();
  void remove_next();
  void check(Orphan orphan);
  void remove(Orphan orphan);
  void removed(const Orphan& orphan, const Result<void>& outcome);
  void failed(const std::string& what, const Error& error);
  void report_unknown();
  void forget_released();
  void ended();
  bool there(Kind kind) const;

  const OrchestratorSettings& settings_;
  Links links_;
  GcStore store_;
  Timer timer_;
  Lifeline lifeline_;

  // Of the run under way.
  Found found_;
  std::vector<std::string> proofs_;  // of the orphans found
  std::deque<Kind> unmarked_;
  std::deque<Orphan> due_;
  std::set<Kind> given_up_;
  std::map<Kind, std::size_t> left_;
  unsigned removed_ = 0;
};

}  // namespace hearth::orchestrator::gc
