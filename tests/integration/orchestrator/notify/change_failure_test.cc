// What may go wrong between the processes (reliability CO-10, CO-11): it slows things down, and stops nothing.
#include "integration/orchestrator/notify/changes_fixture.h"

namespace hearth::orchestrator {
namespace {

class ChangeFailureTest : public ChangesTest {
 protected:
  void two(ChangeSource::Timing timing = quick()) {
    a_ = process(timing);
    b_ = process(timing);
    ASSERT_TRUE(leads(*a_));
    ASSERT_TRUE(relies_on_redis(*b_));
  }
  bool both_listen() {
    return until([&] { return a_->source().listening() && b_->source().listening(); });
  }
  bool hear(const std::string& memo) {
    write(memo);
    return sees(*a_, memo) && sees(*b_, memo);
  }
  std::string publish(const std::string& channel, const std::string& payload) {
    return redis_.command({"PUBLISH", "hearth:test:" + channel, payload});
  }

  std::unique_ptr<Process> a_;
  std::unique_ptr<Process> b_;
};

TEST_F(ChangeFailureTest, RedisKilledAndStartedAgain) {
  two();
  redis_.stop();
  for (Process* one : {a_.get(), b_.get()}) {
    ASSERT_TRUE(until([&] { return one->source().degraded_reason().starts_with("Redis at unix:/"); }));
  }
  ASSERT_TRUE(both_listen());
  EXPECT_TRUE(hear("without")) << "each listens for itself";
  redis_.start();
  ASSERT_TRUE(relies_on_redis(*b_));
  EXPECT_TRUE(until([&] { return a_->source().degraded_reason().empty(); }));
  EXPECT_TRUE(one_listener());
  EXPECT_TRUE(hear("with"));
}

TEST_F(ChangeFailureTest, ARestartTooShortToNoticeLosesNothing) {
  two();
  for (int round = 0; round < 5; ++round) {
    redis_.stop();
    write("round " + std::to_string(round));
    redis_.start();
    EXPECT_TRUE(sees(*b_, "round " + std::to_string(round)));
  }
  EXPECT_TRUE(relies_on_redis(*b_));
}

TEST_F(ChangeFailureTest, RedisDownAtTheStart) {
  redis_.stop();
  a_ = process();
  b_ = process();
  a_->source().lead(true);
  ASSERT_TRUE(both_listen());
  EXPECT_TRUE(hear("x"));
  redis_.start();
  EXPECT_TRUE(relies_on_redis(*b_));
  EXPECT_TRUE(hear("y"));
}

TEST_F(ChangeFailureTest, RedisHangs) {
  two();
  redis_.suspend();
  write("while it hangs");
  EXPECT_TRUE(sees(*a_, "while it hangs"));
  EXPECT_TRUE(sees(*b_, "while it hangs"));
  EXPECT_TRUE(b_->source().listening());
  redis_.resume();
  ASSERT_TRUE(relies_on_redis(*b_));
  EXPECT_TRUE(hear("after"));
}

TEST_F(ChangeFailureTest, FlushallIsHarmless) {
  two();
  const int resyncs = b_->resyncs;
  EXPECT_EQ(redis_.command({"FLUSHALL"}), "OK");
  EXPECT_TRUE(hear("x"));
  EXPECT_EQ(b_->resyncs, resyncs);
}

TEST_F(ChangeFailureTest, TheLeadersListenConnectionIsCut) {
  two();
  for (int round = 0; round < 3; ++round) {
    cut_listeners();
    write("round " + std::to_string(round));
    EXPECT_TRUE(sees(*b_, "round " + std::to_string(round))) << "the leader reads everything, and says so";
    EXPECT_TRUE(sees(*a_, "round " + std::to_string(round)));
  }
  EXPECT_TRUE(relies_on_redis(*b_));
}

TEST_F(ChangeFailureTest, TheDatabaseRestarts) {
  two();
  server().stop();
  ASSERT_TRUE(until([&] { return !a_->source().listening(); }));
  server().start();
  ASSERT_TRUE(until([&] { return a_->source().listening(); }));
  EXPECT_TRUE(hear("x"));
  EXPECT_TRUE(relies_on_redis(*b_));
}

TEST_F(ChangeFailureTest, NoticesThatNobodySentAreFoundByLooking) {
  sql("DROP TRIGGER workspaces_notify ON workspaces");
  a_ = process(looking());
  b_ = process(looking());
  ASSERT_TRUE(leads(*a_));
  ASSERT_TRUE(relies_on_redis(*b_));
  const int resyncs = a_->resyncs + b_->resyncs;
  EXPECT_TRUE(hear("silent"));
  EXPECT_TRUE(until([&] { return a_->woken.contains(id_); })) << "it may have been a wake";
  const Uuid fresh = add_workspace(owner_, "fresh");
  EXPECT_TRUE(until([&] { return a_->has(fresh) && b_->has(fresh); }));
  sql("UPDATE workspaces SET desired_state = 'DELETED', deleted_at = now() WHERE name = 'fresh'");
  EXPECT_TRUE(until([&] { return !a_->has(fresh) && !b_->has(fresh); }));
  sql("DELETE FROM workspaces");
  EXPECT_TRUE(until([&] { return !a_->has(id_) && !b_->has(id_); })) << "purged rows as well";
  EXPECT_EQ(a_->resyncs + b_->resyncs, resyncs) << "by looking, not by reading everything";
}

TEST_F(ChangeFailureTest, AChangeCommittedLongAfterItsStampIsFound) {
  sql("DROP TRIGGER workspaces_notify ON workspaces");
  a_ = process(looking());
  PgConnection slow(loop_, options(), {});
  ASSERT_TRUE(run(slow, "BEGIN"));
  ASSERT_TRUE(run(slow, "UPDATE workspaces SET memo = 'late'"));
  test::run_for(loop_, Milliseconds(500));  // several looks
  EXPECT_EQ(a_->memo(id_), "");
  ASSERT_TRUE(run(slow, "COMMIT"));
  EXPECT_TRUE(sees(*a_, "late"));
}

TEST_F(ChangeFailureTest, AFloodIsBoundedAndGathered) {
  two();
  sql("INSERT INTO workspaces (owner_user_id, name) SELECT '" + owner_.text() +
      "', 'w' || n FROM generate_series(1, 200) n");
  const std::string last = sql("SELECT id FROM workspaces WHERE name = 'w200'");
  ASSERT_TRUE(until([&] { return b_->has(*Uuid::parse(last)); }));
  a_->wakes = b_->wakes = a_->reads = b_->reads = 0;
  sql("DO $$ BEGIN FOR i IN 1..50 LOOP UPDATE workspaces SET memo = i::text, desired_state ="
      " CASE WHEN desired_state = 'RUNNING' THEN 'STANDBY' ELSE 'RUNNING' END; END LOOP; END $$");  // 10 050 times two
  EXPECT_TRUE(sees(*a_, "50"));
  EXPECT_TRUE(sees(*b_, "50"));
  EXPECT_TRUE(until([&] { return b_->memo(*Uuid::parse(last)) == "50"; }));
  test::run_for(loop_, Milliseconds(300));
  EXPECT_LT(b_->reads, 2000);
  EXPECT_LT(a_->wakes, 5000);
  EXPECT_LT(b_->wakes, 5000);
  // Foreign ids, as many as there are.
  sql("SELECT count(pg_notify('ws_changed', json_build_object('id', gen_random_uuid(), 'owner_user_id',"
      " gen_random_uuid())::text)), count(pg_notify('ws_wake', gen_random_uuid()::text)) FROM generate_series(1, "
      "10000)");
  EXPECT_TRUE(hear("behind the flood"));
}

TEST_F(ChangeFailureTest, GarbageIsIgnored) {
  two();
  const std::string node = Uuid::random().text();
  const std::string good = R"({"node":")" + node + R"(","changed":[)";
  const int resyncs = b_->resyncs;
  for (const std::string& payload :
       {std::string(), std::string("x"), std::string("[]"), std::string("{}"), std::string(R"({"node":7})"), good,
        good + "]}", good + R"(7,null,{},{"id":7,"owner":[]}]})", good.substr(0, good.size() - 1) + "7}",
        R"({"node":")" + node + R"(","woken":["nobody",7]})", R"({"node":")" + node + R"(","resync":"yes"})",
        std::string("\xff\xfe\0\x01", 4), std::string(100000, '['), std::string(2000000, 'x')}) {
    EXPECT_EQ(publish("changed", payload), "2");
    EXPECT_EQ(publish("wake", payload), "2");
    EXPECT_EQ(publish("beat", payload), "2");
  }
  EXPECT_TRUE(hear("x"));
  EXPECT_EQ(b_->resyncs, resyncs);
  // Somebody else's ids are read once, and are nobody's.
  const std::string stranger = Uuid::random().text();
  publish("changed", good + R"({"id":")" + stranger + R"(","owner":")" + stranger + R"("}]})");
  EXPECT_TRUE(hear("y"));
  EXPECT_FALSE(b_->has(*Uuid::parse(stranger)));
}

}  // namespace
}  // namespace hearth::orchestrator
