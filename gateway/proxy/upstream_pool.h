// UpstreamPool: idle keep-alive connections of one worker, by address, newest first (it is the least likely to have
// been closed by the origin meanwhile).
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "proxy/upstream_connection.h"

namespace hearth::proxy {

struct KeepAliveLimits {
  unsigned idle = 64;  // kept per address
  Milliseconds timeout{60000};
  std::uint64_t requests = 1000;
};

class UpstreamPool {
 public:
  UpstreamPool(Loop& loop, DeadlineWheel& wheel) : loop_(loop), wheel_(wheel) {}

  // An idle connection lent to `user`, or null.
  std::unique_ptr<UpstreamConnection> take(const SocketAddress& address, UpstreamUser& user);
  // A new one, connecting; `user` hears of the outcome.
  std::unique_ptr<UpstreamConnection> connect(const SocketAddress& address, UpstreamUser& user);
  // Back after an exchange that ended cleanly; kept or closed by the limits.
  void give_back(std::unique_ptr<UpstreamConnection> connection, const KeepAliveLimits& limits);
  // Closes one that must not be used again. Safe from inside its own callbacks.
  void close(std::unique_ptr<UpstreamConnection> connection);
  void clear();

  std::size_t idle_count() const;

 private:
  friend class UpstreamConnection;
  void discard(UpstreamConnection& idle);

  Loop& loop_;
  DeadlineWheel& wheel_;
  std::unordered_map<SocketAddress, std::vector<std::unique_ptr<UpstreamConnection>>> idle_;
};

}  // namespace hearth::proxy
