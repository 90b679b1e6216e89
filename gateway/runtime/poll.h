// Poll: readiness of a foreign descriptor (libpq's, libcurl's). The descriptor stays its owner's and must outlive this.
#pragma once

#include "runtime/loop.h"

namespace hearth {

class Poll {
 public:
  enum : int { kReadable = UV_READABLE, kWritable = UV_WRITABLE };
  // `events` is a mask of kReadable and kWritable; both bits when the descriptor is in error: the owner's next call
  // on it tells which.
  using Callback = UniqueFunction<void(int events)>;

  Poll(Loop& loop, int fd);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // The callback may destroy this Poll.
  void start(int events, Callback callback);
  void set_events(int events);  // keeps the callback
  void stop();

 private:
  uv_poll_t* handle_;
  Callback callback_;
  int events_ = 0;
};

}  // namespace hearth
