// Coordinator: makes the real world match what the rows want, while this process is the leader (SPEC sections 3 and 5).
//
//   judge -> plan -> claim (commit) -> act -> observe -> complete (commit), per workspace, none waiting for another.
//
// Level-triggered: hints, runtime events and periods only decide when it looks. Crash-only: everything that matters is
// in the rows; a new leader loads them and goes on, running again whatever act was left over.
//
// Owner: the orchestrator module. Thread: the orchestrator's loop. `leader`, `runtime` and `archives` outlive it. It
// takes runtime.on_event() for itself. Destroying it, deposed() and stop() silence everything at once; calls already
// made to the runtime may still take effect, which the next leader observes.
#pragma once

#include <memory>
#include <optional>

#include "orchestrator/act/lifeline.h"
#include "orchestrator/archives/archive_store.h"
#include "orchestrator/gc/gc_metrics.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "orchestrator/settings.h"
#include "orchestrator/store/coordinator_store.h"
#include "runtime/loop.h"

namespace hearth::orchestrator {

class Leader;
class Term;

class Coordinator {
 public:
  Coordinator(Loop& loop, const OrchestratorSettings& settings, Leader& leader, WorkspaceRuntime& runtime,
              ArchiveStore& archives);
  // With another way to the database than a Leader.
  Coordinator(Loop& loop, const OrchestratorSettings& settings, LeaderSession session, WorkspaceRuntime& runtime,
              ArchiveStore& archives);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // To be called from Leader::Events.
  void elected(std::int64_t epoch);
  void deposed();

  // A row may have changed; nullopt: any may have. From ChangeFeed's `woken` and `resync`. Nothing while not leading.
  void hint(std::optional<Uuid> workspace);
  // Gives up for good; elections are not followed any more.
  void stop();

  struct Stats {
    bool leading = false;
    bool loaded = false;  // rows read and the runtime observed once since the election
    std::size_t workspaces = 0;
    std::size_t moving = 0;  // not converged
    std::size_t acting = 0;
    std::size_t queued = 0;
    bool runtime_breaker_open = false;
    bool storage_breaker_open = false;
    std::chrono::nanoseconds comparing_cpu{0};  // of this term: comparing each listing with the one before
  };
  Stats stats() const;
  // Of all terms; outlives the coordinator for whoever renders it.
  std::shared_ptr<const gc::GcMetrics> gc_metrics() const { return gc_metrics_; }

 private:
  Loop& loop_;
  const OrchestratorSettings& settings_;
  LeaderSession session_;
  WorkspaceRuntime& runtime_;
  ArchiveStore& archives_;
  std::shared_ptr<gc::GcMetrics> gc_metrics_ = std::make_shared<gc::GcMetrics>();
  std::unique_ptr<Term> term_;
  bool stopped_ = false;
  Lifeline lifeline_;
};

}  // namespace hearth::orchestrator
