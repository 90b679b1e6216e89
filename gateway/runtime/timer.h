// Timer: one deadline on a loop. Stopping or destroying it cancels the callback; the callback may do either.
#pragma once

#include "runtime/loop.h"

namespace hearth {

class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void start(Milliseconds after, UniqueFunction<void()> callback);   // once; replaces what was set
  void repeat(Milliseconds every, UniqueFunction<void()> callback);  // first after `every`
  void stop();
  bool active() const;

 private:
  void arm(Milliseconds after, Milliseconds every, UniqueFunction<void()> callback);

  uv_timer_t* handle_;
  UniqueFunction<void()> callback_;
};

}  // namespace hearth
