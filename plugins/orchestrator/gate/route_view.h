// RouteView: one worker's copy of the route table, kept up to date by deltas. Worker's thread.
#pragma once

#include <functional>
#include <unordered_map>
#include <vector>

#include "orchestrator/routes.h"

namespace hearth::orchestrator::gate {

class RouteView {
 public:
  // Answers the workspaces whose route changed or went.
  std::vector<Uuid> apply(const RouteDelta& delta);

  const Route* find(const Uuid& workspace) const;
  bool loaded() const { return loaded_; }  // a complete table has come; before, an unknown id proves nothing
  std::size_t size() const { return table_.size(); }

  // Rows whose desired_state or phase is RUNNING.
  unsigned running() const { return running_; }
  unsigned running_of(const Uuid& owner) const;

 private:
  void put(const Route& route);
  void erase(const Uuid& workspace);
  void count(const Route& route, int by);

  RouteTable table_;
  std::unordered_map<Uuid, unsigned> running_by_owner_;
  unsigned running_ = 0;
  bool loaded_ = false;
};

bool counts_as_running(Phase phase, DesiredState desired);

}  // namespace hearth::orchestrator::gate
