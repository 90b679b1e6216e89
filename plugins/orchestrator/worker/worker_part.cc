#include "orchestrator/worker/worker_part.h"

#include "base/check.h"

namespace hearth::orchestrator {

WorkerPart::WorkerPart(WorkerHost& worker, ControlLink& control, const OrchestratorSettings& settings)
    : sessions_(worker, control),
      gate_(worker, control, sessions_, settings),
      api_(worker, control),
      dashboard_(sessions_) {
  control.worker_started(worker.index());
}

Handler& WorkerPart::handler(std::string_view name) {
  if (name == "workspace") return gate_;
  if (name == "api") return api_;
  HEARTH_CHECK(name == "dashboard");
  return dashboard_;
}

void WorkerPart::session_found(const std::string& secret_hash, Result<std::optional<Identity>> identity) {
  sessions_.answered(secret_hash, std::move(identity));
}

void WorkerPart::wake_decided(ExchangeId exchange, Result<RunOutcome> outcome) {
  gate_.wake_decided(exchange, std::move(outcome));
}

}  // namespace hearth::orchestrator
