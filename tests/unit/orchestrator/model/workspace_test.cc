#include "orchestrator/model/workspace.h"

#include <gtest/gtest.h>

namespace hearth::orchestrator {
namespace {

template <class Enum, class Parse>
void every_name_parses_back(Enum last, Parse parse) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto value = static_cast<Enum>(i);
    EXPECT_EQ(parse(name(value)), value) << name(value);
  }
}

TEST(WorkspaceWords, EveryNameParsesBack) {
  every_name_parses_back(Phase::deleted, parse_phase);
  every_name_parses_back(DesiredState::deleted, parse_desired_state);
  every_name_parses_back(Operation::deleting, parse_operation);
  every_name_parses_back(ErrorReason::unreachable, parse_error_reason);
}

TEST(WorkspaceWords, AreTheContractsWords) {
  EXPECT_EQ(name(Phase::running), "RUNNING");
  EXPECT_EQ(name(DesiredState::standby), "STANDBY");
  EXPECT_EQ(name(Operation::create_empty_archive), "CREATE_EMPTY_ARCHIVE");
  EXPECT_EQ(name(ErrorReason::container_without_volume), "ContainerWithoutVolume");
  EXPECT_EQ(name(ErrorReason::none), "");
}

TEST(WorkspaceWords, OtherTextIsRefused) {
  EXPECT_FALSE(parse_phase("running"));
  EXPECT_FALSE(parse_phase(""));
  EXPECT_FALSE(parse_desired_state("PENDING"));
  EXPECT_FALSE(parse_operation("WAITING"));
  EXPECT_FALSE(parse_error_reason("dataLost"));
}

TEST(Conditions, AreFoundByType) {
  const Conditions conditions{
      {{"VolumePresent", "True", "Observed", "", {}, 0}, {"ContainerReady", "Unknown", "Starting", "", {}, 0}}, ""};
  EXPECT_TRUE(conditions.is_true("VolumePresent"));
  EXPECT_FALSE(conditions.is_true("ContainerReady"));
  EXPECT_FALSE(conditions.is_true("ContainerPresent"));
  ASSERT_NE(conditions.find("ContainerReady"), nullptr);
  EXPECT_EQ(conditions.find("ContainerReady")->reason, "Starting");
  EXPECT_EQ(conditions.find("ContainerPresent"), nullptr);
}

TEST(OnItsWayUp, WantedRunningFromEveryPhaseBelow) {
  Workspace workspace;
  workspace.desired_state = DesiredState::running;
  for (const Phase phase : {Phase::pending, Phase::archived, Phase::standby}) {
    workspace.phase = phase;
    EXPECT_TRUE(on_its_way_up(workspace)) << name(phase);
  }
  for (const Phase phase : {Phase::running, Phase::error, Phase::deleting, Phase::deleted}) {
    workspace.phase = phase;
    EXPECT_FALSE(on_its_way_up(workspace)) << name(phase);
  }
}

TEST(OnItsWayUp, NotWhenNotWantedOrDeleted) {
  Workspace workspace;
  workspace.phase = Phase::standby;
  workspace.desired_state = DesiredState::standby;
  EXPECT_FALSE(on_its_way_up(workspace));
  workspace.desired_state = DesiredState::running;
  workspace.deleted_at = WallTime{};
  EXPECT_FALSE(on_its_way_up(workspace));
}

}  // namespace
}  // namespace hearth::orchestrator
