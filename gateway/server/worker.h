// Worker: one thread, one loop, its own listening sockets, connections, upstream pools and module parts.
//
// Built on the main thread, so that work can be posted to its loop before it runs; everything else happens on its own
// thread. post_to_module() may be called from any thread at any time and is dropped once the worker has stopped.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "hearth/module.h"
#include "log/access_log.h"
#include "proxy/worker_context.h"
#include "runtime/listener.h"
#include "server/configuration.h"
#include "server/listen_sockets.h"

namespace hearth::server {

class Worker final : private WorkerHost {
 public:
  struct Parts {
    unsigned index = 0;
    const Configuration* configuration = nullptr;
    const ListenSockets* sockets = nullptr;
    std::function<std::string()> metrics;  // any thread
  };

  explicit Worker(Parts parts);
  ~Worker();  // after stop()

  void start(UniqueFunction<void(Result<void>)> accepting);  // answered on the worker's thread
  // Stops accepting; closes idle connections; `drained` comes, on the worker's thread, when the last one has ended or
  // `limit` has passed.
  void drain(Milliseconds limit, UniqueFunction<void()> drained);
  void stop();  // joins
  void reopen_logs();
  void post_to_module(std::size_t module, UniqueFunction<void(WorkerModule&)> task);
  void post(UniqueFunction<void(proxy::WorkerContext&)> task);

 private:
  unsigned index() const override { return parts_.index; }
  Loop& loop() override { return *loop_; }
  Exchange* find(ExchangeId id) override;

  void run();
  Result<void> set_up();
  Result<void> listen();
  void tear_down();
  Handler* handler(const std::string& name);
  log::AccessLog* access_log(const config::AccessLogSettings& settings);
  void check_drained();
  void watch_limit();

  Parts parts_;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
  UniqueFunction<void(Result<void>)> accepting_;

  // On the worker's thread only:
  std::vector<std::unique_ptr<WorkerModule>> modules_;
  std::unique_ptr<Handler> metrics_;
  std::vector<std::unique_ptr<log::AccessLog>> access_logs_;
  std::unique_ptr<proxy::WorkerContext> context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unique_ptr<Timer> housekeeping_;
  std::unique_ptr<Timer> drain_timer_;
  UniqueFunction<void()> drained_;
  std::uint64_t drain_deadline_ms_ = 0;
  bool accept_paused_ = false;
};

}  // namespace hearth::server
