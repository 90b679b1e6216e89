#include "proxy/worker_context.h"

#include <ctime>

#include "proxy/client_connection.h"
#include "proxy/exchange.h"
#include "proxy/exchange_log.h"
#include "proxy/tunnel.h"

namespace hearth::proxy {

namespace {
http::Limits limits_from(const config::HttpSettings& settings) {
  http::Limits limits;
  if (!settings.servers.empty()) {
    const config::ServerSettings& server = settings.servers.front();
    limits.head_bytes = server.client_header_max_size;
    limits.start_line_bytes = server.client_header_line_max_size;
    limits.field_line_bytes = server.client_header_line_max_size;
    limits.fields = server.client_header_max_count;
  }
  return limits;
}
}  // namespace

WorkerContext::WorkerContext(unsigned index_in, Loop& loop_in, const config::HttpSettings& settings,
                             const Router::Parts& parts)
    : index(index_in),
      loop(loop_in),
      wheel(loop_in),
      upstreams(loop_in, wheel),
      limits(limits_from(settings)),
      server_tokens(settings.server_tokens),
      router(settings, parts) {}

WorkerContext::~WorkerContext() {
  close_all();
  loop.flush_deferred();  // connections waiting to be deleted are linked in our wheel
}

std::unique_ptr<HttpExchange> WorkerContext::take_exchange(ClientConnection& connection) {
  std::unique_ptr<HttpExchange> exchange;
  if (spare_.empty()) {
    exchange = std::make_unique<HttpExchange>(*this);
  } else {
    exchange = std::move(spare_.back());
    spare_.pop_back();
  }
  exchange->attach(connection);
  return exchange;
}

void WorkerContext::recycle(std::unique_ptr<HttpExchange> exchange) {
  exchange->reset();
  // Not freed at once when the list is full: it may be on the call stack.
  if (spare_.size() < kSpareExchanges) {
    spare_.push_back(std::move(exchange));
  } else {
    loop.defer_delete(std::move(exchange));
  }
}

std::uint64_t WorkerContext::enter(HttpExchange& exchange) {
  const std::uint64_t serial = next_serial_++;
  registry_.emplace(serial, &exchange);
  return serial;
}

HttpExchange* WorkerContext::find(std::uint64_t serial) const {
  const auto found = registry_.find(serial);
  return found == registry_.end() || found->second->done() ? nullptr : found->second;
}

void WorkerContext::add_tunnel(Socket client, Socket upstream, Milliseconds idle_timeout,
                               std::shared_ptr<TunnelLogEntry> entry, std::string_view early_to_upstream,
                               std::string_view early_to_client) {
  auto holder = std::make_shared<Tunnel*>(nullptr);
  auto tunnel = std::make_unique<Tunnel>(loop, wheel, std::move(client), std::move(upstream), idle_timeout,
                                         [this, holder, entry = std::move(entry)](const TunnelOutcome& outcome) {
                                           entry->write(outcome, uv_hrtime());
                                           counters.bytes_to_clients += outcome.bytes_to_client;
                                           --counters.tunnels_open;
                                           const auto at = tunnels_.find(*holder);
                                           std::unique_ptr<Tunnel> ended = std::move(at->second);
                                           tunnels_.erase(at);
                                           loop.defer_delete(std::move(ended));
                                           if (connection_closed) connection_closed();
                                         });
  Tunnel& started = *tunnel;
  *holder = &started;
  ++counters.tunnels_open;
  tunnels_.emplace(&started, std::move(tunnel));
  started.start(early_to_upstream, early_to_client);
}

void WorkerContext::drain() {
  draining = true;
  const std::vector<ClientConnection*> open(connections.begin(), connections.end());
  for (ClientConnection* connection : open) connection->drain();
}

void WorkerContext::close_all() {
  const std::vector<ClientConnection*> open(connections.begin(), connections.end());
  for (ClientConnection* connection : open) connection->abandon();
  while (!tunnels_.empty()) tunnels_.begin()->first->close(EndedBy::us);
  upstreams.clear();
}

std::string_view WorkerContext::date() { return date_.at(std::time(nullptr)); }

}  // namespace hearth::proxy
