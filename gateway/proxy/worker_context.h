// WorkerContext: what every connection of one worker shares. One per worker thread; no locks anywhere in here.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "http/date.h"
#include "http/limits.h"
#include "proxy/location.h"
#include "proxy/upstream_pool.h"
#include "runtime/deadline_wheel.h"
#include "runtime/loop.h"

namespace hearth::proxy {

class ClientConnection;
class HttpExchange;
class Tunnel;
struct TunnelLogEntry;

struct Counters {  // read by /metrics on this worker only
  std::uint64_t requests = 0;
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;
  std::uint64_t tunnels_opened = 0;
  std::uint64_t tunnels_open = 0;
  std::uint64_t upstream_connects = 0;
  std::uint64_t upstream_reuses = 0;
  std::uint64_t bytes_to_clients = 0;
  std::uint64_t bytes_spliced = 0;  // either way, kept by the loop
  std::uint64_t status[6] = {};  // [1] = 1xx … [5] = 5xx
};

class WorkerContext {
 public:
  WorkerContext(unsigned index, Loop& loop, const config::HttpSettings& settings, const Router::Parts& parts);
  ~WorkerContext();
  WorkerContext(const WorkerContext&) = delete;
  WorkerContext& operator=(const WorkerContext&) = delete;

  // Exchanges are reused: a warm worker allocates none.
  std::unique_ptr<HttpExchange> take_exchange(ClientConnection& connection);
  void recycle(std::unique_ptr<HttpExchange> exchange);

  // SDK ids. Only exchanges that a module asked for an id are entered.
  std::uint64_t enter(HttpExchange& exchange);
  void leave(std::uint64_t serial) { registry_.erase(serial); }
  HttpExchange* find(std::uint64_t serial) const;

  // Starts a tunnel between the two sockets; `entry` becomes its access log line when it ends. The `early` bytes had
  // been read from the client, or the upstream, before.
  void add_tunnel(Socket client, Socket upstream, Milliseconds idle_timeout, std::shared_ptr<TunnelLogEntry> entry,
                  std::string_view early_to_upstream, std::string_view early_to_client);

  // Graceful stop: idle connections close now, the others after their request. True when nothing is left.
  void drain();
  bool drained() const { return connections.empty() && tunnels_.empty(); }
  void close_all();

  std::string_view date();  // now, for the Date field
  // For work on the thread pool, which may finish after the worker has gone.
  std::weak_ptr<WorkerContext> weak() const { return self_; }

  const unsigned index;
  Loop& loop;
  DeadlineWheel wheel;
  UpstreamPool upstreams;
  http::Limits limits;
  const bool server_tokens;
  Router router;
  Counters counters;
  std::unordered_set<ClientConnection*> connections;  // each owns itself until it closes
  bool draining = false;
  UniqueFunction<void()> connection_closed;  // a client connection or tunnel has ended; may be empty

 private:
  static constexpr std::size_t kSpareExchanges = 64;

  std::vector<std::unique_ptr<HttpExchange>> spare_;
  std::unordered_map<std::uint64_t, HttpExchange*> registry_;
  std::uint64_t next_serial_ = 1;
  std::unordered_map<Tunnel*, std::unique_ptr<Tunnel>> tunnels_;
  http::DateCache date_;
  std::shared_ptr<WorkerContext> self_{this, [](WorkerContext*) {}};  // owns nothing
};

}  // namespace hearth::proxy
