#include "orchestrator/decide/backoff.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

TEST(Backoff, DoublesFromOneSecondToOneMinute) {
  const int expected[] = {1, 2, 4, 8, 16, 32, 60, 60};
  for (int n = 1; n <= 8; ++n) EXPECT_EQ(backoff(n, 0), Seconds(expected[n - 1])) << n;
  EXPECT_EQ(backoff(1000000, 0), Seconds(60));
  EXPECT_EQ(backoff(0, 0), Seconds(1));
}

TEST(Backoff, JitterTakesAtMostAQuarterOffAndNeverLeavesTheBounds) {
  for (int n = 1; n <= 12; ++n) {
    for (const double jitter : {0.0, 0.3, 0.999}) {
      const Milliseconds delay = backoff(n, jitter);
      EXPECT_GE(delay, std::max(Milliseconds(1000), backoff(n, 0) * 3 / 4));
      EXPECT_LE(delay, backoff(n, 0));
    }
  }
  EXPECT_LT(backoff(5, 0.9), backoff(5, 0.1));
}

TEST(CrashWindow, CountsOnlyTheLastTenMinutes) {
  const WallTime start{std::chrono::microseconds(0)};
  CrashWindow crashes;
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(crashes.add(start + Seconds(100 * i)), i);
  EXPECT_EQ(crashes.count(start + Seconds(700)), 4);  // exactly ten minutes after the first
  EXPECT_EQ(crashes.count(start + Seconds(701)), 3);
  EXPECT_EQ(crashes.add(start + Seconds(2000)), 1);
}

}  // namespace
}  // namespace hearth::orchestrator
