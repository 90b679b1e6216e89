#include "orchestrator/act/executor.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

struct Fixture : testing::Test {
  Loop loop;
  Executor executor{loop, 2};
  std::vector<Executor::Finish> under_way;
  int done = 0;
  std::vector<Uuid> ids;

  void submit() {
    ids.push_back(Uuid::random());
    executor.submit(
        ids.back(), [this](Executor::Finish finish) { under_way.push_back(std::move(finish)); },
        [this](const Result<void>&) { ++done; });
  }
};

using ExecutorTest = Fixture;

TEST_F(ExecutorTest, RunsNoMoreThanItsLimitAndFillsUpWithoutABarrier) {
  for (int i = 0; i < 4; ++i) submit();
  EXPECT_EQ(executor.running(), 2u);
  EXPECT_EQ(executor.queued(), 2u);
  under_way[1](Result<void>());  // the first is still under way
  EXPECT_EQ(done, 1);
  EXPECT_EQ(executor.running(), 2u);
  EXPECT_FALSE(executor.busy(ids[1]));
  EXPECT_TRUE(executor.busy(ids[0]));
  EXPECT_TRUE(executor.busy(ids[3]));
}

TEST_F(ExecutorTest, TasksThatFinishAtOnceDoNotPileUpOnTheStack) {
  for (int i = 0; i < 1000; ++i) {
    executor.submit(
        Uuid::random(), [](Executor::Finish finish) { finish({}); }, [this](const Result<void>&) { ++done; });
  }
  EXPECT_EQ(done, 1000);
  EXPECT_EQ(executor.running(), 0u);
}

TEST_F(ExecutorTest, AnOpenBreakerHoldsTheQueue) {
  for (int i = 0; i < 5; ++i) {
    submit();
    under_way.back()(fail(ErrorCode::timeout, ErrorSource::runtime, "slow"));
  }
  submit();
  EXPECT_EQ(executor.running(), 0u);
  EXPECT_EQ(executor.queued(), 1u);
  EXPECT_EQ(executor.breaker().state(), Breaker::State::open);
}

TEST_F(ExecutorTest, AfterResetNothingOldIsHeardOf) {
  for (int i = 0; i < 3; ++i) submit();
  executor.reset();
  EXPECT_EQ(executor.running() + executor.queued(), 0u);
  under_way[0](Result<void>());
  EXPECT_EQ(done, 0);
  submit();
  EXPECT_EQ(executor.running(), 1u);
}

}  // namespace
}  // namespace hearth::orchestrator
