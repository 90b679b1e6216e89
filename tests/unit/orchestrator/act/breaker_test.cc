#include "orchestrator/act/breaker.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

const SteadyTime kStart{std::chrono::hours(1)};
Result<void> transient() { return fail(ErrorCode::unavailable, ErrorSource::runtime, "away"); }
Result<void> permanent() { return fail(ErrorCode::not_found, ErrorSource::runtime, "no such image"); }

void open(Breaker& breaker) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(breaker.allow(kStart));
    breaker.record(transient(), kStart);
  }
  ASSERT_EQ(breaker.state(), Breaker::State::open);
}

TEST(Breaker, OpensAfterFiveTransientFailuresInARow) {
  Breaker breaker;
  for (int i = 0; i < 4; ++i) breaker.record(transient(), kStart);
  breaker.record({}, kStart);
  for (int i = 0; i < 4; ++i) breaker.record(transient(), kStart);
  EXPECT_TRUE(breaker.allow(kStart));
  breaker.record(transient(), kStart);
  EXPECT_FALSE(breaker.allow(kStart));
}

TEST(Breaker, PermanentErrorsNeverCount) {
  Breaker breaker;
  for (int i = 0; i < 50; ++i) breaker.record(permanent(), kStart);
  EXPECT_EQ(breaker.state(), Breaker::State::closed);
}

TEST(Breaker, HalfOpenAfterThirtySecondsWithOneTrialAtATime) {
  Breaker breaker;
  open(breaker);
  EXPECT_FALSE(breaker.allow(kStart + Milliseconds(29999)));
  const SteadyTime later = kStart + Seconds(30);
  EXPECT_TRUE(breaker.allow(later));
  EXPECT_FALSE(breaker.allow(later));
  breaker.record({}, later);
  EXPECT_EQ(breaker.state(), Breaker::State::half_open);
  EXPECT_TRUE(breaker.allow(later));
  breaker.record({}, later);
  EXPECT_EQ(breaker.state(), Breaker::State::closed);
}

TEST(Breaker, AFailedTrialOpensItAgain) {
  Breaker breaker;
  open(breaker);
  const SteadyTime later = kStart + Seconds(30);
  ASSERT_TRUE(breaker.allow(later));
  breaker.record(transient(), later);
  EXPECT_FALSE(breaker.allow(later + Seconds(29)));
  EXPECT_TRUE(breaker.allow(later + Seconds(30)));
}

}  // namespace
}  // namespace hearth::orchestrator
