#include "orchestrator/gate/route_view.h"

#include <unordered_set>

namespace hearth::orchestrator::gate {

bool counts_as_running(Phase phase, DesiredState desired) {
  return phase == Phase::running || desired == DesiredState::running;
}

std::vector<Uuid> RouteView::apply(const RouteDelta& delta) {
  std::vector<Uuid> changed;
  changed.reserve(delta.upserts.size() + delta.removals.size());
  if (delta.complete) {
    std::unordered_set<Uuid> kept;
    for (const Route& route : delta.upserts) kept.insert(route.workspace);
    for (const auto& [id, route] : table_) {
      if (!kept.contains(id)) changed.push_back(id);
    }
    for (const Uuid& id : changed) erase(id);
    loaded_ = true;
  }
  for (const Route& route : delta.upserts) {
    put(route);
    changed.push_back(route.workspace);
  }
  for (const Uuid& id : delta.removals) {
    erase(id);
    changed.push_back(id);
  }
  return changed;
}

const Route* RouteView::find(const Uuid& workspace) const {
  const auto found = table_.find(workspace);
  return found == table_.end() ? nullptr : &found->second;
}

unsigned RouteView::running_of(const Uuid& owner) const {
  const auto found = running_by_owner_.find(owner);
  return found == running_by_owner_.end() ? 0 : found->second;
}

void RouteView::put(const Route& route) {
  erase(route.workspace);
  count(route, 1);
  table_.emplace(route.workspace, route);
}

void RouteView::erase(const Uuid& workspace) {
  const auto found = table_.find(workspace);
  if (found == table_.end()) return;
  count(found->second, -1);
  table_.erase(found);
}

void RouteView::count(const Route& route, int by) {
  if (!counts_as_running(route.phase, route.desired)) return;
  running_ += static_cast<unsigned>(by);
  unsigned& mine = running_by_owner_[route.owner];
  mine += static_cast<unsigned>(by);
  if (mine == 0) running_by_owner_.erase(route.owner);
}

}  // namespace hearth::orchestrator::gate
