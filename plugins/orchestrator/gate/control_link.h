// ControlLink: what a worker asks of the orchestrator's thread. Every call returns at once and may come from any
// thread; answers arrive as posts to the worker (worker_part.h). Unanswered is possible when the process is stopping.
#pragma once

#include <optional>
#include <string>

#include "hearth/exchange.h"
#include "orchestrator/api/api_call.h"
#include "orchestrator/store/workspace_store.h"

namespace hearth::orchestrator {

class ControlLink {
 public:
  virtual ~ControlLink() = default;
  virtual void worker_started(unsigned worker) = 0;  // → routes, readiness
  virtual void find_session(unsigned worker, std::string secret_hash) = 0;
  virtual void wake(ExchangeId exchange, const Uuid& workspace, const Uuid& owner) = 0;
  virtual void call_api(ApiRequest request) = 0;
  virtual void stream_ended(ExchangeId exchange) = 0;
};

}  // namespace hearth::orchestrator
