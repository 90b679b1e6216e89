// DashboardHandler: everything at / that is no workspace and no API: the pages, their assets, /healthz and /readyz.
// Worker's thread.
#pragma once

#include <map>
#include <string>

#include "hearth/module.h"
#include "orchestrator/gate/session_lookup.h"

namespace hearth::orchestrator {

struct Readiness {
  std::map<std::string, std::string> reasons;   // component → why it is not ready; empty: ready
  std::map<std::string, std::string> degraded;  // component → why it is away, though this process serves without it
  bool operator==(const Readiness&) const = default;
};

class DashboardHandler : public Handler {
 public:
  explicit DashboardHandler(gate::SessionLookup& sessions) : sessions_(sessions) {}

  void handle(Exchange& exchange) override;
  void set_readiness(Readiness readiness) { readiness_ = std::move(readiness); }

 private:
  void show_dashboard(Exchange& exchange);
  void show_login(Exchange& exchange);
  void show_readiness(Exchange& exchange) const;

  gate::SessionLookup& sessions_;
  Readiness readiness_{{{"orchestrator", "starting"}}, {}};
};

}  // namespace hearth::orchestrator
