#include "orchestrator/control.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/random.h"
#include "log/log.h"
#include "orchestrator/api/workspace_json.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {

namespace {

constexpr std::size_t kPoolSize = 6;
constexpr Milliseconds kReadinessEvery{250};
constexpr Milliseconds kStreamCheckEvery{15000};
constexpr Milliseconds kPurgeEvery{3600000};
constexpr Milliseconds kBootstrapRetry{1000};

std::string boot_id() { return Uuid::random().text().substr(0, 8); }

}  // namespace

Control::Control(Loop& loop, Host& host, const OrchestratorSettings& settings, Options options,
                 std::unique_ptr<WorkspaceRuntime> runtime, std::unique_ptr<ArchiveStore> archives)
    : loop_(loop),
      host_(host),
      settings_(settings),
      options_(std::move(options)),
      runtime_(std::move(runtime)),
      archives_(std::move(archives)),
      passwords_(loop),
      events_(boot_id(), event_outlets()),
      pool_(std::make_unique<PgPool>(loop, options_.pool, kPoolSize)),
      accounts_(*pool_),
      workspaces_(*pool_, {settings.max_running_per_user, settings.max_running}),
      change_log_(*pool_),
      authenticator_(accounts_, authenticator_outlets()),
      board_(loop, route_outlets()),
      api_(services(), loop),
      readiness_timer_(loop),
      stream_timer_(loop),
      purge_timer_(loop),
      retry_(loop) {
  readiness_timer_.repeat(kReadinessEvery, [this] { report_readiness(); });
  stream_timer_.repeat(kStreamCheckEvery, [this] { check_streams(); });
  report_readiness();
  migrate();
}

Control::~Control() {
  destroying_ = true;
  if (coordinator_) coordinator_->stop();
  coordinator_.reset();
  leader_.reset();
  changes_.reset();
  migration_.reset();
  pool_.reset();  // cancels: its callbacks still find everything else alive
}

Services Control::services() {
  return {accounts_,    workspaces_, authenticator_, passwords_,
          login_guard_, events_,     runtime_.get(), [this](const Workspace& row) { row_written(row); }};
}

EventBus::Outlets Control::event_outlets() {
  return {
      [this](unsigned worker, std::vector<std::uint64_t> streams, Frame frame) {
        post(worker, [streams = std::move(streams), frame = std::move(frame)](WorkerPart& part) {
          part.send_frame(streams, frame);
        });
      },
      [this](ExchangeId stream) { post(stream.worker, [stream](WorkerPart& part) { part.finish_stream(stream); }); }};
}

RouteBoard::Outlets Control::route_outlets() {
  return {[this](const std::vector<Uuid>& ids, RouteBoard::Rows done) { workspaces_.read(ids, std::move(done)); },
          [this](RouteBoard::Rows done) { workspaces_.list_live(std::move(done)); },
          [this](RouteDelta delta) {
            const auto shared = std::make_shared<const RouteDelta>(std::move(delta));
            post_to_all([shared](WorkerPart& part) { part.apply_routes(*shared); });
          },
          [this](const Workspace& row) { announce(row); }};
}

Authenticator::Outlets Control::authenticator_outlets() {
  return {[this](const std::string& secret_hash) {
            sessions_.forget_session(secret_hash);
            post_to_all([secret_hash](WorkerPart& part) { part.session_ended(secret_hash); });
            events_.finish_session(secret_hash);
          },
          [this](const Uuid& user, bool sessions_ended) {
            sessions_.forget_user(user);
            post_to_all([user](WorkerPart& part) { part.user_changed(user); });
            if (sessions_ended) events_.finish_user(user);
          }};
}

void Control::migrate() {
  preparing_ = "waiting for the database";
  migration_ = std::make_unique<MigrationRun>(loop_, options_.migration,
                                              MigrationRun::Events{[this] {
                                                                     preparing_ = "making the first user";
                                                                     bootstrap();
                                                                   },
                                                                   [this](const Error& error) {
                                                                     preparing_ = error.message;
                                                                     if (!error.retryable)
                                                                       log::error("database: {}", error.message);
                                                                   }});
}

