#include "proxy/upstream_pool.h"

#include <algorithm>

namespace hearth::proxy {

std::unique_ptr<UpstreamConnection> UpstreamPool::take(const SocketAddress& address, UpstreamUser& user) {
  const auto found = idle_.find(address);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  std::unique_ptr<UpstreamConnection> connection = std::move(found->second.back());
  found->second.pop_back();
  connection->clear_deadline();
  connection->lend(user);
  connection->count_request();
  return connection;
}

std::unique_ptr<UpstreamConnection> UpstreamPool::connect(const SocketAddress& address, UpstreamUser& user) {
  auto connection = std::make_unique<UpstreamConnection>(loop_, *this, address);
  connection->count_request();
  connection->connect(user);
  return connection;
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection, const KeepAliveLimits& limits) {
  auto& idle = idle_[connection->address()];
  if (limits.idle == 0 || connection->requests() >= limits.requests || connection->socket().queued() != 0) {
    close(std::move(connection));
    return;
  }
  if (idle.size() >= limits.idle) {
    close(std::move(idle.front()));
    idle.erase(idle.begin());
  }
  connection->user_ = nullptr;
  connection->socket().read_raw(false);
  connection->socket().start_reading();  // to see it being closed
  wheel_.set(*connection, limits.timeout);
  idle.push_back(std::move(connection));
}

void UpstreamPool::close(std::unique_ptr<UpstreamConnection> connection) {
  connection->user_ = nullptr;
  connection->socket().set_events(nullptr);
  loop_.defer_delete(std::move(connection));
}

void UpstreamPool::discard(UpstreamConnection& connection) {
  const auto found = idle_.find(connection.address());
  if (found == idle_.end()) return;
  auto& idle = found->second;
  const auto at = std::find_if(idle.begin(), idle.end(), [&](const auto& each) { return each.get() == &connection; });
  if (at == idle.end()) return;
  std::unique_ptr<UpstreamConnection> owned = std::move(*at);
  idle.erase(at);
  if (idle.empty()) idle_.erase(found);
  close(std::move(owned));
}

void UpstreamPool::clear() {
  for (auto& [address, connections] : idle_) {
    for (auto& connection : connections) close(std::move(connection));
  }
  idle_.clear();
}

std::size_t UpstreamPool::idle_count() const {
  std::size_t count = 0;
  for (const auto& [address, connections] : idle_) count += connections.size();
  return count;
}

}  // namespace hearth::proxy
