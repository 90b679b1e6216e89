#include "orchestrator/api/services.h"

#include <fmt/format.h>

namespace hearth::orchestrator {

void audit(Services& services, const Call& call, std::string action, std::optional<Uuid> subject) {
  services.accounts.audit(
      {call->identity.user, std::move(action), subject, call->request.remote_address, call->request.request_id});
}

ApiError limit_error(const LimitHit& hit) {
  Json running = Json::array();
  for (const RunningRow& row : hit.running) {
    running.push_back({{"id", row.id.text()}, {"name", row.name}, {"phase", name(row.phase)}});
  }
  return {429, "RUNNING_LIMIT_EXCEEDED",
          hit.per_user ? fmt::format("You may have {} running at once; stop one first.", hit.maximum)
                       : fmt::format("This server runs at most {} workspaces at once; try again later.", hit.maximum),
          Json{{"limit", hit.per_user ? "per_user" : "total"},
               {"maximum", hit.maximum},
               {"current", hit.current},
               {"running", std::move(running)}}};
}

}  // namespace hearth::orchestrator
