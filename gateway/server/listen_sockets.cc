#include "server/listen_sockets.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "runtime/listener.h"

namespace hearth::server {

namespace {

constexpr int kBindAttempts = 10;
constexpr Milliseconds kBindRetry{200};

// Is somebody else listening there? A socket file left behind by a dead process is removed.
Result<void> probe(const SocketAddress& address) {
  Fd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return fail(system_error(errno, "socket"));
  if (address.is_unix()) {
    if (::connect(fd.get(), address.get(), address.size()) == 0) {
      return fail(system_error(EADDRINUSE, "bind() to " + address.text()));
    }
    if (errno == ECONNREFUSED) ::unlink(address.text().substr(5).c_str());
    return {};
  }
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address.get(), address.size()) != 0) {
    return fail(system_error(errno, "bind() to " + address.text()));
  }
  return {};
}

Result<void> wait_until_free(const SocketAddress& address) {
  for (int attempt = 1;; ++attempt) {
    auto free = probe(address);
    if (free || free.error().sys != EADDRINUSE || attempt == kBindAttempts) return free;
    std::this_thread::sleep_for(kBindRetry);  // a predecessor may be on its way out, as in nginx
  }
}

}  // namespace

Result<ListenSockets> ListenSockets::open(const config::Settings& settings, const ListenSockets& previous) {
  ListenSockets opened;
  for (const auto& server : settings.http.servers) {
    for (const auto& listen : server.listens) {
      bool known = false;
      for (const auto& socket : opened.sockets_) known = known || socket.address == listen.address;
      if (known) continue;
      ListenSocket socket;
      socket.address = listen.address;
      for (const auto& old : previous.sockets_) {
        if (old.address != listen.address) continue;
        for (const Fd& fd : old.per_worker) socket.per_worker.emplace_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
      }
      const std::size_t wanted = listen.address.is_unix() ? 1 : settings.worker_threads;
      Result<void> free;
      if (socket.per_worker.empty()) free = wait_until_free(listen.address);
      // Fewer workers than before: the surplus sockets' queues would never be accepted from.
      if (socket.per_worker.size() > wanted) socket.per_worker.resize(wanted);
      while (free && socket.per_worker.size() < wanted) {
        auto fd = Listener::open(listen.address, listen.backlog);
        if (!fd) {
          free = fail(fd.error());
        } else {
          socket.per_worker.push_back(std::move(*fd));
        }
      }
      if (!free) {
        Error error = free.error();
        error.message = listen.where.file + ":" + std::to_string(listen.where.line) + ": " + error.message;
        if (error.sys == EADDRINUSE) error.message += ": stop what listens there, or choose another port";
        return fail(std::move(error));
      }
      opened.sockets_.push_back(std::move(socket));
    }
  }
  return opened;
}

}  // namespace hearth::server
