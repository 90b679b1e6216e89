#include "orchestrator/notify/change_source.h"

#include <algorithm>

#include "integration/orchestrator/notify/changes_fixture.h"

namespace hearth::orchestrator {
namespace {

using ChangeSourceTest = ChangesTest;

TEST_F(ChangeSourceTest, OnlyTheLeaderListensAndAllHear) {
  const auto a = process();
  const auto b = process();
  const auto c = process();
  ASSERT_TRUE(leads(*a));
  ASSERT_TRUE(relies_on_redis(*b));
  ASSERT_TRUE(relies_on_redis(*c));
  EXPECT_TRUE(one_listener());
  const int resyncs = b->resyncs + c->resyncs;
  sql("UPDATE workspaces SET desired_state = 'STANDBY', memo = 'x'");
  EXPECT_TRUE(sees(*a, "x"));
  EXPECT_TRUE(sees(*b, "x"));
  EXPECT_TRUE(sees(*c, "x"));
  EXPECT_TRUE(until([&] { return b->woken.contains(id_); })) << "hints travel as well";
  sql("DELETE FROM workspaces");
  EXPECT_TRUE(until([&] { return !a->has(id_) && !b->has(id_) && !c->has(id_); }));
  EXPECT_EQ(b->resyncs + c->resyncs, resyncs);
}

TEST_F(ChangeSourceTest, AChangeArrivesWithinAHundredMilliseconds) {
  const auto a = process();
  const auto b = process();
  ASSERT_TRUE(leads(*a));
  ASSERT_TRUE(relies_on_redis(*b));
  std::vector<Milliseconds> waits;
  for (int round = 0; round < 20; ++round) {
    const std::string memo = "round " + std::to_string(round);
    write(memo);
    const SteadyTime written = SteadyClock::now();
    ASSERT_TRUE(sees(*b, memo));
    waits.push_back(std::chrono::duration_cast<Milliseconds>(SteadyClock::now() - written));
  }
  std::sort(waits.begin(), waits.end());
  EXPECT_LT(waits[waits.size() / 2].count(), 100);
}

TEST_F(ChangeSourceTest, WithoutALeaderEveryoneListens) {
  const auto a = process();
  const auto b = process();
  ASSERT_TRUE(until([&] { return a->source().listening() && b->source().listening(); }));
  write("x");
  EXPECT_TRUE(sees(*a, "x"));
  EXPECT_TRUE(sees(*b, "x"));
  EXPECT_TRUE(until([&] { return a->source().degraded_reason() == "no leader publishes changes to Redis"; }));
}

TEST_F(ChangeSourceTest, ANewLeaderTakesOver) {
  auto a = process();
  const auto b = process();
  const auto c = process();
  ASSERT_TRUE(leads(*a));
  ASSERT_TRUE(relies_on_redis(*b));
  ASSERT_TRUE(relies_on_redis(*c));
  a.reset();  // killed
  write("between");
  ASSERT_TRUE(leads(*b));
  EXPECT_TRUE(sees(*b, "between"));
  EXPECT_TRUE(sees(*c, "between")) << "what nobody published is read after the change of leader";
  ASSERT_TRUE(relies_on_redis(*c));
  EXPECT_TRUE(one_listener());
  write("after");
  EXPECT_TRUE(sees(*c, "after"));
}

TEST_F(ChangeSourceTest, ADeposedLeaderHearsTheNextOne) {
  const auto a = process();
  const auto b = process();
  ASSERT_TRUE(leads(*a));
  ASSERT_TRUE(relies_on_redis(*b));
  a->source().lead(false);
  ASSERT_TRUE(leads(*b));
  ASSERT_TRUE(relies_on_redis(*a));
  write("x");
  EXPECT_TRUE(sees(*a, "x"));
  EXPECT_TRUE(sees(*b, "x"));
}

TEST_F(ChangeSourceTest, TwoWhoThinkTheyLeadDoNoHarm) {
  const auto a = process();
  const auto b = process();
  const auto c = process();
  ASSERT_TRUE(leads(*a));
  ASSERT_TRUE(leads(*b));
  ASSERT_TRUE(relies_on_redis(*c));
  write("x");
  EXPECT_TRUE(sees(*a, "x"));
  EXPECT_TRUE(sees(*b, "x"));
  EXPECT_TRUE(sees(*c, "x"));
}

TEST_F(ChangeSourceTest, ALeaderThatCannotListenIsToldByWhoWrites) {
  PgOptions nowhere = options();
  nowhere.conninfo = "host=/nonexistent user=x dbname=y";
  Process a(loop_, options(), nowhere, redis_.url(), quick());
  const auto b = process();
  ASSERT_TRUE(until([&] { return a.loaded(); })) << "reading needs no LISTEN";
  a.source().lead(true);
  ASSERT_TRUE(until([&] { return a.source().degraded_reason().starts_with("LISTEN: "); }));
  ASSERT_TRUE(until([&] { return b->source().listening(); })) << "nobody else does it for this one";
  b->source().wrote(id_);
  EXPECT_TRUE(until([&] { return a.woken.contains(id_); }));
}

TEST_F(ChangeSourceTest, LocalListensItself) {
  Process alone(loop_, options(), options(), std::nullopt, quick());
  ASSERT_TRUE(until([&] { return alone.loaded() && alone.source().listening(); }));
  write("x");
  EXPECT_TRUE(sees(alone, "x"));
  EXPECT_EQ(alone.source().degraded_reason(), "");
  const int resyncs = alone.resyncs;
  server().stop();
  ASSERT_TRUE(until([&] { return !alone.source().listening(); }));
  EXPECT_EQ(alone.source().degraded_reason().substr(0, 8), "LISTEN: ");
  server().start();
  EXPECT_TRUE(until([&] { return alone.resyncs > resyncs; }));
  EXPECT_TRUE(until([&] { return alone.source().degraded_reason().empty(); }));
  write("y");
  EXPECT_TRUE(sees(alone, "y"));
}

}  // namespace
}  // namespace hearth::orchestrator
