// SplicePipe: bytes from one socket to another inside the kernel (splice(2)), through one pipe per loop.
//
// The pipe is empty whenever no call is running: what the sink does not take at once is copied out and queued in the
// sink like any other write, so no connection holds a pipe and none can be stuck in one. Where splice(2) does not work
// (no descriptors left, a socket of a kind that cannot) `unsupported` says so and nothing has been moved.
//
// Thread: the loop's. Owner: the loop.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/fd.h"

namespace hearth {

class Socket;

class SplicePipe {
 public:
  struct Moved {
    std::uint64_t bytes = 0;  // out of the source; delivered to the sink or queued there
    bool end = false;         // the source has sent FIN, and everything before it was moved
    int source_error = 0;     // as libuv's error numbers; what had come before it was moved
    int sink_error = 0;       // some of `bytes` may be lost with the sink
    bool unsupported = false;
  };

  // At most `limit` bytes, and not more than kTurn, so that one connection does not keep a loop from the others. The
  // sink must have nothing queued: it would be overtaken.
  Moved move(Socket& from, Socket& to, std::uint64_t limit);

 private:
  static constexpr std::size_t kTurn = 1 << 20;
  static constexpr int kWantedSize = 128 << 10;
  // A source that gave less than this has no more for now: asking again would cost a call to be told so.
  static constexpr std::size_t kDrainedBelow = 32 * 1024;

  bool open();
  bool deliver(Socket& to, std::size_t size, Moved& moved);
  void rescue(Socket& to, std::size_t size, Moved& moved);
  void close();

  Fd in_;
  Fd out_;
};

}  // namespace hearth
