#include "orchestrator/leader/leader.h"

#include <thread>

#include "integration/orchestrator/database_fixture.h"

namespace hearth::orchestrator {
namespace {

using test::run_until;

constexpr LeaderTiming kFast{Milliseconds(50), Milliseconds(200), Milliseconds(20), Milliseconds(50),
                             Milliseconds(30000)};

// A node: a Leader and what it was told.
struct Node {
  Node(Loop& loop, const PgOptions& options, const std::string& deployment = "main", LeaderTiming timing = kFast) {
    Leader::Events events;
    events.elected = [this](std::int64_t epoch) {
      ++elections;
      EXPECT_TRUE(leader->is_leader());
      EXPECT_EQ(leader->epoch(), epoch);
    };
    events.deposed = [this](std::string_view why) {
      reasons.emplace_back(why);
      EXPECT_FALSE(leader->is_leader());
      EXPECT_EQ(leader->epoch(), 0);
    };
    leader = std::make_unique<Leader>(loop, options, deployment, std::move(events), timing);
  }
  int elections = 0;
  std::vector<std::string> reasons;
  std::unique_ptr<Leader> leader;
};

class LeaderTest : public SchemaTest {
 protected:
  bool elected(Node& node) {
    return run_until(loop_, [&] { return node.leader->is_leader(); });
  }
  Result<void> confirm(Node& node) {
    std::optional<Result<void>> answer;
    node.leader->confirm([&](Result<void> result) { answer = std::move(result); });
    EXPECT_TRUE(run_until(loop_, [&] { return answer.has_value(); }));
    return answer.value_or(Result<void>{});
  }
  std::string sessions_holding_the_lock() {
    return sql(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
  void kill_the_leaders_session() {
    sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  }
};

TEST_F(LeaderTest, OneOfManyLeadsAndTheNextFollowsWithAHigherEpoch) {
  Node first(loop_, options());
  ASSERT_TRUE(elected(first));
  Node second(loop_, options());
  test::run_for(loop_, Milliseconds(300));
  EXPECT_FALSE(second.leader->is_leader());
  const std::int64_t epoch = first.leader->epoch();
  first.leader->resign();
  EXPECT_FALSE(first.leader->is_leader());
  EXPECT_EQ(first.reasons, std::vector<std::string>{"resigned"});
  ASSERT_TRUE(elected(second));
  EXPECT_EQ(second.leader->epoch(), epoch + 1);
  test::run_for(loop_, Milliseconds(200));
  EXPECT_EQ(first.elections, 1) << "who resigned does not try again";
}

TEST_F(LeaderTest, DeploymentsDoNotDisturbEachOther) {
  Node one(loop_, options(), "one");
  Node two(loop_, options(), "two");
  EXPECT_TRUE(elected(one));
  EXPECT_TRUE(elected(two));
  EXPECT_EQ(one.leader->epoch(), 1);
  EXPECT_EQ(two.leader->epoch(), 1);
}

TEST_F(LeaderTest, LosingTheConnectionIsLosingLeadership) {
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  const std::int64_t epoch = node.leader->epoch();
  std::optional<bool> leading_when_lost;
  node.leader->link().query({"SELECT pg_sleep(30)", {}}, [&](Result<PgResult> result) {
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
    leading_when_lost = node.leader->is_leader();
  });
  test::run_for(loop_, Milliseconds(50));
  kill_the_leaders_session();
  ASSERT_TRUE(run_until(loop_, [&] { return leading_when_lost.has_value(); }));
  EXPECT_EQ(leading_when_lost, false);
  EXPECT_EQ(node.reasons.size(), 1u);
  ASSERT_TRUE(elected(node));
  EXPECT_EQ(node.leader->epoch(), epoch + 1);
}

TEST_F(LeaderTest, SurvivesARestartOfTheDatabase) {
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  server().stop();
  ASSERT_TRUE(run_until(loop_, [&] { return node.reasons.size() == 1; }));
  EXPECT_NE(node.leader->unready_reason(), "");
  server().start();
  ASSERT_TRUE(elected(node));
  EXPECT_EQ(node.leader->unready_reason(), "");
  EXPECT_EQ(node.leader->epoch(), 2);
}

TEST_F(LeaderTest, AStalledLoopStepsDown) {
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the loop does not run
  EXPECT_FALSE(node.leader->is_leader()) << "at once, before any timer";
  ASSERT_TRUE(run_until(loop_, [&] { return node.reasons.size() == 1; }));
  EXPECT_NE(node.reasons[0].find("stood still"), std::string::npos) << node.reasons[0];
  ASSERT_TRUE(elected(node));
  EXPECT_EQ(node.leader->epoch(), 2);
}

TEST_F(LeaderTest, ANewerEpochDeposes) {
  LeaderTiming no_heartbeat = kFast;
  no_heartbeat.heartbeat = Milliseconds(60000);
  Node node(loop_, options(), "main", no_heartbeat);
  ASSERT_TRUE(elected(node));
  EXPECT_TRUE(confirm(node));
  sql("UPDATE coordinator_epoch SET epoch = epoch + 1");
  const auto confirmed = confirm(node);
  ASSERT_FALSE(confirmed);
  EXPECT_EQ(confirmed.error().code, ErrorCode::stale);
  EXPECT_EQ(node.reasons.size(), 1u);
}

TEST_F(LeaderTest, TheHeartbeatNoticesANewerEpoch) {
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  sql("UPDATE coordinator_epoch SET epoch = epoch + 1");
  EXPECT_TRUE(run_until(loop_, [&] { return node.reasons.size() == 1; }));
}

TEST_F(LeaderTest, TheServerEndsASilentLeadersSession) {
  LeaderTiming silent = kFast;
  silent.heartbeat = Milliseconds(60000);
  silent.silence_limit = Milliseconds(100);
  Node node(loop_, options(), "main", silent);
  ASSERT_TRUE(elected(node));
  EXPECT_TRUE(run_until(
      loop_, [&] { return sessions_holding_the_lock() == "0"; }, Milliseconds(5000)));
}

TEST_F(LeaderTest, WithoutTheSchemaNobodyLeadsAndTheLockIsFree) {
  sql("DROP TABLE coordinator_epoch");
  Node node(loop_, options());
  test::run_for(loop_, Milliseconds(300));
  EXPECT_EQ(node.elections, 0);
  sql("CREATE TABLE coordinator_epoch (deployment text PRIMARY KEY, epoch bigint, elected_at timestamptz, holder "
      "text)");
  EXPECT_TRUE(elected(node));
}

TEST_F(LeaderTest, DestroyingGivesTheLockBackSilently) {
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  node.leader.reset();
  EXPECT_TRUE(node.reasons.empty());
  EXPECT_TRUE(run_until(loop_, [&] { return sessions_holding_the_lock() == "0"; }));
}

class EpochFence : public LeaderTest {
 protected:
  Result<PgResult> write(LeaderLink& connection, std::int64_t epoch, const std::string& memo) {
    return run(connection, "UPDATE workspaces SET memo = $3 WHERE " + epoch_fence(1, 2),
               {pg("main"), pg(epoch), pg(memo)});
  }
};

TEST_F(EpochFence, AStaleEpochWritesNothing) {
  add_workspace(add_user());
  Node node(loop_, options());
  ASSERT_TRUE(elected(node));
  LeaderLink& connection = node.leader->link();
  EXPECT_EQ(write(connection, node.leader->epoch(), "good")->affected(), 1u);
  EXPECT_EQ(write(connection, node.leader->epoch() - 1, "old")->affected(), 0u);
  EXPECT_EQ(write(connection, node.leader->epoch() + 1, "future")->affected(), 0u);
  EXPECT_EQ(sql("SELECT memo FROM workspaces"), "good");
}

// A new leader's epoch waits for the old one's write under way; a write that comes during the change waits, and fails.
TEST_F(EpochFence, HoldsUnderConcurrency) {
  add_workspace(add_user());
  sql("INSERT INTO coordinator_epoch (deployment, epoch) VALUES ('main', 1)");
  PgConnection old_leader(loop_, options(), {});
  PgConnection new_leader(loop_, options(), {});
  ASSERT_TRUE(wait_connected(old_leader) && wait_connected(new_leader));
  std::vector<std::string> order;
  std::size_t affected = 9;
  bool holds = false;
  // Its first statement has run, so it holds the row; then it takes its time.
  const auto slowly = [&holds](const PgResult&) -> Result<std::optional<PgStatement>> {
    if (std::exchange(holds, true)) return std::nullopt;
    return PgStatement{"SELECT pg_sleep(1)", {}};
  };
  new_leader.interactive_transaction({"UPDATE coordinator_epoch SET epoch = 2", {}}, slowly,
                                     [&](Result<PgResult> result) {
                                       EXPECT_TRUE(result);
                                       order.emplace_back("raised");
                                     });
  ASSERT_TRUE(run_until(loop_, [&] { return holds; }));
  old_leader.query({"UPDATE workspaces SET memo = 'late' WHERE " + epoch_fence(1, 2), {pg("main"), pg(1)}},
                   [&](Result<PgResult> result) {
                     affected = result ? result->affected() : 8;
                     order.emplace_back("written");
                   });
  ASSERT_TRUE(run_until(loop_, [&] { return order.size() == 2; }));
  EXPECT_EQ(affected, 0u);

  order.clear();
  holds = false;
  old_leader.interactive_transaction(
      {"UPDATE workspaces SET memo = 'first' WHERE " + epoch_fence(1, 2), {pg("main"), pg(2)}}, slowly,
      [&](Result<PgResult>) { order.emplace_back("written"); });
  ASSERT_TRUE(run_until(loop_, [&] { return holds; }));
  // Both answers may arrive in one turn of the loop; that the second waited shows in how long it took.
  const SteadyTime asked = SteadyClock::now();
  SteadyTime raised;
  new_leader.query({"UPDATE coordinator_epoch SET epoch = 3", {}}, [&](Result<PgResult>) {
    raised = SteadyClock::now();
    order.emplace_back("raised");
  });
  ASSERT_TRUE(run_until(loop_, [&] { return order.size() == 2; }));
  EXPECT_GE(raised - asked, Milliseconds(300));
}

}  // namespace
}  // namespace hearth::orchestrator
