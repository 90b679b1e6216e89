// Executor: a bounded number of acts at once, first come first served, at most one per workspace, none while the
// runtime's breaker is open. No barrier: an act that ends makes room for the next at once.
//
// Thread: the loop's. Destroying it, or reset(), forgets everything queued and silences everything under way (the calls
// themselves may still take effect).
#pragma once

#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "base/uuid.h"
#include "orchestrator/act/breaker.h"
#include "orchestrator/act/lifeline.h"
#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class Executor {
 public:
  using Finish = UniqueFunction<void(Result<void>)>;
  using Task = UniqueFunction<void(Finish)>;  // must call it exactly once, at once or later

  Executor(Loop& loop, unsigned limit);

  // `done` comes after `task` has finished, never from inside submit() unless the task finished at once.
  void submit(const Uuid& workspace, Task task, Finish done);
  // Queued or under way. A second submit() for the same workspace is a mistake of ours.
  bool busy(const Uuid& workspace) const { return busy_.contains(workspace); }
  std::size_t queued() const { return queue_.size(); }
  std::size_t running() const { return running_; }
  const Breaker& breaker() const { return breaker_; }

  void reset();

 private:
  struct Entry {
    Uuid workspace;
    Task task;
    Finish done;
  };

  void pump();
  void start(Entry entry);
  void wait_for_breaker();

  Loop& loop_;
  const unsigned limit_;
  Breaker breaker_;
  Timer breaker_timer_;
  std::deque<Entry> queue_;
  std::unordered_set<Uuid> busy_;
  std::size_t running_ = 0;
  bool pumping_ = false;
  Lifeline lifeline_;
};

}  // namespace hearth::orchestrator
