// Backoff: how long to wait after the n-th failure; and the window in which crashes are counted. Pure.
#pragma once

#include <deque>

#include "base/clock.h"

namespace hearth::orchestrator {

inline constexpr Milliseconds kBackoffFirst{1000};
inline constexpr Milliseconds kBackoffMost{60000};
inline constexpr int kCrashLimit = 5;
inline constexpr Seconds kCrashWindow{600};

// 1 s, 2 s, 4 s … 60 s for failures 1, 2, 3 …; `jitter` in [0, 1) takes up to a quarter off.
Milliseconds backoff(int failures, double jitter);

// The crashes of one workspace within the last ten minutes.
class CrashWindow {
 public:
  int add(WallTime now);  // counts one; answers how many the window holds
  int count(WallTime now);
  void clear() { times_.clear(); }

 private:
  std::deque<WallTime> times_;
};

}  // namespace hearth::orchestrator
