#include "orchestrator/gate/session_cache.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator::gate {
namespace {

// "a" is a session that ends in an hour, "b" is none.
struct SessionCacheOfTwo : ::testing::Test {
  SessionCacheOfTwo() {
    Identity identity;
    identity.expires_at = wall + Seconds(3600);
    cache.put("a", identity, now);
    cache.put("b", std::nullopt, now);
  }
  SessionCache cache;
  const SteadyTime now{Seconds(100)};
  const WallTime wall = wall_now();
};

TEST_F(SessionCacheOfTwo, KeepsASessionForAMinuteAndNothingForLess) {
  EXPECT_NE(cache.find("a", now + Seconds(59), wall), nullptr);
  EXPECT_EQ(cache.find("a", now + Seconds(60), wall), nullptr);
  EXPECT_EQ(cache.find("a", now, wall + Seconds(3600)), nullptr) << "the session's own end counts";
  EXPECT_NE(cache.find("b", now + Seconds(4), wall), nullptr);
  EXPECT_EQ(cache.find("b", now + Seconds(5), wall), nullptr);
}

TEST_F(SessionCacheOfTwo, WhileNobodyCanBeAskedTheLastAnswerStandsForALittleWhile) {
  EXPECT_NE(cache.last_known("a", now + Seconds(61), wall), nullptr);
  EXPECT_EQ(cache.last_known("a", now + Seconds(360), wall), nullptr);
  EXPECT_EQ(cache.last_known("a", now, wall + Seconds(3600)), nullptr) << "the session's own end counts";
  EXPECT_EQ(cache.last_known("b", now, wall), nullptr) << "no session is no answer to rely on";
  cache.forget_session("a");
  EXPECT_EQ(cache.last_known("a", now, wall), nullptr) << "a logout counts";
}

TEST(SessionCache, ForgetsASessionAndAUserAtOnce) {
  SessionCache cache;
  const SteadyTime now{Seconds(100)};
  Identity identity;
  identity.user = Uuid::random();
  identity.expires_at = WallTime::max();
  for (const char* hash : {"a", "b", "c"}) cache.put(hash, identity, now);
  cache.forget_session("a");
  EXPECT_EQ(cache.find("a", now, wall_now()), nullptr);
  EXPECT_NE(cache.find("b", now, wall_now()), nullptr);
  cache.forget_user(identity.user);
  EXPECT_EQ(cache.find("b", now, wall_now()), nullptr);
  EXPECT_EQ(cache.find("c", now, wall_now()), nullptr);
}

}  // namespace
}  // namespace hearth::orchestrator::gate
