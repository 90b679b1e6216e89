// Modules: what `load_module` loads and how it takes part.
//
// A module is one shared object with one C symbol, `hearth_module`, a hearth_module_descriptor. Behind it stands an
// object of class Module. Life, all on the main thread of the server process unless stated:
//   create (while the configuration is read) → directives filled in → configured() → [supervisor: embedded servers
//   started] → start() → create_worker() on each worker's thread, before it accepts → … → drain() → stop() → destroy.
// SDK headers hold no state: a function-local static or inline variable would exist once per shared object.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hearth/directive.h"
#include "hearth/exchange.h"
#include "hearth/module_abi.h"
#include "runtime/loop.h"

namespace hearth {

// Answers requests of the locations that name it. One per worker; worker's thread.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual void handle(Exchange& exchange) = 0;
};

// The worker a WorkerModule lives in. Worker's thread.
class WorkerHost {
 public:
  virtual unsigned index() const = 0;
  virtual Loop& loop() = 0;
  virtual Exchange* find(ExchangeId id) = 0;  // null when the exchange is over
 protected:
  ~WorkerHost() = default;
};

// A module's part inside one worker. Created and destroyed on the worker's thread.
class WorkerModule {
 public:
  virtual ~WorkerModule() = default;
  // For each name in Module::handlers(); owned by the WorkerModule.
  virtual Handler& handler(std::string_view name) = 0;
};

// The server process, seen from a module's own threads. Any thread.
class Host {
 public:
  virtual unsigned worker_count() const = 0;
  // Runs `task` on that worker's loop; dropped when the worker has stopped. The WorkerModule is the calling module's.
  virtual void post(unsigned worker, UniqueFunction<void(WorkerModule&)> task) = 0;
  // What /readyz says. A component is not ready until it says so; an empty reason means ready.
  virtual void set_ready(const std::string& component, std::string reason) = 0;
  // Text for /metrics in Prometheus' exposition format, asked for on the caller's thread; must not block.
  virtual void add_metrics(std::function<std::string()> render) = 0;

 protected:
  ~Host() = default;
};

// A server that the supervisor runs for the module (a private PostgreSQL). Started before the server process, restarted
// with backoff when it dies, stopped last with `stop_signal`.
struct EmbeddedServer {
  std::string name;
  // Runs to the end in a child process before each start, with the supervisor's own rights; not 0 = try again with
  // backoff. Writes what is wrong to standard error.
  std::function<int()> prepare;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value", added to ours
  std::string user;                      // drop to this system user when we are root; empty = stay
  int stop_signal = 15;
  Milliseconds stop_timeout{30000};
};

class Module {
 public:
  virtual ~Module() = default;
  virtual std::string_view name() const = 0;

  // The module's directives. Those of context "main" get `directive_target()` as their target.
  virtual const config::DirectiveTable& directives() const = 0;
  virtual void* directive_target() = 0;
  // Content handlers: each becomes a directive without arguments, allowed in location.
  virtual std::vector<std::string> handlers() const = 0;

  // The whole configuration has been read: check it. An error stops the start (and -t) with its message.
  virtual Result<void> configured(const config::Settings& settings) = 0;
  virtual std::vector<EmbeddedServer> embedded_servers() { return {}; }

  // A command of the command line that serves nobody ("gc-dry-run" of `hearth --gc-dry-run`), instead of start(): runs
  // to its end on the main thread, prints, and answers the exit code. nullopt: not one of this module's.
  virtual std::optional<int> command(std::string_view) { return std::nullopt; }

  // Starts threads and connections. Must not wait for dependencies: what is away is retried for ever and reported
  // through set_ready().
  virtual Result<void> start(Host& host) = 0;
  virtual std::unique_ptr<WorkerModule> create_worker(WorkerHost& worker) = 0;
  // Graceful stop begun: give up leadership, end streams; requests under way go on.
  virtual void drain() = 0;
  // Returns when every thread of the module has ended. Workers have stopped before.
  virtual void stop() = 0;
};

}  // namespace hearth
