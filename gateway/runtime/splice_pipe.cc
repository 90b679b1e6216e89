#include "runtime/splice_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

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

bool SplicePipe::open() {
  if (in_) return true;
  int ends[2];
  if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return false;
  out_ = Fd(ends[0]);
  in_ = Fd(ends[1]);
  ::fcntl(in_.get(), F_SETPIPE_SZ, kWantedSize);  // refused beyond the user's quota: the small one works too
  return true;
}

void SplicePipe::close() {
  in_.reset();
  out_.reset();
}

SplicePipe::Moved SplicePipe::move(Socket& from, Socket& to, std::uint64_t limit) {
  HEARTH_CHECK(to.queued() == 0);
  Moved moved;
  if (!open()) {
    moved.unsupported = true;
    return moved;
  }
  limit = std::min<std::uint64_t>(limit, kTurn);
  while (moved.bytes < limit) {
    const ssize_t size = transfer(from.fd(), in_.get(), static_cast<std::size_t>(limit - moved.bytes));
    if (size == 0) {
      moved.end = true;
      return moved;
    }
    if (size < 0) {
      // The pipe is empty here, so EAGAIN means that the source has nothing.
      if (errno == EINVAL || errno == ENOSYS) moved.unsupported = true;
      if (errno != EAGAIN && !moved.unsupported) moved.source_error = -errno;
      return moved;
    }
    moved.bytes += static_cast<std::uint64_t>(size);
    if (!deliver(to, static_cast<std::size_t>(size), moved)) return moved;
    if (static_cast<std::size_t>(size) < kDrainedBelow) return moved;
  }
  return moved;
}

// False: the sink takes no more now.
bool SplicePipe::deliver(Socket& to, std::size_t size, Moved& moved) {
  while (size > 0) {
    const ssize_t taken = transfer(out_.get(), to.fd(), size);
    if (taken > 0) {
      size -= static_cast<std::size_t>(taken);
      continue;
    }
    if (taken < 0 && errno != EAGAIN && errno != EINVAL) {
      moved.sink_error = -errno;
      close();  // what is left in it belongs to nobody
      return false;
    }
    rescue(to, size, moved);
    return false;
  }
  return true;
}

void SplicePipe::rescue(Socket& to, std::size_t size, Moved& moved) {
  std::string rest(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(out_.get(), rest.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    HEARTH_CHECK(got > 0);
    have += static_cast<std::size_t>(got);
  }
  moved.sink_error = to.write(rest);
}

}  // namespace hearth
