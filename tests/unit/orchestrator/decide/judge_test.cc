#include "orchestrator/decide/judge.h"

#include <gtest/gtest.h>

#include "unit/orchestrator/decide/views.h"

namespace hearth::orchestrator {
namespace {

using test::conditions;
using test::row;

struct Line {
  const char* what;
  DesiredState desired;
  Operation operation;
  const char* volume_name;
  const char* observed;
  Phase phase;
  ErrorReason reason = ErrorReason::none;
};

class JudgeTable : public testing::TestWithParam<Line> {};

TEST_P(JudgeTable, FirstMatchWins) {
  const Line& line = GetParam();
  const Verdict verdict = judge(row(line.desired, line.operation, line.volume_name), conditions(line.observed));
  EXPECT_EQ(verdict.phase, line.phase) << line.what;
  EXPECT_EQ(verdict.reason, line.reason) << line.what;
  EXPECT_EQ(verdict.message.empty(), line.phase != Phase::error) << line.what;
}

constexpr auto kUp = DesiredState::running;
constexpr auto kGone = DesiredState::deleted;
constexpr auto kNone = Operation::none;

const Line kLines[] = {
    {"1 deleted, all there", kGone, kNone, "vol-1", "crav", Phase::deleting},
    {"1 deleted, container only", kGone, kNone, "vol-1", "cr", Phase::deleting},
    {"1 deleted, volume only", kGone, kNone, "vol-1", "v", Phase::deleting},
    {"2 deleted, nothing there", kGone, kNone, "vol-1", "", Phase::deleted},
    {"2 deleted, removing", kGone, Operation::deleting, "vol-1", "", Phase::deleted},
    {"4 container, no volume", kUp, kNone, "vol-1", "cra", Phase::error, ErrorReason::container_without_volume},
    {"4 container, none expected", kUp, kNone, "", "cr", Phase::error, ErrorReason::container_without_volume},
    {"5 volume vanished", kUp, kNone, "vol-1", "", Phase::error, ErrorReason::data_lost},
    {"5 volume vanished while starting", kUp, Operation::starting, "vol-1", "", Phase::error, ErrorReason::data_lost},
    {"5 volume vanished while stopping", kUp, Operation::stopping, "vol-1", "", Phase::error, ErrorReason::data_lost},
    {"5 not while it is being made", kUp, Operation::provisioning, "vol-1", "", Phase::pending},
    {"5 not while it is being removed", kUp, Operation::deleting, "vol-1", "", Phase::pending},
    {"6 ready", kUp, kNone, "vol-1", "crav", Phase::running},
    {"6 ready, stopping", DesiredState::standby, Operation::stopping, "vol-1", "crav", Phase::running},
    {"7 running but not ready", kUp, Operation::starting, "vol-1", "crv", Phase::standby},
    {"7 exited although it was ready", kUp, kNone, "vol-1", "cxav", Phase::standby},
    {"7 volume alone", kUp, kNone, "vol-1", "v", Phase::standby},
    {"7 freshly provisioned", kUp, Operation::provisioning, "vol-1", "v", Phase::standby},
    {"10 nothing yet", kUp, kNone, "", "", Phase::pending},
};
INSTANTIATE_TEST_SUITE_P(Spec, JudgeTable, testing::ValuesIn(kLines));

TEST(Judge, TerminalErrorIsStickyWhateverIsObserved) {
  for (const char* observed : {"", "v", "crv", "crav"}) {
    Workspace broken = row(DesiredState::running);
    broken.error_reason = ErrorReason::timeout;
    broken.error_message = "STARTING took longer than 300 s";
    const Verdict verdict = judge(broken, conditions(observed));
    EXPECT_EQ(verdict, (Verdict{Phase::error, ErrorReason::timeout, broken.error_message})) << observed;
  }
}

TEST(Judge, DeletionComesBeforeStickyError) {
  Workspace broken = row(DesiredState::deleted);
  broken.error_reason = ErrorReason::data_lost;
  EXPECT_EQ(judge(broken, conditions("v")).phase, Phase::deleting);
}

TEST(Judge, ActionFailedAndUnreachableAreTerminalAtTheFifthFailure) {
  for (const ErrorReason reason : {ErrorReason::action_failed, ErrorReason::unreachable}) {
    EXPECT_FALSE(is_terminal(reason, 4));
    EXPECT_TRUE(is_terminal(reason, 5));
    Workspace failing = row(DesiredState::running);
    failing.error_reason = reason;
    failing.error_count = 4;
    EXPECT_EQ(judge(failing, conditions("v")).phase, Phase::standby);
    failing.error_count = 5;
    EXPECT_EQ(judge(failing, conditions("v")).phase, Phase::error);
  }
  for (const ErrorReason reason :
       {ErrorReason::data_lost, ErrorReason::image_pull_failed, ErrorReason::container_without_volume,
        ErrorReason::archive_corrupted, ErrorReason::timeout, ErrorReason::name_conflict, ErrorReason::crash_loop}) {
    EXPECT_TRUE(is_terminal(reason, 1)) << name(reason);
  }
  EXPECT_FALSE(is_terminal(ErrorReason::none, 100));
}

TEST(Judge, ArchiveRules) {
  Workspace archived = row(DesiredState::archived, Operation::none, "");
  archived.archive_key = "main/x/y/home.tar.zst";
  Conditions there = conditions("");
  there.list.push_back({std::string(kArchivePresent), "True", "Test", "", test::kNow, 0});
  EXPECT_EQ(judge(archived, there).phase, Phase::archived);
  EXPECT_EQ(judge(archived, conditions("")).phase, Phase::archived) << "not looked for yet is not missing";
  there.list.back().status = "Unknown";
  EXPECT_EQ(judge(archived, there).phase, Phase::archived);
  there.list.back().status = "False";
  const Verdict lost = judge(archived, there);
  EXPECT_EQ(lost.phase, Phase::error);
  EXPECT_EQ(lost.reason, ErrorReason::data_lost);
}

TEST(Judge, NoObservationIsNotTakenForReady) {
  EXPECT_EQ(judge(row(DesiredState::running, Operation::none, ""), Conditions{}).phase, Phase::pending);
}

}  // namespace
}  // namespace hearth::orchestrator
