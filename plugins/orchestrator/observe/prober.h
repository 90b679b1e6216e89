// Prober: GET /healthz of each watched container, one at a time per container, until it answers. Thread: the loop's.
// Destroying it silences everything.
#pragma once

#include <unordered_map>

#include "orchestrator/act/lifeline.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {
class Prober {
 public:
  using Ready = UniqueFunction<void(const Uuid& workspace, const std::string& runtime_id)>;

  Prober(Loop& loop, WorkspaceRuntime& runtime, Milliseconds interval, Ready ready);

  // Watching the same container again changes nothing.
  void watch(const Uuid& workspace, const std::string& runtime_id, const std::string& address);
  void unwatch(const Uuid& workspace);
  std::size_t watched() const { return targets_.size(); }

 private:
  struct Target {
    std::string runtime_id;
    std::string address;
    bool under_way = false;
  };
  void probe(const Uuid& workspace, Target& target);
  void probe_all();

  WorkspaceRuntime& runtime_;
  const Milliseconds interval_;
  Ready ready_;
  Timer timer_;
  std::unordered_map<Uuid, Target> targets_;
  Lifeline lifeline_;
};

}  // namespace hearth::orchestrator
