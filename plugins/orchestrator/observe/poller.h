// Poller: when to look. Every `moving` period while something moves, else every `idle` one, and at once when asked;
// wishes made while a look is under way lead to exactly one more. What a look is, its owner says; it calls ended() when
// it is over, however it went.
//
// Thread: the loop's. Destroying it cancels what is planned.
#pragma once

#include "runtime/loop.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

class Poller {
 public:
  struct Periods {
    Milliseconds moving{1000};
    Milliseconds idle{15000};
    Milliseconds echo{200};       // between looks after echo() …
    Milliseconds echo_for{2000};  // … for this long
    Milliseconds least_gap{20};   // between the beginnings of two looks
  };

  Poller(Loop& loop, Periods periods, UniqueFunction<void(std::uint64_t number)> begin);

  void look_now();
  // Look now, and often for a little while: what announced a change may show it later.
  void echo();
  void set_moving(bool moving);
  void ended();
  // Numbers rise by one with each look. The first one that begins after this call: what ends now is seen by no earlier.
  std::uint64_t next_number() const { return begun_ + 1; }

 private:
  void begin();
  void schedule(Milliseconds after);

  Loop& loop_;
  const Periods periods_;
  UniqueFunction<void(std::uint64_t)> begin_;
  Timer timer_;
  SteadyTime begun_at_{};
  SteadyTime echo_until_{};
  std::uint64_t begun_ = 0;
  bool under_way_ = false;
  bool again_ = false;
  bool moving_ = true;
};

}  // namespace hearth::orchestrator
