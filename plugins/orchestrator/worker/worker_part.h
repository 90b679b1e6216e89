// WorkerPart: the module's part inside one worker: its copy of the routes, what it knows of sessions, and the handlers
// `workspace`, `api` and `dashboard`. The methods below are what the orchestrator's thread posts. Worker's thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_set>

#include "hearth/module.h"
#include "orchestrator/gate/gate.h"
#include "orchestrator/notify/event_bus.h"
#include "orchestrator/worker/api_handler.h"
#include "orchestrator/worker/dashboard_handler.h"

namespace hearth::orchestrator {

class WorkerPart : public WorkerModule {
 public:
  // `control` and `settings` outlive it.
  WorkerPart(WorkerHost& worker, ControlLink& control, const OrchestratorSettings& settings);

  Handler& handler(std::string_view name) override;

  void apply_routes(const RouteDelta& delta) { gate_.apply(delta); }
  void session_found(const std::string& secret_hash, Result<std::optional<Identity>> identity);
  void session_ended(const std::string& secret_hash) { sessions_.forget_session(secret_hash); }
  void user_changed(const Uuid& user) { sessions_.forget_user(user); }
  void wake_decided(ExchangeId exchange, Result<RunOutcome> outcome);
  void api_answered(ExchangeId exchange, Reply reply) { api_.answered(exchange, std::move(reply)); }
  void open_stream(ExchangeId exchange, const std::string& first_frames) { api_.open_stream(exchange, first_frames); }
  void send_frame(const std::vector<std::uint64_t>& streams, const Frame& frame) { api_.send_frame(streams, frame); }
  void finish_stream(ExchangeId exchange) { api_.finish_stream(exchange); }
  void set_readiness(Readiness readiness) { dashboard_.set_readiness(std::move(readiness)); }

 private:
  gate::SessionLookup sessions_;
  gate::Gate gate_;
  ApiHandler api_;
  DashboardHandler dashboard_;
};

}  // namespace hearth::orchestrator