void Control::bootstrap() {
  const bool generated = options_.admin_password.empty();
  std::string password = options_.admin_password;
  if (generated) {
    char bytes[15];
    random_bytes(bytes, sizeof bytes);
    password = to_base64url({bytes, sizeof bytes});
  }
  create_admin(std::move(password), generated);
}

void Control::create_admin(std::string password, bool generated) {
  passwords_.hash(password, [this, password, generated](Result<std::string> hash) {
    const auto again = [this, password, generated] {
      retry_.start(kBootstrapRetry, [this, password, generated] { create_admin(password, generated); });
    };
    if (!hash) return again();
    accounts_.create_first_admin(*hash, [this, password, generated, again](Result<bool> made) {
      if (destroying_) return;
      if (!made) {
        preparing_ = made.error().message;
        return again();
      }
      if (*made && generated) {
        fmt::print(stderr,
                   "\nFirst start. Log in with\n\n  user      admin\n  password  {}\n\nIt is not shown again.\n\n",
                   password);
      } else if (*made) {
        log::notice("first start: user \"admin\" has the password of HEARTH_ADMIN_PASSWORD");
      }
      start_coordination();
    });
  });
}

void Control::start_coordination() {
  preparing_.clear();
  options_.admin_password.clear();
  api_.set_ready(true);
  purge_timer_.repeat(kPurgeEvery, [this] {
    accounts_.purge_sessions([](const Result<void>& done) {
      if (!done) log::warn("removing expired sessions: {}", done.error().message);
    });
  });
  if (settings_.coordinator && runtime_ && archives_ && !draining_) {
    leader_ = std::make_unique<Leader>(loop_, options_.direct, settings_.deployment,
                                       Leader::Events{[this](std::int64_t epoch) {
                                                        log::notice("leading deployment \"{}\", epoch {}",
                                                                    settings_.deployment, epoch);
                                                        if (changes_) changes_->lead(true);
                                                        if (coordinator_) coordinator_->elected(epoch);
                                                      },
                                                      [this](std::string_view reason) {
                                                        log::warn("not leading any more: {}", reason);
                                                        if (changes_) changes_->lead(false);
                                                        if (coordinator_) coordinator_->deposed();
                                                      }});
    coordinator_ = std::make_unique<Coordinator>(loop_, settings_, *leader_, *runtime_, *archives_);
    host_.add_metrics([metrics = coordinator_->gc_metrics()] { return metrics->render(); });
  }
  start_changes();
}

void Control::start_changes() {
  std::optional<RedisOptions> redis;
  if (!settings_.redis_url.empty()) {
    redis = *parse_redis_url(settings_.redis_url);  // the directive has checked it
  }
  const auto hint = [this](std::optional<Uuid> id) {
    if (coordinator_) coordinator_->hint(id);
  };
  changes_ = std::make_unique<ChangeSource>(
      loop_, options_.direct, std::move(redis), settings_.deployment,
      ChangeSource::Lookup{
          [this](std::optional<WallTime> since, ChangeLog::Done done) { change_log_.read(since, std::move(done)); },
          [this](const ChangedRow& row) { return board_.knows(row.id, row.updated_at, row.gone); }},
      ChangeSource::Events{[this](const Uuid& id) { board_.changed(id); }, hint,
                           [this, hint] {
                             board_.resync();
                             hint(std::nullopt);
                           }});
  if (leader_ && leader_->is_leader()) changes_->lead(true);
}

void Control::worker_started(unsigned worker) {
  if (board_.loaded()) {
    post(worker, [delta = board_.complete()](WorkerPart& part) { part.apply_routes(delta); });
  }
  post(worker, [state = readiness()](WorkerPart& part) { part.set_readiness(state); });
}

