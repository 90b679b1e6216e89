#include "orchestrator/orchestrator.h"

#include <cstdlib>

#include "log/log.h"
#include "orchestrator/archives/object_archive_store.h"
#include "orchestrator/commands.h"
#include "orchestrator/control.h"
#include "orchestrator/runtime/docker/docker_runtime.h"
#include "orchestrator/store/database.h"
#include "orchestrator/store/embedded_postgres.h"

namespace hearth::orchestrator {

// Carries what workers ask to the orchestrator's thread.
class Orchestrator::Link : public ControlLink {
 public:
  explicit Link(Loop& loop) : loop_(loop) {}

  void attach(Control* control) { control_ = control; }  // orchestrator's thread

  template <class Task>
  void post(Task task) {
    loop_.post([this, task = std::move(task)]() mutable {
      if (control_ != nullptr) task(*control_);
    });
  }

  void worker_started(unsigned worker) override {
    post([worker](Control& control) { control.worker_started(worker); });
  }
  void find_session(unsigned worker, std::string secret_hash) override {
    post([worker, hash = std::move(secret_hash)](Control& control) { control.find_session(worker, hash); });
  }
  void wake(ExchangeId exchange, const Uuid& workspace, const Uuid& owner) override {
    post([exchange, workspace, owner](Control& control) { control.wake(exchange, workspace, owner); });
  }
  void call_api(ApiRequest request) override {
    post([request = std::move(request)](Control& control) mutable { control.call_api(std::move(request)); });
  }
  void stream_ended(ExchangeId exchange) override {
    post([exchange](Control& control) { control.stream_ended(exchange); });
  }

 private:
  Loop& loop_;
  Control* control_ = nullptr;  // orchestrator's thread
};

Orchestrator::Orchestrator() : directives_(orchestrator_directives()) {}

Orchestrator::~Orchestrator() { stop(); }

Result<void> Orchestrator::configured(const config::Settings&) {
  if (!settings_.database_embedded) return {};
  Result<EmbeddedServer> server = embedded_postgres(settings_);
  if (!server) return tl::unexpected(std::move(server.error()));
  servers_.push_back(std::move(*server));
  return {};
}

std::vector<EmbeddedServer> Orchestrator::embedded_servers() { return servers_; }

std::optional<int> Orchestrator::command(std::string_view name) {
  if (name == "gc-dry-run") return gc_dry_run_command(settings_);
  return std::nullopt;
}

Result<void> Orchestrator::start(Host& host) {
  if (settings_.idle_given) {
    log::notice("standby_ttl, archive_ttl and stop_notice are read but not enforced yet: idle workspaces stay up");
  }
  const char* password = std::getenv("HEARTH_ADMIN_PASSWORD");
  loop_ = std::make_unique<Loop>();
  link_ = std::make_unique<Link>(*loop_);
  thread_ = std::thread([this, &host, text = std::string(password == nullptr ? "" : password)] { run(host, text); });
  return {};
}

void Orchestrator::run(Host& host, std::string admin_password) {
  std::unique_ptr<WorkspaceRuntime> runtime;
  std::unique_ptr<ArchiveStore> archives;
  if (settings_.coordinator) {
    runtime = std::make_unique<DockerRuntime>(*loop_, settings_);
    archives = open_archive_store(*loop_, settings_);
  }
  Control control(*loop_, host, settings_,
                  {std::move(admin_password), database_options(settings_), direct_database_options(settings_),
                   migration_database_options(settings_)},
                  std::move(runtime), std::move(archives));
  link_->attach(&control);
  loop_->run();
  link_->attach(nullptr);
}

std::unique_ptr<WorkerModule> Orchestrator::create_worker(WorkerHost& worker) {
  return std::make_unique<WorkerPart>(worker, *link_, settings_);
}

void Orchestrator::drain() {
  if (link_) link_->post([](Control& control) { control.drain(); });
}

void Orchestrator::stop() {
  if (!thread_.joinable()) return;
  loop_->stop();
  thread_.join();
  loop_.reset();
  link_.reset();
}

}  // namespace hearth::orchestrator
