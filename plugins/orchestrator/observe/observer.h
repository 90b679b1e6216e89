// Observer: asks the runtime for everything there is, again and again, and probes containers that do not answer yet.
//
// A listing comes every second while something moves, else every 15 s, and at once when asked; requests made while one
// is under way lead to exactly one more. Thread: the loop's. Destroying it silences everything.
#pragma once

#include <unordered_map>

#include "base/result.h"
#include "orchestrator/act/lifeline.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class Observer {
 public:
  static constexpr Milliseconds kMoving{1000};
  static constexpr Milliseconds kIdle{15000};
  static constexpr Milliseconds kEcho{200};         // between observations after an event …
  static constexpr Milliseconds kEchoFor{2000};     // … for this long
  static constexpr Milliseconds kLeastGap{20};  // between the beginnings of two observations

  struct Events {
    // Numbers rise by one with each observation begun.
    UniqueFunction<void(const RuntimeSnapshot&, std::uint64_t number)> observed = nullptr;
    UniqueFunction<void(const Error&)> failed = nullptr;  // this observation is skipped whole
  };

  Observer(Loop& loop, WorkspaceRuntime& runtime, Events events);

  void observe_now();
  // The runtime said that something changed: look now, and often for a little while. Docker announces a container's
  // death up to some hundred milliseconds before its listing shows it.
  void runtime_changed();
  void set_moving(bool moving);
  // The number of the first observation that begins after this call: what an act that ends now must wait for.
  std::uint64_t next_number() const { return begun_ + 1; }

 private:
  void begin();
  void ended(Result<RuntimeSnapshot> snapshot, std::uint64_t number);
  void schedule(Milliseconds after);

  Loop& loop_;
  WorkspaceRuntime& runtime_;
  Events events_;
  Timer timer_;
  SteadyTime begun_at_{};
  SteadyTime echo_until_{};
  std::uint64_t begun_ = 0;
  bool under_way_ = false;
  bool again_ = false;
  bool moving_ = true;
  Lifeline lifeline_;
};

// Prober: GET /healthz of each watched container, one at a time per container, until it answers.
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
