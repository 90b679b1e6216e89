// Gateway: a whole gateway worker on a thread of this program, listening on a free port of 127.0.0.1.
//
//   Gateway gateway({.server = "location / { proxy_pass http://127.0.0.1:" + port + "; }"});
//   get(gateway.port(), "/");
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/configuration.h"
#include "server/listen_sockets.h"
#include "server/worker.h"
#include "support/gateway/raw_client.h"
#include "support/gateway/temporary_directory.h"
#include "support/gateway/test_module.h"
#include "support/scripted_server.h"

namespace hearth::test {

std::uint16_t free_port();

// Until `condition` holds; false when it does not within `patience`.
template <class Condition>
bool eventually(Condition&& condition, Milliseconds patience = Milliseconds(10000)) {
  for (const SteadyTime limit = SteadyClock::now() + patience; !condition();) {
    if (SteadyClock::now() > limit) return false;
    std::this_thread::sleep_for(Milliseconds(2));
  }
  return true;
}

class Gateway {
 public:
  struct Options {
    std::string server = {};  // inside server { listen …; }
    std::string http = {};    // inside http { }, before the server
    std::string main = {};    // at the top
    Handlers handlers = {};
    std::vector<std::pair<std::string, std::string>> files = {};  // written into the prefix first
  };

  explicit Gateway(Options options);
  ~Gateway();  // stops at once

  std::uint16_t port() const { return port_; }
  const TemporaryDirectory& prefix() const { return directory_; }
  std::string access_log();  // what has been written; flushed first
  // As QUIT does; true when everything had ended within `limit`.
  bool drain(Milliseconds limit);
  // Runs on the worker's thread and waits for it.
  void on_worker(const std::function<void(proxy::WorkerContext&)>& task);
  proxy::Counters counters();
  std::size_t idle_upstreams();
  std::size_t open_connections();

 private:
  TemporaryDirectory directory_;
  std::uint16_t port_;
  server::Configuration configuration_;
  server::ListenSockets sockets_;
  std::unique_ptr<server::Worker> worker_;
};

// An origin that answers every request on every connection with `answer` and keeps what it received.
class Origin {
 public:
  using Answer = std::function<std::string(const std::string& request)>;
  explicit Origin(std::string answer);
  explicit Origin(Answer answer);

  std::uint16_t port() const { return server_.port(); }
  std::vector<std::string> requests();  // heads with bodies of Content-Length, in order of arrival
  std::string last();
  int connections() const { return server_.accepted(); }
  std::string pass() const { return "proxy_pass http://127.0.0.1:" + std::to_string(port()) + ";"; }

 private:
  void serve(ScriptedPeer& peer);

  std::mutex mutex_;
  std::vector<std::string> requests_;
  Answer answer_;
  ScriptedServer server_;
};

// A WebSocket handshake and its answer (RFC 6455 1.3).
inline constexpr const char* kHandshake =
    "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
inline constexpr const char* kAccept =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: p\r\n\r\n";

std::string ok(std::string_view body, std::string_view more_headers = {});  // a 200 with Content-Length
std::string proxy_to(const ScriptedServer& server);                         // "location / { proxy_pass …; }"

}  // namespace hearth::test
