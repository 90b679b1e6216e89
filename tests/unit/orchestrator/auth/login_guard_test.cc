#include "orchestrator/auth/login_guard.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

class LoginGuardTest : public testing::Test {
 protected:
  std::optional<Seconds> attempt(std::string_view account = "ann", std::string_view address = "10.0.0.1") {
    return guard_.begin(account, address, now_);
  }
  void fail_times(int times) {
    for (int i = 0; i < times; ++i) ASSERT_EQ(attempt(), std::nullopt) << "attempt " << i;
  }
  LoginGuard guard_;
  SteadyTime now_{Seconds(1000)};
};

TEST_F(LoginGuardTest, TheSixthAttemptAfterFiveFailuresWaitsThirtySeconds) {
  fail_times(5);
  EXPECT_EQ(attempt(), Seconds(30));
  now_ += Seconds(29);
  EXPECT_EQ(attempt(), Seconds(1));
  now_ += Seconds(1);
  EXPECT_EQ(attempt(), std::nullopt);
}

TEST_F(LoginGuardTest, EachFurtherFailureDoublesTheWaitUpToThirtyMinutes) {
  fail_times(5);
  for (const int expected : {30, 60, 120, 240, 480, 960, 1800, 1800}) {
    EXPECT_EQ(attempt(), Seconds(expected));
    now_ += Seconds(expected);
    EXPECT_EQ(attempt(), std::nullopt);
  }
}

TEST_F(LoginGuardTest, CountsPerAccountAndAddressTogether) {
  fail_times(5);
  EXPECT_EQ(attempt("ann", "10.0.0.2"), std::nullopt);
  EXPECT_EQ(attempt("bob", "10.0.0.1"), std::nullopt);
  EXPECT_NE(attempt("ANN", "10.0.0.1"), std::nullopt) << "account names differ in more than case";
}

TEST_F(LoginGuardTest, SuccessForgetsTheFailures) {
  fail_times(4);
  guard_.succeeded("ann", "10.0.0.1");
  fail_times(5);
}

TEST_F(LoginGuardTest, AnAttemptThatWasNotJudgedCountsNeitherWay) {
  fail_times(4);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(attempt(), std::nullopt);
    guard_.abandoned("ann", "10.0.0.1");
  }
  EXPECT_EQ(attempt(), std::nullopt);
  EXPECT_NE(attempt(), std::nullopt);
}

TEST_F(LoginGuardTest, ForgetsAfterAnHour) {
  fail_times(4);
  now_ += LoginGuard::kForget + Seconds(1);
  fail_times(5);
}

TEST_F(LoginGuardTest, IsBoundedAndDropsWhatWasUnusedLongest) {
  LoginGuard small(2);
  for (int i = 0; i < 5; ++i) small.begin("a", "x", now_);
  small.begin("b", "x", now_);
  EXPECT_NE(small.begin("a", "x", now_), std::nullopt);
  small.begin("c", "x", now_);  // b goes
  EXPECT_NE(small.begin("a", "x", now_), std::nullopt);
}

}  // namespace
}  // namespace hearth::orchestrator
