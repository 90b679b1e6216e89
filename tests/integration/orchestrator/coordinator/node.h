// A node: leader, coordinator, change feed and runtime over a real database; it can die at any of its awaits.
#pragma once

#include "integration/orchestrator/coordinator/fake_runtime.h"
#include "integration/orchestrator/database_fixture.h"
#include "orchestrator/coordinator.h"
#include "orchestrator/leader/leader.h"
#include "orchestrator/notify/change_feed.h"

namespace hearth::orchestrator {

class Node {
 public:
  // Dies at its `die_at`th await; 0 = never.
  Node(Loop& loop, const PgOptions& options, World& world, const OrchestratorSettings& settings, int die_at = 0)
      : die_at_(die_at),
        runtime_(loop, world, [this](const char* where) { return alive(where); }),
        archives_(loop, world, [this](const char* where) { return alive(where); }) {
    Leader::Events events;
    events.elected = [this](std::int64_t epoch) { coordinator_->elected(epoch); };
    events.deposed = [this](std::string_view) { coordinator_->deposed(); };
    leader_ = std::make_unique<Leader>(
        loop, options, settings.deployment, std::move(events),
        LeaderTiming{Milliseconds(20), Milliseconds(5000), Milliseconds(100), Milliseconds(1000), Milliseconds(30000)});
    coordinator_ = std::make_unique<Coordinator>(loop, settings, session(), runtime_, archives_);
    ChangeFeed::Events changes;
    changes.woken = [this](const Uuid& id) { coordinator_->hint(id); };
    changes.resync = [this] { coordinator_->hint(std::nullopt); };
    feed_ = std::make_unique<ChangeFeed>(loop, options, std::move(changes));
  }

  bool dead() const { return dead_; }
  const std::string& died_at() const { return died_at_; }
  Coordinator& coordinator() { return *coordinator_; }
  FakeRuntime& runtime() { return runtime_; }
  Leader& leader() { return *leader_; }

 private:
  bool alive(const std::string& where) {
    if (!dead_ && die_at_ > 0 && ++awaits_ == die_at_) {
      dead_ = true;
      died_at_ = where;
    }
    return !dead_;
  }

  // Each statement may be the last: before it is sent, or before its answer is seen.
  LeaderSession session() {
    return {[this](PgStatement statement, PgCallback done) {
              const std::string where = statement.sql.substr(0, 60);
              if (!alive("before " + where)) return;
              leader_->link().query(std::move(statement),
                                    [this, where, done = std::move(done)](Result<PgResult> result) mutable {
                                      if (alive("after " + where)) done(std::move(result));
                                    });
            },
            [this](UniqueFunction<void(Result<void>)> done) {
              leader_->confirm([this, done = std::move(done)](Result<void> result) mutable {
                if (alive("confirm")) done(std::move(result));
              });
            }};
  }

  int die_at_;
  int awaits_ = 0;
  bool dead_ = false;
  std::string died_at_;
  FakeRuntime runtime_;
  FakeArchives archives_;
  std::unique_ptr<Leader> leader_;
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<ChangeFeed> feed_;
};

class CoordinatorTest : public SchemaTest {
 protected:
  void SetUp() override {
    SchemaTest::SetUp();
    owner = add_user();
    settings.probe_interval = Milliseconds(10);
  }

  Uuid create(const std::string& desired = "RUNNING") {
    return *Uuid::parse(sql("INSERT INTO workspaces (owner_user_id, name, desired_state) VALUES ('" + owner.text() +
                            "', 'w" + std::to_string(++names_) + "', '" + desired + "') RETURNING id"));
  }
  void want(const Uuid& id, const std::string& desired) {
    sql("UPDATE workspaces SET desired_state = '" + desired + "'" +
        (desired == "DELETED" ? ", deleted_at = now()" : "") + " WHERE id = '" + id.text() + "' RETURNING id");
  }
  std::string column(const Uuid& id, const std::string& column) {
    return sql("SELECT " + column + " FROM workspaces WHERE id = '" + id.text() + "'");
  }
  bool reaches(const Uuid& id, const std::string& phase, Milliseconds within = Milliseconds(20000)) {
    const bool reached = run_until(
        [&] { return column(id, "phase || ' ' || operation") == (phase.empty() ? "" : phase + " NONE"); }, within);
    EXPECT_TRUE(reached) << "wanted " << phase << ", is "
                         << column(id, "phase || ' ' || operation || ' ' || error_reason || ' ' || error_message");
    return reached;
  }
  // Asks the database now and then, not with every turn of the loop.
  bool run_until(const std::function<bool()>& condition, Milliseconds within = Milliseconds(20000)) {
    const auto until = SteadyClock::now() + within;
    while (SteadyClock::now() < until) {
      if (condition()) return true;
      hearth::test::run_for(loop_, Milliseconds(10));
    }
    return condition();
  }
  std::unique_ptr<Node> start_node(int die_at = 0) {
    return std::make_unique<Node>(loop_, options(), world, settings, die_at);
  }

  World world;
  OrchestratorSettings settings;
  Uuid owner;

 private:
  int names_ = 0;
};

}  // namespace hearth::orchestrator
