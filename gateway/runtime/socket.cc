#include "runtime/socket.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "base/check.h"

namespace hearth {

namespace {

// libuv reports the end of the stream when a reset arrives together with the last bytes (POLLHUP after a short read).
int pending_error(const uv_handle_t& handle) {
  uv_os_fd_t descriptor = -1;
  int error = 0;
  socklen_t size = sizeof error;
  if (uv_fileno(&handle, &descriptor) != 0) return 0;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? -error : 0;
}

}  // namespace

struct Socket::PendingWrite {
  uv_write_t request{};
  State* state = nullptr;
  std::string bytes;
};

Socket::Socket(Loop& loop, Events* events) : state_(new State) {
  state_->loop = &loop;
  state_->events = events;
  uv_tcp_init(loop.raw(), &state_->tcp);
  state_->handle.data = state_;
}

Socket::~Socket() {
  if (state_ == nullptr) return;
  state_->events = nullptr;
  state_->closing = true;
  uv_close(&state_->handle, [](uv_handle_t* h) { delete static_cast<State*>(h->data); });
}

int Socket::adopt(Fd fd) {
  const int status = uv_tcp_open(&state_->tcp, fd.get());
  if (status != 0) return status;
  fd.release();
  state_->open = true;
  return 0;
}

void Socket::connect(const SocketAddress& peer) {
  struct Attempt {
    uv_connect_t request{};
    State* state = nullptr;
  };
  int status = 0;
  if (peer.is_unix()) {  // completes or fails at once: the kernel queues it in the listener's backlog
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    status = !fd || ::connect(fd.get(), peer.get(), peer.size()) != 0 ? -errno : adopt(std::move(fd));
  } else {
    auto* attempt = new Attempt{{}, state_};
    attempt->request.data = attempt;
    status = uv_tcp_connect(&attempt->request, &state_->tcp, peer.get(), [](uv_connect_t* r, int result) {
      const std::unique_ptr<Attempt> done(static_cast<Attempt*>(r->data));
      State* state = done->state;
      if (state->closing) return;
      state->open = result == 0;
      if (result == 0) uv_tcp_nodelay(&state->tcp, 1);
      if (state->events != nullptr) state->events->on_connected(result);
    });
    if (status == 0) return;
    delete attempt;
  }
  // Answer from the loop, not from inside this call. The state may be closed before; its memory is freed in a close
  // callback, which libuv runs after deferred work of this turn, so the flag can still be read.
  State* state = state_;
  state_->loop->defer([state, status] {
    if (!state->closing && state->events != nullptr) state->events->on_connected(status);
  });
}

void Socket::start_reading() {
  if (state_->reading) return;
  state_->reading = true;
  uv_read_start(
      &state_->stream,
      [](uv_handle_t* h, std::size_t, uv_buf_t* buffer) {
        auto* state = static_cast<State*>(h->data);
        // No memory: libuv reads nothing and says UV_ENOBUFS, which tells us that there is something to read.
        if (state->raw) {
          *buffer = uv_buf_init(nullptr, 0);
          return;
        }
        const auto shared = state->loop->read_buffer();
        const std::size_t size = state->most == 0 ? shared.size() : std::min(state->most, shared.size());
        *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(size));
      },
      [](uv_stream_t* s, ssize_t size, const uv_buf_t* buffer) {
        auto* state = static_cast<State*>(s->data);
        if (state->events == nullptr || size == 0) return;
        if (size == UV_ENOBUFS && state->raw) {
          state->events->on_readable();
          return;
        }
        if (size > 0) {
          state->events->on_read({buffer->base, static_cast<std::size_t>(size)});
          return;
        }
        state->reading = false;
        uv_read_stop(s);
        const int failure = size == UV_EOF ? pending_error(state->handle) : static_cast<int>(size);
        if (failure == 0) {
          state->events->on_end();
        } else {
          state->events->on_broken(failure);
        }
      });
}

void Socket::stop_reading() {
  if (!state_->reading) return;
  state_->reading = false;
  uv_read_stop(&state_->stream);
}

int Socket::write(std::string_view bytes) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  return write(std::span(&part, 1));
}

int Socket::write(std::span<const iovec> parts) {
  constexpr std::size_t kMaxParts = 16;
  HEARTH_CHECK(parts.size() <= kMaxParts);
  std::array<uv_buf_t, kMaxParts> buffers;
  std::size_t total = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    buffers[i] = uv_buf_init(static_cast<char*>(parts[i].iov_base), static_cast<unsigned>(parts[i].iov_len));
    total += parts[i].iov_len;
  }
  if (total == 0) return 0;
  std::size_t taken = 0;
  if (state_->stream.write_queue_size == 0) {
    const int put = uv_try_write(&state_->stream, buffers.data(), static_cast<unsigned>(parts.size()));
    if (put >= 0) {
      taken = static_cast<std::size_t>(put);
    } else if (put != UV_EAGAIN) {
      return put;
    }
    if (taken == total) return 0;
  }
  auto* pending = new PendingWrite;
  pending->state = state_;
  pending->request.data = pending;
  pending->bytes.reserve(total - taken);
  for (const iovec& part : parts) {
    if (taken >= part.iov_len) {
      taken -= part.iov_len;
      continue;
    }
    pending->bytes.append(static_cast<const char*>(part.iov_base) + taken, part.iov_len - taken);
    taken = 0;
  }
  const uv_buf_t rest = uv_buf_init(pending->bytes.data(), static_cast<unsigned>(pending->bytes.size()));
  const int status = uv_write(&pending->request, &state_->stream, &rest, 1, [](uv_write_t* r, int result) {
    const std::unique_ptr<PendingWrite> done(static_cast<PendingWrite*>(r->data));
    State* state = done->state;
    if (state->closing || state->events == nullptr) return;
    if (result != 0) {
      state->reading = false;
      uv_read_stop(&state->stream);
      state->events->on_broken(result);
    } else if (state->stream.write_queue_size == 0) {
      state->events->on_drained();
    }
  });
  if (status != 0) delete pending;
  return status;
}

std::size_t Socket::queued() const { return state_->stream.write_queue_size; }

void Socket::shutdown() {
  auto* request = new uv_shutdown_t;
  const int status =
      uv_shutdown(request, &state_->stream, [](uv_shutdown_t* r, int) { delete r; });  // a failure shows on read
  if (status != 0) delete request;
}

void Socket::abort() {
  const linger hard{1, 0};
  const int descriptor = fd();
  if (descriptor >= 0) ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

int Socket::fd() const {
  uv_os_fd_t descriptor = -1;
  return uv_fileno(&state_->handle, &descriptor) == 0 ? descriptor : -1;
}

}  // namespace hearth
