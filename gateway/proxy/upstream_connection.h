// UpstreamConnection: one connection to an origin, used by one exchange at a time, idle in the pool in between.
//
// Owner: the exchange that uses it, else the pool. Thread: the worker's.
#pragma once

#include <memory>

#include "runtime/deadline_wheel.h"
#include "runtime/socket.h"

namespace hearth::proxy {

class UpstreamPool;

// The exchange, as its upstream connection sees it.
class UpstreamUser {
 public:
  virtual void on_upstream_ready() = 0;             // connected; not called for a reused connection
  virtual void on_upstream_failed(int status) = 0;  // never connected
  virtual void on_upstream_read(std::string_view bytes) = 0;
  virtual void on_upstream_end() = 0;
  virtual void on_upstream_broken(int status) = 0;
  virtual void on_upstream_drained() = 0;
  virtual void on_upstream_readable() = 0;  // while its socket reads raw

 protected:
  ~UpstreamUser() = default;
};

class UpstreamConnection final : private Socket::Events, public DeadlineWheel::Entry {
 public:
  UpstreamConnection(Loop& loop, UpstreamPool& pool, const SocketAddress& address);
  ~UpstreamConnection() override = default;

  void connect(UpstreamUser& user);
  void lend(UpstreamUser& user) { user_ = &user; }  // from the pool

  Socket& socket() { return socket_; }
  const SocketAddress& address() const { return address_; }
  bool reused() const { return requests_ > 1; }
  std::uint64_t requests() const { return requests_; }
  void count_request() { ++requests_; }
  Socket take_socket() { return std::move(socket_); }  // for a tunnel; the connection is then empty

 private:
  friend class UpstreamPool;

  void on_connected(int status) override;
  void on_read(std::string_view bytes) override;
  void on_end() override;
  void on_broken(int status) override;
  void on_drained() override;
  void on_readable() override;
  void on_deadline() override;  // idle for too long

  Socket socket_;
  UpstreamPool& pool_;
  SocketAddress address_;
  UpstreamUser* user_ = nullptr;  // null while idle in the pool
  std::uint64_t requests_ = 0;
};

}  // namespace hearth::proxy
