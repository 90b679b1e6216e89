// SplicePipes: bytes from one socket to another inside the kernel (splice(2)), through a pipe that the loop lends.
//
// Most moves leave the pipe empty, and one serves all connections. When a sink takes no more, the pipe stays with that
// stream until the sink has drained: a few KiB of it are read and queued in the sink like any other write, so that
// Socket::Events::on_drained() tells when to go on. Where splice(2) does not work (no descriptors left, a socket of a
// kind that cannot) `unsupported` says so and nothing has been moved.
//
// Thread: the loop's. Owner: the loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/fd.h"

namespace hearth {

class Socket;

// One direction between two sockets. Destroying it gives up what it holds.
class SpliceStream {
 public:
  // Bytes have left the source that the sink has neither taken nor queued: resume() when it has drained.
  bool holding() const { return held_ != nullptr; }

 private:
  friend class SplicePipes;

  static constexpr std::uint32_t kLeastTake = 128 * 1024;
  static constexpr std::uint32_t kMostTake = 1024 * 1024;

  struct Pipe {
    Fd in;
    Fd out;
    std::size_t size = 0;  // what is in it
  };

  std::unique_ptr<Pipe> held_;
  // Bytes in one go. A sink that keeps up gets more at once, one that does not makes us hold little.
  std::uint32_t take_ = kLeastTake;
};

class SplicePipes {
 public:
  struct Moved {
    std::uint64_t bytes = 0;  // out of the source; delivered to the sink, queued there or held
    bool end = false;         // the source has sent FIN, and everything before it was delivered
    int source_error = 0;     // as libuv's error numbers; what had come before it was delivered
    int sink_error = 0;       // some of `bytes` may be lost with the sink
    bool unsupported = false;
  };

  // At most `limit` bytes, and not more than kTurn, so that one connection does not keep a loop from the others. The
  // sink must have nothing queued and the stream hold nothing: they would be overtaken.
  Moved move(Socket& from, Socket& to, std::uint64_t limit, SpliceStream& stream);
  // Goes on with what is held.
  Moved resume(Socket& to, SpliceStream& stream);

  std::uint64_t total() const { return total_; }  // bytes moved so far

 private:
  using Pipe = SpliceStream::Pipe;

  static constexpr std::size_t kTurn = 1 << 20;
  static constexpr std::size_t kKick = 16 * 1024;  // of what a sink did not take, is queued in it
  static constexpr std::size_t kMostSpare = 16;
  // A source that gave less than this has no more for now: asking again would cost a call to be told so.
  static constexpr std::size_t kDrainedBelow = 32 * 1024;

  std::unique_ptr<Pipe> take_pipe();
  void give_back(std::unique_ptr<Pipe> pipe);
  void deliver(Socket& to, std::unique_ptr<Pipe> pipe, Moved& moved, SpliceStream& stream);

  std::vector<std::unique_ptr<Pipe>> spare_;
  std::uint64_t total_ = 0;
};

}  // namespace hearth
