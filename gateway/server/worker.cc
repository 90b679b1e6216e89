#include "server/worker.h"

#include "log/log.h"
#include "proxy/client_connection.h"
#include "proxy/exchange.h"

namespace hearth::server {

namespace {

class MetricsHandler final : public Handler {
 public:
  explicit MetricsHandler(std::function<std::string()> render) : render_(std::move(render)) {}
  void handle(Exchange& exchange) override {
    exchange.reply({200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, render_()});
  }

 private:
  std::function<std::string()> render_;
};

}  // namespace

Worker::Worker(Parts parts) : parts_(std::move(parts)), loop_(std::make_unique<Loop>()) {}

Worker::~Worker() = default;

void Worker::start(UniqueFunction<void(Result<void>)> accepting) {
  accepting_ = std::move(accepting);
  thread_ = std::thread([this] { run(); });
}

void Worker::run() {
  log::set_thread_number(parts_.index + 1);
  Result<void> ready = set_up();
  const bool ok = ready.has_value();
  accepting_(std::move(ready));
  if (ok) loop_->run();
  tear_down();
}

Result<void> Worker::set_up() {
  for (const auto& module : parts_.configuration->modules) modules_.push_back((*module)->create_worker(*this));
  metrics_ = std::make_unique<MetricsHandler>(parts_.metrics);
  proxy::Router::Parts router;
  router.handler = [this](const std::string& name) { return handler(name); };
  router.access_log = [this](const config::AccessLogSettings& settings) { return access_log(settings); };
  router.zones = parts_.configuration->limit_zones.get();
  context_ =
      std::make_unique<proxy::WorkerContext>(parts_.index, *loop_, parts_.configuration->settings().http, router);
  context_->connection_closed = [this] { watch_limit(); };
  housekeeping_ = std::make_unique<Timer>(*loop_);
  housekeeping_->repeat(log::AccessLog::kFlushAfter, [this] {
    for (auto& log : access_logs_) log->flush_if_due(wall_now());
    watch_limit();
  });
  return listen();
}

Result<void> Worker::listen() {
  for (const ListenSocket& socket : parts_.sockets->all()) {
    const proxy::VirtualHosts& hosts = context_->router.hosts(socket.address);
    listeners_.push_back(std::make_unique<Listener>(
        *loop_, socket.fd_for(parts_.index),
        [this, &hosts, &socket](Fd fd, const SocketAddress& peer) {
          proxy::ClientConnection::accept(*context_, hosts, std::move(fd), peer, socket.address);
          watch_limit();
        },
        [](const Error& error) { log::crit("{}: no connection is accepted for a moment", error.message); }));
  }
  return {};
}

// worker_connections: above it new clients wait in the kernel's queue instead of taking down those already here.
void Worker::watch_limit() {
  const std::size_t open = context_->connections.size() + context_->counters.tunnels_open;
  const bool full = open >= parts_.configuration->settings().worker_connections;
  if (full == accept_paused_ || context_->draining) return;
  accept_paused_ = full;
  if (full) log::warn("worker_connections ({}) are in use: new clients wait", open);
  for (auto& listener : listeners_) full ? listener->pause() : listener->resume();
}

Handler* Worker::handler(const std::string& name) {
  if (name == "metrics") return metrics_.get();
  for (std::size_t i = 0; i < modules_.size(); ++i) {
    for (const std::string& known : (*parts_.configuration->modules[i])->handlers()) {
      if (known == name) return &modules_[i]->handler(name);
    }
  }
  return nullptr;
}

log::AccessLog* Worker::access_log(const config::AccessLogSettings& settings) {
  for (auto& log : access_logs_) {
    if (log->path() == settings.path) return log.get();
  }
  auto opened = log::AccessLog::open(settings.path, static_cast<log::AccessFormat>(settings.format));
  if (!opened) {
    log::error("access log: {}", opened.error().message);
    return nullptr;
  }
  access_logs_.push_back(std::move(*opened));
  return access_logs_.back().get();
}

Exchange* Worker::find(ExchangeId id) { return context_ ? context_->find(id.serial) : nullptr; }

void Worker::post_to_module(std::size_t module, UniqueFunction<void(WorkerModule&)> task) {
  loop_->post([this, module, task = std::move(task)]() mutable {
    if (module < modules_.size()) task(*modules_[module]);
  });
}

void Worker::post(UniqueFunction<void(proxy::WorkerContext&)> task) {
  loop_->post([this, task = std::move(task)]() mutable {
    if (context_) task(*context_);
  });
}

void Worker::reopen_logs() {
  loop_->post([this] {
    for (auto& log : access_logs_) {
      if (auto done = log->reopen(); !done) log::error("access log: {}", done.error().message);
    }
  });
}

void Worker::drain(Milliseconds limit, UniqueFunction<void()> drained) {
  loop_->post([this, limit, drained = std::move(drained)]() mutable {
    drained_ = std::move(drained);
    listeners_.clear();
    context_->drain();
    drain_deadline_ms_ = loop_->now_ms() + static_cast<std::uint64_t>(limit.count());
    drain_timer_ = std::make_unique<Timer>(*loop_);
    drain_timer_->repeat(Milliseconds(20), [this] { check_drained(); });
  });
}

void Worker::check_drained() {
  if (!drained_ || (!context_->drained() && loop_->now_ms() < drain_deadline_ms_)) return;
  context_->close_all();
  std::exchange(drained_, nullptr)();
}

void Worker::stop() {
  loop_->stop();
  if (thread_.joinable()) thread_.join();
}

void Worker::tear_down() {
  listeners_.clear();
  drain_timer_.reset();
  housekeeping_.reset();
  context_->connection_closed = nullptr;
  context_.reset();  // ends every exchange, which modules may still want to hear of
  modules_.clear();
  access_logs_.clear();
}

}  // namespace hearth::server
