#include "server/server_process.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <mutex>

#include "log/log.h"
#include "proxy/exchange.h"
#include "runtime/signal.h"
#include "server/metrics_text.h"
#include "server/worker.h"

namespace hearth::server {

namespace {

using Workers = std::vector<std::unique_ptr<Worker>>;

// The Host one module sees.
class ModuleHost final : public Host {
 public:
  ModuleHost(std::size_t module, const Workers& workers, MetricsText& metrics)
      : module_(module), workers_(workers), metrics_(metrics) {}

  unsigned worker_count() const override { return static_cast<unsigned>(workers_.size()); }
  void post(unsigned worker, UniqueFunction<void(WorkerModule&)> task) override {
    if (worker < workers_.size()) workers_[worker]->post_to_module(module_, std::move(task));
  }
  void set_ready(const std::string& component, std::string reason) override {
    metrics_.set_ready(component, reason);
    std::lock_guard lock(mutex_);
    const auto [entry, first] = reasons_.try_emplace(component);
    if (entry->second == reason && !first) return;
    entry->second = reason;
    if (reason.empty()) return log::notice("{} is ready", component);
    // Everything begins like this; it is worth a warning only when it goes on.
    log::at(first ? log::Level::info : log::Level::warn, "{} is not ready: {}", component, reason);
  }
  void add_metrics(std::function<std::string()> render) override { metrics_.add(std::move(render)); }

 private:
  std::size_t module_;
  const Workers& workers_;
  MetricsText& metrics_;
  std::mutex mutex_;
  std::map<std::string, std::string> reasons_;
};

class ServerProcess {
 public:
  ServerProcess(std::shared_ptr<Configuration> configuration, const ListenSockets& sockets, int ready_fd)
      : configuration_(std::move(configuration)), sockets_(sockets), ready_fd_(ready_fd) {}

  int run() {
    loop_ = std::make_unique<Loop>();
    if (auto fits = check_descriptors(); !fits) return refuse(fits.error());
    for (unsigned i = 0; i < configuration_->settings().worker_threads; ++i) {
      workers_.push_back(std::make_unique<Worker>(
          Worker::Parts{i, configuration_.get(), &sockets_, [this] { return metrics_.render(); }}));
    }
    metrics_.set_workers(workers_.size());
    if (auto started = start_modules(); !started) {
      stop_modules();
      return refuse(started.error());
    }
    if (auto accepting = start_workers(); !accepting) {
      stop_all();
      return refuse(accepting.error());
    }
    watch_signals();
    collect_ = std::make_unique<Timer>(*loop_);
    collect_->repeat(Milliseconds(1000), [this] { collect_counters(); });
    if (ready_fd_ >= 0) {
      const char ready = 'r';
      [[maybe_unused]] const ssize_t written = ::write(ready_fd_, &ready, 1);
      ::close(ready_fd_);
    }
    loop_->run();
    stop_all();
    signals_.clear();
    collect_.reset();
    return 0;
  }

 private:
  int refuse(const Error& error) {
    log::emerg("{}", error.message);
    return kExitCannotStart;
  }

  // Each client connection may need an upstream connection as well. What cannot fit must not be promised.
  Result<void> check_descriptors() {
    constexpr std::uint64_t kReserve = 128;
    const config::Settings& settings = configuration_->settings();
    const std::uint64_t needed = 2 * settings.worker_connections * settings.worker_threads + kReserve;
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const std::uint64_t wanted = std::max<std::uint64_t>(needed, settings.worker_rlimit_nofile);
    if (limit.rlim_cur < wanted) {
      rlimit raised{std::max<rlim_t>(wanted, limit.rlim_cur), std::max<rlim_t>(wanted, limit.rlim_max)};
      if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) {
        raised.rlim_max = limit.rlim_max;
        raised.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
        ::setrlimit(RLIMIT_NOFILE, &raised);
      }
      ::getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed) return {};
    const std::uint64_t fitting =
        (limit.rlim_cur - std::min<std::uint64_t>(kReserve, limit.rlim_cur)) / (2 * settings.worker_threads);
    return fail(ErrorCode::limit, ErrorSource::config,
                "worker_connections " + std::to_string(settings.worker_connections) + " with " +
                    std::to_string(settings.worker_threads) + " workers needs " + std::to_string(needed) +
                    " open files, but the limit is " + std::to_string(limit.rlim_cur) +
                    ": raise it (ulimit -n), or set worker_connections to " + std::to_string(fitting) + " or less");
  }

  Result<void> start_modules() {
    for (std::size_t i = 0; i < configuration_->modules.size(); ++i) {
      hosts_.push_back(std::make_unique<ModuleHost>(i, workers_, metrics_));
      if (auto started = (*configuration_->modules[i])->start(*hosts_.back()); !started) return started;
      ++modules_started_;
    }
    return {};
  }

  Result<void> start_workers() {
    std::vector<std::promise<Result<void>>> promises(workers_.size());
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->start([&promise = promises[i]](Result<void> ready) { promise.set_value(std::move(ready)); });
    }
    Result<void> all;
    for (auto& promise : promises) {
      Result<void> one = promise.get_future().get();
      if (!one && all) all = std::move(one);
    }
    return all;
  }

  void watch_signals() {
    const auto watch = [this](int number, UniqueFunction<void()> callback) {
      signals_.push_back(std::make_unique<Signal>(*loop_, number, std::move(callback)));
    };
    watch(SIGQUIT, [this] { drain(); });
    watch(SIGTERM, [this] { loop_->stop(); });
    watch(SIGINT, [this] { loop_->stop(); });
    watch(SIGHUP, [] { log::notice("reload needs the supervisor (master_process on)"); });
    watch(SIGUSR1, [this] {
      if (auto done = log::reopen(); !done) log::error("error log: {}", done.error().message);
      for (auto& worker : workers_) worker->reopen_logs();
    });
  }

  void drain() {
    if (draining_) return;
    draining_ = true;
    log::notice("draining: no new connections");
    for (auto& module : configuration_->modules) (*module)->drain();
    undrained_ = workers_.size();
    for (auto& worker : workers_) {
      worker->drain(configuration_->settings().worker_shutdown_timeout, [this] {
        loop_->post([this] {
          if (--undrained_ == 0) loop_->stop();
        });
      });
    }
  }

  void collect_counters() {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->post([this, i](proxy::WorkerContext& context) {
        context.counters.bytes_spliced = context.loop.splice_pipes().total();
        metrics_.update(i, context.counters, context.upstreams.idle_count());
      });
    }
  }

  void stop_modules() {
    for (std::size_t i = modules_started_; i-- > 0;) (*configuration_->modules[i])->stop();
    modules_started_ = 0;
  }

  void stop_all() {
    for (auto& worker : workers_) worker->stop();
    stop_modules();
    workers_.clear();
  }

  std::shared_ptr<Configuration> configuration_;
  const ListenSockets& sockets_;
  int ready_fd_;
  std::unique_ptr<Loop> loop_;
  MetricsText metrics_;
  Workers workers_;
  std::vector<std::unique_ptr<ModuleHost>> hosts_;
  std::size_t modules_started_ = 0;
  std::vector<std::unique_ptr<Signal>> signals_;
  std::unique_ptr<Timer> collect_;
  std::size_t undrained_ = 0;
  bool draining_ = false;
};

}  // namespace

int run_server(const std::shared_ptr<Configuration>& configuration, const ListenSockets& sockets, int ready_fd) {
  std::signal(SIGPIPE, SIG_IGN);
  return ServerProcess(configuration, sockets, ready_fd).run();
}

}  // namespace hearth::server
