#include "orchestrator/observe/observer.h"

#include <algorithm>

namespace hearth::orchestrator {

Observer::Observer(Loop& loop, WorkspaceRuntime& runtime, Events events)
    : loop_(loop), runtime_(runtime), events_(std::move(events)), timer_(loop) {}

void Observer::observe_now() {
  if (under_way_) {
    again_ = true;
    return;
  }
  const auto since = std::chrono::duration_cast<Milliseconds>(loop_.now() - begun_at_);
  if (begun_ > 0 && since < kLeastGap) return schedule(kLeastGap - since);
  begin();
}

void Observer::runtime_changed() {
  echo_until_ = loop_.now() + kEchoFor;
  observe_now();
}

void Observer::set_moving(bool moving) {
  const bool sooner = moving && !moving_;
  moving_ = moving;
  if (sooner && !under_way_) schedule(kMoving);
}

void Observer::schedule(Milliseconds after) {
  timer_.start(after, [this] { begin(); });
}

void Observer::begin() {
  under_way_ = true;
  again_ = false;
  timer_.stop();
  begun_at_ = loop_.now();
  const std::uint64_t number = ++begun_;
  runtime_.observe(
      lifeline_.guard([this, number](Result<RuntimeSnapshot> snapshot) { ended(std::move(snapshot), number); }));
}

void Observer::ended(Result<RuntimeSnapshot> snapshot, std::uint64_t number) {
  under_way_ = false;
  const bool again = again_;
  const auto since = std::chrono::duration_cast<Milliseconds>(loop_.now() - begun_at_);
  const Milliseconds period = loop_.now() < echo_until_ ? kEcho : (moving_ ? kMoving : kIdle);
  const Milliseconds wait = again ? kLeastGap : period;
  schedule(std::max(Milliseconds(1), wait - since));
  if (snapshot)
    events_.observed(*snapshot, number);
  else
    events_.failed(snapshot.error());
}

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
