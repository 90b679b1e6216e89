// Listener: accepts connections from a listening socket on a loop.
//
// The descriptor is inherited from the supervisor and shared with its life: it is not closed here. When descriptors run
// out (EMFILE, ENFILE) accepting pauses for a moment instead of spinning, and says so once.
#pragma once

#include <memory>

#include "base/fd.h"
#include "runtime/address.h"
#include "runtime/poll.h"
#include "runtime/timer.h"

namespace hearth {

class Listener {
 public:
  using Accepted = UniqueFunction<void(Fd fd, const SocketAddress& peer)>;
  using Trouble = UniqueFunction<void(const Error&)>;

  Listener(Loop& loop, int listening_fd, Accepted accepted, Trouble trouble);

  void pause();
  void resume();

  // Creates, binds and listens; SO_REUSEPORT so that each worker has its own queue. Blocking-free, any thread.
  static Result<Fd> open(const SocketAddress& address, int backlog);

 private:
  static constexpr int kBatch = 16;  // accepts per wakeup, so that existing connections get their turn
  static constexpr Milliseconds kPauseOnExhaustion{500};

  void accept_some();

  int fd_;
  bool paused_ = false;
  Accepted accepted_;
  Trouble trouble_;
  Timer retry_;
  Poll poll_;
};

}  // namespace hearth
