#include "orchestrator/observe/prober.h"

namespace hearth::orchestrator {

Prober::Prober(Loop& loop, WorkspaceRuntime& runtime, Milliseconds interval, Ready ready)
    : runtime_(runtime), interval_(interval), ready_(std::move(ready)), timer_(loop) {}

void Prober::watch(const Uuid& workspace, const std::string& runtime_id, const std::string& address) {
  const auto [it, added] = targets_.try_emplace(workspace);
  Target& target = it->second;
  if (!added && target.runtime_id == runtime_id && target.address == address) return;
  target = {runtime_id, address, false};
  if (!timer_.active()) timer_.repeat(interval_, [this] { probe_all(); });
  probe(workspace, target);
}

void Prober::unwatch(const Uuid& workspace) {
  targets_.erase(workspace);
  if (targets_.empty()) timer_.stop();
}

void Prober::probe(const Uuid& workspace, Target& target) {
  target.under_way = true;
  runtime_.probe(target.address,
                 lifeline_.guard([this, workspace, runtime_id = target.runtime_id](Result<void> answer) {
                   const auto found = targets_.find(workspace);
                   if (found == targets_.end() || found->second.runtime_id != runtime_id) return;
                   found->second.under_way = false;
                   if (!answer) return;
                   unwatch(workspace);
                   ready_(workspace, runtime_id);
                 }));
}

void Prober::probe_all() {
  std::vector<Uuid> due;
  for (const auto& [workspace, target] : targets_) {
    if (!target.under_way) due.push_back(workspace);
  }
  for (const Uuid& workspace : due) {
    const auto found = targets_.find(workspace);  // an answer given at once may have removed it
    if (found != targets_.end()) probe(workspace, found->second);
  }
}

}  // namespace hearth::orchestrator
