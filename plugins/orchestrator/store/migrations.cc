#include "orchestrator/store/migrations.h"

#include <fmt/format.h>

#include "base/check.h"
#include "runtime/timer.h"

namespace hearth::orchestrator {

namespace {

constexpr std::int64_t kLockKey = 0x6865617274680001;  // "hearth", 1
constexpr Milliseconds kRetry{2000};

constexpr char kHistory[] =
    "CREATE TABLE IF NOT EXISTS schema_migrations ("
    "  version    integer PRIMARY KEY,"
    "  name       text NOT NULL,"
    "  applied_at timestamptz NOT NULL DEFAULT now())";

constexpr char kState[] =
    "SELECT (SELECT coalesce(max(version), 0) FROM schema_migrations) AS version,"
    "       current_setting('server_version_num')::int AS server";

Error refused(std::string why) { return {ErrorCode::conflict, ErrorSource::database, false, 0, std::move(why)}; }

// The whole run as the steps of one interactive transaction: lock → history table → state → (step, record)…
class Sequence {
 public:
  explicit Sequence(std::span<const Migration> steps) : steps_(steps) {}

  // Waits for another node that migrates now; reads after it are newer than its commit.
  static PgStatement lock() { return {"SELECT pg_advisory_xact_lock($1)", {pg(kLockKey)}}; }

  Result<std::optional<PgStatement>> next(const PgResult& previous) {
    switch (at_) {
      case At::lock:
        at_ = At::history;
        return PgStatement{kHistory, {}};
      case At::history:
        at_ = At::state;
        return PgStatement{kState, {}};
      case At::state:
        if (Result<void> ok = check(previous); !ok) return fail(std::move(ok.error()));
        at_ = At::apply;
        break;
      case At::apply:
        at_ = At::record;
        return PgStatement{"INSERT INTO schema_migrations (version, name) VALUES ($1, $2)",
                           {pg(steps_[done_].version), pg(steps_[done_].name)}};
      case At::record:
        ++done_;
        at_ = At::apply;
        break;
    }
    if (done_ == steps_.size()) return std::nullopt;
    return PgStatement{steps_[done_].sql, {}};
  }

 private:
  enum class At { lock, history, state, apply, record };

  Result<void> check(const PgResult& state) {
    const std::int64_t version = state.number(0, state.column("version"));
    const std::int64_t server = state.number(0, state.column("server"));
    if (server < kMinimumServerVersion) {
      return fail(refused(
          fmt::format("PostgreSQL {} or newer is needed, this is {}", kMinimumServerVersion / 10000, server / 10000)));
    }
    if (version > static_cast<std::int64_t>(steps_.size())) {
      return fail(
          refused(fmt::format("the database has schema version {}, this program knows {}: it was written by a "
                              "newer Hearth; run that one",
                              version, steps_.size())));
    }
    done_ = static_cast<std::size_t>(version);
    return {};
  }

  std::span<const Migration> steps_;
  std::size_t done_ = 0;
  At at_ = At::lock;
};

}  // namespace

class MigrationRun::Impl {
 public:
  Impl(Loop& loop, PgOptions options, Events events, std::span<const Migration> steps)
      : loop_(loop), events_(std::move(events)), steps_(steps), retry_(loop) {
    for (std::size_t i = 0; i < steps.size(); ++i) HEARTH_CHECK(steps[i].version == static_cast<int>(i) + 1);
    PgConnection::Events connection_events;
    connection_events.connected = [this] { attempt(); };
    connection_events.lost = [this](const Error& error) { lost(error); };
    connection_ = std::make_unique<PgConnection>(loop, std::move(options), std::move(connection_events));
  }

  Loop& loop() { return loop_; }
  void shutdown() {
    closed_ = true;
    retry_.stop();
    connection_.reset();
  }

 private:
  void attempt() {
    if (finished_) return;
    auto step = [sequence = Sequence(steps_)](const PgResult& previous) mutable { return sequence.next(previous); };
    running_ = true;
    connection_->interactive_transaction(Sequence::lock(), std::move(step),
                                         [this](Result<PgResult> result) { ended(std::move(result)); });
  }

  void ended(const Result<PgResult>& result) {
    running_ = false;
    if (closed_) return;
    if (result) {
      finished_ = true;
      loop_.defer_delete(std::move(connection_));  // it is on the call stack, and has done what it was for
      if (events_.done) events_.done();
      return;
    }
    const bool still_connected = connection_->connected();
    if (still_connected) retry_.start(kRetry, [this] { attempt(); });  // else `connected` starts the next one
    if (events_.failed) events_.failed(result.error());
  }

  void lost(const Error& error) {
    retry_.stop();
    if (finished_ || closed_ || running_) return;  // a lost run is told by ended()
    if (events_.failed) events_.failed(error);
  }

  Loop& loop_;
  Events events_;
  std::span<const Migration> steps_;
  Timer retry_;
  std::unique_ptr<PgConnection> connection_;
  bool running_ = false;
  bool finished_ = false;
  bool closed_ = false;
};

MigrationRun::MigrationRun(Loop& loop, PgOptions options, Events events, std::span<const Migration> steps)
    : impl_(std::make_unique<Impl>(loop, std::move(options), std::move(events), steps)) {}

MigrationRun::~MigrationRun() {
  impl_->shutdown();
  Loop& loop = impl_->loop();
  loop.defer_delete(std::move(impl_));  // it may be on the call stack
}

}  // namespace hearth::orchestrator
