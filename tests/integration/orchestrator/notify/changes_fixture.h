// Several "processes" on one loop, over a real PostgreSQL and a real Redis: each has a change source and a route board.
#pragma once

#include <map>
#include <set>

#include "integration/orchestrator/database_fixture.h"
#include "orchestrator/notify/change_source.h"
#include "orchestrator/notify/route_board.h"
#include "orchestrator/store/change_log.h"
#include "orchestrator/store/workspace_store.h"
#include "support/redis.h"

namespace hearth::orchestrator {

class Process {
 public:
  Process(Loop& loop, const PgOptions& database, const PgOptions& listen, const std::optional<std::string>& redis,
          ChangeSource::Timing timing)
      : pool_(loop, database, 2),
        store_(pool_, {}),
        log_(pool_),
        board_(loop, outlets()),
        source_(loop, listen, options(redis), "test", lookup(), events(), timing) {}

  ChangeSource& source() { return source_; }
  // The memo of a workspace as this process sees it.
  std::string memo(const Uuid& id) const {
    const auto seen = memos_.find(id);
    return seen == memos_.end() ? "(none)" : seen->second;
  }
  bool has(const Uuid& id) const { return memos_.contains(id); }
  bool loaded() const { return board_.loaded(); }

  std::set<Uuid> woken;
  int wakes = 0;
  int resyncs = 0;
  int changes = 0;
  int reads = 0;

 private:
  static std::optional<RedisOptions> options(const std::optional<std::string>& url) {
    if (!url) return std::nullopt;
    RedisOptions options = *parse_redis_url(*url);
    options.command_timeout = Milliseconds(300);
    options.ping_interval = Milliseconds(100);
    return options;
  }
  RouteBoard::Outlets outlets() {
    return {[this](const std::vector<Uuid>& ids, RouteBoard::Rows done) {
              ++reads;
              store_.read(ids, [this, done = std::move(done)](Result<std::vector<Workspace>> rows) mutable {
                done(keep(std::move(rows)));
              });
            },
            [this](RouteBoard::Rows done) {
              ++reads;
              store_.list_live([this, done = std::move(done)](Result<std::vector<Workspace>> rows) mutable {
                done(keep(std::move(rows)));
              });
            },
            [this](const RouteDelta& delta) {
              for (const Uuid& id : delta.removals) memos_.erase(id);
              if (!delta.complete) return;
              std::set<Uuid> live;
              for (const Route& route : delta.upserts) live.insert(route.workspace);
              std::erase_if(memos_, [&](const auto& seen) { return !live.contains(seen.first); });
            },
            [](const Workspace&) {}};
  }
  Result<std::vector<Workspace>> keep(Result<std::vector<Workspace>> rows) {
    if (rows) {
      for (const Workspace& row : *rows) {
        if (!row.deleted_at) memos_[row.id] = row.memo;
      }
    }
    return rows;
  }
  ChangeSource::Lookup lookup() {
    return {[this](std::optional<WallTime> since, ChangeLog::Done done) { log_.read(since, std::move(done)); },
            [this](const ChangedRow& row) { return board_.knows(row.id, row.updated_at, row.gone); }};
  }
  ChangeSource::Events events() {
    return {[this](const Uuid& id) {
              ++changes;
              board_.changed(id);
            },
            [this](std::optional<Uuid> id) {
              ++wakes;
              if (id) woken.insert(*id);
            },
            [this] {
              ++resyncs;
              board_.resync();
            }};
  }

  PgPool pool_;
  WorkspaceStore store_;
  ChangeLog log_;
  RouteBoard board_;
  std::map<Uuid, std::string> memos_;
  ChangeSource source_;
};

class ChangesTest : public SchemaTest {
 protected:
  void SetUp() override {
    SchemaTest::SetUp();
    owner_ = add_user();
    id_ = add_workspace(owner_);
  }
  static ChangeSource::Timing quick() {
    ChangeSource::Timing timing;
    timing.beat = Milliseconds(100);
    timing.patience = Milliseconds(400);
    timing.look = Milliseconds(60000);  // so that it is not the look that finds what a notice should tell
    timing.look_degraded = Milliseconds(60000);
    return timing;
  }
  static ChangeSource::Timing looking() {
    ChangeSource::Timing timing = quick();
    timing.look_degraded = timing.look = Milliseconds(100);
    return timing;
  }
  std::unique_ptr<Process> process(ChangeSource::Timing timing = quick()) {
    auto made = std::make_unique<Process>(loop_, options(), options(), redis_.url(), timing);
    EXPECT_TRUE(until([&] { return made->loaded(); }));
    return made;
  }
  bool until(UniqueFunction<bool()> condition) {
    return test::run_until(loop_, std::move(condition), Milliseconds(10000));
  }
  // The leader publishes, and this one relies on it.
  bool relies_on_redis(Process& process) {
    return until([&] { return !process.source().listening() && process.source().degraded_reason().empty(); });
  }
  bool leads(Process& process) {
    process.source().lead(true);
    return until([&] { return process.source().listening() && process.source().degraded_reason().empty(); });
  }
  void write(const std::string& memo) {
    sql("UPDATE workspaces SET memo = '" + memo + "' WHERE id = '" + id_.text() + "'");
  }
  bool sees(Process& process, const std::string& memo) {
    return until([&] { return process.memo(id_) == memo; });
  }
  // The server forgets a session a moment after its connection was closed.
  bool one_listener() {
    return until([this] {
      return sql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'") ==
             "1";
    });
  }
  void cut_listeners() {
    sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'LISTEN%'");
  }

  test::RedisServer redis_;
  Uuid owner_;
  Uuid id_;
};

}  // namespace hearth::orchestrator
