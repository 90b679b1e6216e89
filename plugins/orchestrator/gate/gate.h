// Gate: the handler of /w/. Session, ownership and phase decide (decide.h) whether a request is carried to its
// workspace, wakes it, waits for it, or is refused (SPEC section 7). Everything it needs is on the worker; only a wake,
// and a cookie not seen for a minute, ask the orchestrator. Worker's thread.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "hearth/module.h"
#include "orchestrator/gate/decide.h"
#include "orchestrator/gate/route_view.h"
#include "orchestrator/gate/session_lookup.h"
#include "orchestrator/settings.h"
#include "runtime/timer.h"

namespace hearth::orchestrator::gate {

class Gate : public Handler {
 public:
  static constexpr std::size_t kMaxHeld = 2048;  // exchanges waiting for a workspace, per worker
  static constexpr std::size_t kMaxHeldPerWorkspace = 256;
  static constexpr std::size_t kMaxWaking = 1024;  // exchanges waiting for the outcome of a wake

  Gate(WorkerHost& worker, ControlLink& control, SessionLookup& sessions, const OrchestratorSettings& settings);

  void handle(Exchange& exchange) override;

  void apply(const RouteDelta& delta);
  // The outcome of ControlLink::wake().
  void wake_decided(ExchangeId exchange, Result<RunOutcome> outcome);

  const RouteView& routes() const { return routes_; }
  std::size_t held() const { return held_count_; }

 private:
  struct Held {
    ExchangeId exchange;
    Identity identity;
  };
  struct Deadline {
    SteadyTime at;
    Uuid workspace;
    ExchangeId exchange;
  };

  void proceed(Exchange& exchange, const Uuid& workspace, const Identity* identity);
  Verdict judge(const Exchange& exchange, const Uuid& workspace, const Identity* identity) const;
  void act(Exchange& exchange, const Uuid& workspace, const Identity* identity, Verdict verdict);
  void carry(Exchange& exchange, const Route& route, const Identity& identity);
  void wake(Exchange& exchange, const Uuid& workspace, const Identity& identity);
  void refuse(Exchange& exchange, Verdict verdict, const Route* route);
  void refuse_over_limit(Exchange& exchange, const Uuid& workspace);
  void busy(Exchange& exchange);  // 503

  void hold(Exchange& exchange, const Uuid& workspace, const Identity& identity);
  void release(const Uuid& workspace);
  void expire();
  void forget_gone(std::vector<Held>& held);

  WorkerHost& worker_;
  ControlLink& control_;
  SessionLookup& sessions_;
  const OrchestratorSettings& settings_;
  RouteView routes_;
  std::unordered_map<Uuid, std::vector<Held>> held_;
  std::deque<Deadline> deadlines_;  // in order: all wait equally long
  std::size_t held_count_ = 0;
  std::unordered_map<std::uint64_t, Uuid> waking_;  // by ExchangeId::serial
  Timer expiry_;
};

}  // namespace hearth::orchestrator::gate
