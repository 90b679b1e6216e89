#include "runtime/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/check.h"
#include "runtime/socket.h"

namespace hearth {

namespace {
constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

ssize_t transfer(int from, int to, std::size_t size) {
  for (;;) {
    const ssize_t moved = ::splice(from, nullptr, to, nullptr, size, kFlags);
    if (moved >= 0 || errno != EINTR) return moved;
  }
}
}  // namespace

std::unique_ptr<SplicePipes::Pipe> SplicePipes::take_pipe() {
  if (!spare_.empty()) {
    auto pipe = std::move(spare_.back());
    spare_.pop_back();
    return pipe;
  }
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  auto pipe = std::make_unique<Pipe>();
  pipe->out = Fd(ends[0]);
  pipe->in = Fd(ends[1]);
  // Refused beyond the user's quota: the small one works too.
  ::fcntl(pipe->in.get(), F_SETPIPE_SZ, static_cast<int>(SpliceStream::kMostTake));
  return pipe;
}

void SplicePipes::give_back(std::unique_ptr<Pipe> pipe) {
  if (spare_.size() < kMostSpare) spare_.push_back(std::move(pipe));
}

SplicePipes::Moved SplicePipes::move(Socket& from, Socket& to, std::uint64_t limit, SpliceStream& stream) {
  HEARTH_CHECK(to.queued() == 0 && !stream.holding());
  Moved moved;
  limit = std::min<std::uint64_t>(limit, kTurn);
  while (moved.bytes < limit) {
    auto pipe = take_pipe();
    if (!pipe) {
      moved.unsupported = moved.bytes == 0;
      return moved;
    }
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(stream.take_, limit - moved.bytes));
    const ssize_t size = transfer(from.fd(), pipe->in.get(), want);
    if (size <= 0) {
      // The pipe is empty here, so EAGAIN means that the source has nothing.
      const int error = size == 0 ? 0 : errno;
      moved.end = size == 0;
      if (error == EINVAL || error == ENOSYS) moved.unsupported = true;
      if (error != EAGAIN && !moved.unsupported) moved.source_error = -error;
      give_back(std::move(pipe));
      return moved;
    }
    pipe->size = static_cast<std::size_t>(size);
    moved.bytes += pipe->size;
    total_ += pipe->size;
    const bool full = pipe->size == want;
    const bool drained = pipe->size < kDrainedBelow;
    deliver(to, std::move(pipe), moved, stream);
    if (moved.sink_error != 0 || stream.holding() || to.queued() > 0) {
      stream.take_ = SpliceStream::kLeastTake;
      return moved;
    }
    if (full) stream.take_ = std::min(2 * stream.take_, SpliceStream::kMostTake);
    if (drained) return moved;
  }
  return moved;
}

SplicePipes::Moved SplicePipes::resume(Socket& to, SpliceStream& stream) {
  HEARTH_CHECK(to.queued() == 0 && stream.holding());
  Moved moved;
  deliver(to, std::move(stream.held_), moved, stream);
  return moved;
}

// Afterwards the pipe is empty and spare again, or the stream holds it.
void SplicePipes::deliver(Socket& to, std::unique_ptr<Pipe> pipe, Moved& moved, SpliceStream& stream) {
  while (pipe->size > 0) {
    const ssize_t taken = transfer(pipe->out.get(), to.fd(), pipe->size);
    if (taken > 0) {
      pipe->size -= static_cast<std::size_t>(taken);
      continue;
    }
    if (taken < 0 && errno != EAGAIN && errno != EINVAL) {
      moved.sink_error = -errno;
      return;  // what is left in the pipe belongs to nobody
    }
    std::array<char, kKick> kick;
    const ssize_t got = ::read(pipe->out.get(), kick.data(), std::min(kick.size(), pipe->size));
    if (got < 0 && errno == EINTR) continue;
    HEARTH_CHECK(got > 0);
    pipe->size -= static_cast<std::size_t>(got);
    moved.sink_error = to.write(std::string_view(kick.data(), static_cast<std::size_t>(got)));
    if (moved.sink_error != 0) return;
    if (to.queued() == 0 || pipe->size == 0) continue;
    stream.held_ = std::move(pipe);
    return;
  }
  give_back(std::move(pipe));
}

}  // namespace hearth
