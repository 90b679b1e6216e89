#include "support/loop_until.h"

#include "runtime/timer.h"

namespace hearth::test {

bool run_until(Loop& loop, UniqueFunction<bool()> condition, Milliseconds deadline) {
  const SteadyTime end = SteadyClock::now() + deadline;
  Timer tick(loop);  // so that a round ends even when nothing happens
  tick.repeat(Milliseconds(5), [] {});
  while (!condition()) {
    if (SteadyClock::now() >= end) return false;
    uv_run(loop.raw(), UV_RUN_ONCE);
  }
  return true;
}

void run_for(Loop& loop, Milliseconds duration) {
  run_until(
      loop, [] { return false; }, duration);
}

}  // namespace hearth::test
