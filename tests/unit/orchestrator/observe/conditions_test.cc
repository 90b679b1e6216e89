#include "orchestrator/observe/conditions.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

const WallTime kThen{std::chrono::seconds(1000)};
const WallTime kNow{std::chrono::seconds(2000)};

struct ConditionsTest : testing::Test {
  Workspace row;
  ObservedContainer container{"0123456789abcdef", true, "172.20.0.2:8080", {}, false, "running", false};
  std::vector<ObservedVolume> volumes{{"home-1", false}};
  void SetUp() override { row.volume_name = "home-1"; }
};

TEST_F(ConditionsTest, ARunningReadyContainer) {
  const Conditions seen = conditions_of(row, {&container, &volumes, true}, {}, kNow);
  for (const auto type : {kContainerPresent, kContainerRunning, kContainerReady, kVolumePresent}) {
    EXPECT_TRUE(seen.is_true(type)) << type;
  }
  EXPECT_EQ(seen.address, "172.20.0.2:8080");
  EXPECT_TRUE(is_ready_container(seen, container.runtime_id));
  EXPECT_FALSE(is_ready_container(seen, "fedcba9876543210"));
}

TEST_F(ConditionsTest, NoAddressBeforeItIsReady) {
  const Conditions seen = conditions_of(row, {&container, &volumes, false}, {}, kNow);
  EXPECT_FALSE(seen.is_true(kContainerReady));
  EXPECT_TRUE(seen.address.empty());
  EXPECT_FALSE(is_ready_container(seen, container.runtime_id));
}

TEST_F(ConditionsTest, TransitionTimeMovesOnlyWithTheStatus) {
  const Conditions before = conditions_of(row, {&container, &volumes, false}, {}, kThen);
  const Conditions same = conditions_of(row, {&container, &volumes, false}, before, kNow);
  EXPECT_EQ(before, same);
  const Conditions ready = conditions_of(row, {&container, &volumes, true}, before, kNow);
  EXPECT_EQ(ready.find(kContainerReady)->last_transition_time, kNow);
  EXPECT_EQ(ready.find(kContainerRunning)->last_transition_time, kThen);
}

TEST_F(ConditionsTest, HowAContainerEnded) {
  container.running = false;
  container.state = "exited";
  container.exit_code = 137;
  Conditions seen = conditions_of(row, {&container, &volumes, true}, {}, kNow);
  EXPECT_TRUE(container_exited(seen));
  EXPECT_FALSE(seen.is_true(kContainerReady));
  EXPECT_NE(seen.find(kContainerRunning)->message.find("137"), std::string::npos);
  container.oom_killed = true;
  seen = conditions_of(row, {&container, &volumes, false}, {}, kNow);
  EXPECT_EQ(seen.find(kContainerRunning)->reason, kReasonOutOfMemory);
  EXPECT_TRUE(container_exited(seen));
  for (const char* state : {"created", "removing", "paused"}) {
    container.state = state;
    EXPECT_FALSE(container_exited(conditions_of(row, {&container, &volumes, false}, {}, kNow))) << state;
  }
}

TEST_F(ConditionsTest, OnlyTheVolumeOfTheRowCountsUntilItIsDeleted) {
  volumes = {{"home-0", false}};
  EXPECT_FALSE(conditions_of(row, {nullptr, &volumes, false}, {}, kNow).is_true(kVolumePresent));
  row.deleted_at = kNow;
  EXPECT_TRUE(conditions_of(row, {nullptr, &volumes, false}, {}, kNow).is_true(kVolumePresent));
  volumes[0].foreign = true;
  EXPECT_FALSE(conditions_of(row, {nullptr, &volumes, false}, {}, kNow).is_true(kVolumePresent));
}

TEST_F(ConditionsTest, AForeignContainerIsNotOurs) {
  container.foreign = true;
  const Conditions seen = conditions_of(row, {&container, &volumes, true}, {}, kNow);
  EXPECT_FALSE(seen.is_true(kContainerPresent));
  EXPECT_TRUE(seen.address.empty());
  ASSERT_NE(seen.find(kNamesFree), nullptr);
  EXPECT_EQ(seen.find(kNamesFree)->status, "False");
}

}  // namespace
}  // namespace hearth::orchestrator
