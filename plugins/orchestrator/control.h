// Control: the orchestrator's thread, as an object. Owns the database pool, the API, the route board, the event bus and
// the coordinator; wakes and sessions that workers ask for are answered here. Lives on one loop, and nothing in it
// waits: what is away is tried again for ever and named in readiness.
//
// Order of start: database → migrations → first user → change source, leader, coordinator; API calls are answered 503
// until then. Thread: its loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hearth/module.h"
#include "orchestrator/api/api.h"
#include "orchestrator/coordinator.h"
#include "orchestrator/gate/session_cache.h"
#include "orchestrator/leader/leader.h"
#include "orchestrator/notify/change_source.h"
#include "orchestrator/notify/route_board.h"
#include "orchestrator/settings.h"
#include "orchestrator/store/migrations.h"
#include "orchestrator/worker/worker_part.h"

namespace hearth::orchestrator {

class Control {
 public:
  struct Options {
    std::string admin_password;  // of the first user; empty = a random one, written to standard error once
    PgOptions pool;
    PgOptions direct;  // leader and LISTEN
    PgOptions migration;
  };

  // `runtime` may be null, and `archives` with it: no coordinator, no logs. Everything referred to outlives it.
  Control(Loop& loop, Host& host, const OrchestratorSettings& settings, Options options,
          std::unique_ptr<WorkspaceRuntime> runtime, std::unique_ptr<ArchiveStore> archives);
  ~Control();
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  // From workers, through ControlLink.
  void worker_started(unsigned worker);
  void find_session(unsigned worker, const std::string& secret_hash);
  void wake(ExchangeId exchange, const Uuid& workspace, const Uuid& owner);
  void call_api(ApiRequest request);
  void stream_ended(ExchangeId exchange) { events_.remove(exchange); }

  void drain();

 private:
  Services services();
  EventBus::Outlets event_outlets();
  RouteBoard::Outlets route_outlets();
  Authenticator::Outlets authenticator_outlets();

  void migrate();
  void bootstrap();
  void create_admin(std::string password, bool generated);
  void start_coordination();
  void start_changes();
  void row_written(const Workspace& row);
  void announce(const Workspace& row);
  void check_streams();
  void report_readiness();
  Readiness readiness() const;

  void post(unsigned worker, UniqueFunction<void(WorkerPart&)> task);
  template <class Task>
  void post_to_all(Task task);

  Loop& loop_;
  Host& host_;
  const OrchestratorSettings& settings_;
  Options options_;
  std::unique_ptr<WorkspaceRuntime> runtime_;
  std::unique_ptr<ArchiveStore> archives_;
  LoginGuard login_guard_;
  PasswordPool passwords_;
  EventBus events_;
  std::unique_ptr<PgPool> pool_;
  AccountStore accounts_;
  WorkspaceStore workspaces_;
  ChangeLog change_log_;
  Authenticator authenticator_;
  gate::SessionCache sessions_;
  RouteBoard board_;
  Api api_;
  std::unique_ptr<MigrationRun> migration_;
  std::unique_ptr<ChangeSource> changes_;
  std::unique_ptr<Leader> leader_;
  std::unique_ptr<Coordinator> coordinator_;
  std::string preparing_ = "connecting";  // why the database is not ready for use; empty: it is
  Readiness reported_;
  bool draining_ = false;
  bool destroying_ = false;
  Timer readiness_timer_;
  Timer stream_timer_;
  Timer purge_timer_;
  Timer retry_;
};

}  // namespace hearth::orchestrator
