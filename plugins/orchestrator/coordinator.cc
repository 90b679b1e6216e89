#include "orchestrator/coordinator.h"

#include "orchestrator/leader/leader.h"
#include "orchestrator/term.h"

namespace hearth::orchestrator {

Coordinator::Coordinator(Loop& loop, const OrchestratorSettings& settings, Leader& leader, WorkspaceRuntime& runtime,
                         ArchiveStore& archives)
    : Coordinator(loop, settings, session_of(leader), runtime, archives) {}

Coordinator::Coordinator(Loop& loop, const OrchestratorSettings& settings, LeaderSession session,
                         WorkspaceRuntime& runtime, ArchiveStore& archives)
    : loop_(loop), settings_(settings), session_(std::move(session)), runtime_(runtime), archives_(archives) {
  runtime_.on_event(lifeline_.guard([this](std::optional<Uuid>) {
    if (term_) term_->runtime_changed();
  }));
}

Coordinator::~Coordinator() = default;

void Coordinator::elected(std::int64_t epoch) {
  if (stopped_) return;
  deposed();
  term_ = std::make_unique<Term>(loop_, settings_, session_, epoch, runtime_, archives_, *gc_metrics_);
  term_->begin();
}

void Coordinator::deposed() {
  if (!term_) return;
  term_->silence();  // it may be on the call stack
  loop_.defer_delete(std::move(term_));
}

void Coordinator::hint(std::optional<Uuid> workspace) {
  if (term_) term_->hint(workspace);
}

void Coordinator::stop() {
  stopped_ = true;
  deposed();
}

Coordinator::Stats Coordinator::stats() const { return term_ ? term_->stats() : Stats{}; }

}  // namespace hearth::orchestrator