void Control::find_session(unsigned worker, const std::string& secret_hash) {
  authenticator_.find_session(secret_hash, [this, worker, secret_hash](Result<std::optional<Identity>> identity) {
    // A database that restarts stops nobody's work, whichever worker the next request meets.
    if (identity) {
      sessions_.put(secret_hash, *identity, loop_.now());
    } else if (const auto* known = sessions_.last_known(secret_hash, loop_.now(), wall_now())) {
      identity = known->identity;
    }
    post(worker, [secret_hash, identity = std::move(identity)](WorkerPart& part) {
      part.session_found(secret_hash, identity);
    });
  });
}

void Control::wake(ExchangeId exchange, const Uuid& workspace, const Uuid& owner) {
  workspaces_.wake(workspace, owner, [this, exchange](Result<RunOutcome> outcome) {
    if (outcome && outcome->row) row_written(*outcome->row);
    post(exchange.worker,
         [exchange, outcome = std::move(outcome)](WorkerPart& part) { part.wake_decided(exchange, outcome); });
  });
}

void Control::call_api(ApiRequest request) {
  auto call = std::make_shared<ApiCall>();
  const ExchangeId exchange = request.exchange;
  call->request = std::move(request);
  call->respond = [this, exchange](Reply reply) {
    post(exchange.worker,
         [exchange, reply = std::move(reply)](WorkerPart& part) { part.api_answered(exchange, reply); });
  };
  call->open_stream = [this, exchange](std::string first) {
    post(exchange.worker,
         [exchange, first = std::move(first)](WorkerPart& part) { part.open_stream(exchange, first); });
  };
  api_.handle(std::move(call));
}

void Control::row_written(const Workspace& row) {
  if (destroying_) return;
  board_.put(row);
  if (coordinator_) coordinator_->hint(row.id);
  if (changes_) changes_->wrote(row.id);
}

void Control::announce(const Workspace& row) {
  events_.publish(row.owner_user_id, "workspace", dump(workspace_json(row)));
}

void Control::check_streams() {
  for (const Identity& identity : events_.expired(wall_now())) {
    auto known = [this, hash = identity.secret_hash](const Result<std::optional<Identity>>& found) {
      if (!found || destroying_) return;  // asked again next time
      if (*found) {
        events_.renew(**found);
      } else {
        events_.finish_session(hash);
      }
    };
    if (identity.by_token) {
      authenticator_.find_token(identity.secret_hash, std::move(known));
    } else {
      authenticator_.find_session(identity.secret_hash, std::move(known));
    }
  }
}

Readiness Control::readiness() const {
  Readiness state;
  state.reasons["database"] = preparing_.empty() ? pool_->unready_reason().value_or("") : preparing_;
  state.reasons["orchestrator"] = draining_ ? "shutting down" : board_.loaded() ? "" : "reading the workspaces";
  if (changes_) {
    if (std::string away = changes_->degraded_reason(); !away.empty()) state.degraded["event_bus"] = std::move(away);
  }
  if (settings_.coordinator && runtime_) state.reasons["runtime"] = runtime_->unready_reason();
  if (coordinator_ && coordinator_->stats().leading) {  // nobody else asks it
    if (std::string away = archives_->unready_reason(); !away.empty()) state.degraded["archive_store"] = std::move(away);
  }
  return state;
}

void Control::report_readiness() {
  Readiness now = readiness();
  if (now == reported_) return;
  for (const auto& [component, reason] : now.reasons) {
    const auto before = reported_.reasons.find(component);
    if (before != reported_.reasons.end() && before->second == reason) continue;
    host_.set_ready(component, reason);  // which also logs it
  }
  reported_ = now;
  post_to_all([now](WorkerPart& part) { part.set_readiness(now); });
}

void Control::drain() {
  draining_ = true;
  if (coordinator_) coordinator_->stop();
  if (leader_) leader_->resign();
  api_.drain();
  events_.finish_all();
  report_readiness();
}

void Control::post(unsigned worker, UniqueFunction<void(WorkerPart&)> task) {
  host_.post(worker, [task = std::move(task)](WorkerModule& part) mutable { task(static_cast<WorkerPart&>(part)); });
}

template <class Task>
void Control::post_to_all(Task task) {
  for (unsigned worker = 0; worker < host_.worker_count(); ++worker) post(worker, task);
}

}  // namespace hearth::orchestrator
