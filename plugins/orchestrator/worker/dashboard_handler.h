// DashboardHandler: everything at / that is no workspace and no API: the pages, their assets, /healthz and /readyz.
// Worker's thread.
#pragma once

#include <map>
#include <string>

#include "hearth/module.h"
#include "orchestrator/gate/session_lookup.h"

namespace hearth::orchestrator {

using Readiness = std::map<std::string, std::string>;  // component → why it is not ready; empty: ready

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
  Readiness readiness_{{"orchestrator", "starting"}};
};

}  // namespace hearth::orchestrator
