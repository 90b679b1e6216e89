// Signal: a callback on the loop for one signal number.
#pragma once

#include "runtime/loop.h"

namespace hearth {

class Signal {
 public:
  Signal(Loop& loop, int number, UniqueFunction<void()> callback);
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

 private:
  uv_signal_t* handle_;
  UniqueFunction<void()> callback_;
};

}  // namespace hearth
