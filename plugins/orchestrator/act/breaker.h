// Breaker: stops calling a dependency that keeps failing (SPEC section 5). Opens after five transient failures in a
// row, lets one trial through after 30 s, closes after two successes. Permanent errors never count. No clock of its
// own.
#pragma once

#include "base/clock.h"
#include "base/result.h"

namespace hearth::orchestrator {

class Breaker {
 public:
  enum class State { closed, open, half_open };

  static constexpr int kFailuresToOpen = 5;
  static constexpr int kSuccessesToClose = 2;
  static constexpr Milliseconds kOpenFor{30000};

  // May a call be made now? While half open one at a time; a call that was allowed must be recorded.
  bool allow(SteadyTime now);
  void record(const Result<void>& outcome, SteadyTime now);
  // The trial that was allowed was not made after all.
  void abandon() { trial_ = false; }
  // Would allow() say yes?
  bool willing(SteadyTime now) const;
  void reset();

  State state() const { return state_; }
  // When allow() can next say yes; only while open.
  SteadyTime open_until() const { return open_until_; }

 private:
  void open(SteadyTime now);

  State state_ = State::closed;
  int failures_ = 0;
  int successes_ = 0;
  bool trial_ = false;
  SteadyTime open_until_{};
};

// Would the same call later perhaps succeed, the dependency being away or overloaded?
bool is_transient(const Error& error);

}  // namespace hearth::orchestrator
