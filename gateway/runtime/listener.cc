#include "runtime/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace hearth {

Listener::Listener(Loop& loop, int listening_fd, Accepted accepted, Trouble trouble)
    : fd_(listening_fd),
      accepted_(std::move(accepted)),
      trouble_(std::move(trouble)),
      retry_(loop),
      poll_(loop, listening_fd) {
  resume();
}

void Listener::pause() {
  paused_ = true;
  retry_.stop();
  poll_.set_events(0);
}

void Listener::resume() {
  paused_ = false;
  poll_.start(Poll::kReadable, [this](int) { accept_some(); });
}

void Listener::accept_some() {
  for (int i = 0; i < kBatch; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    Fd fd(::accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      accepted_(std::move(fd), SocketAddress::from(reinterpret_cast<sockaddr*>(&peer), size));
      if (paused_) return;
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    trouble_(system_error(errno, "accept"));
    pause();
    retry_.start(kPauseOnExhaustion, [this] { resume(); });
    return;
  }
}

Result<Fd> Listener::open(const SocketAddress& address, int backlog) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fail(system_error(errno, "socket"));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!address.is_unix()) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size()) != 0) {
    return fail(system_error(errno, "bind() to " + address.text()));
  }
  // What is accepted inherits it: one call less for each connection.
  if (!address.is_unix()) ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::listen(fd.get(), backlog) != 0) return fail(system_error(errno, "listen() on " + address.text()));
  return fd;
}

}  // namespace hearth
