#include "orchestrator/decide/decide.h"

#include <gtest/gtest.h>

#include "unit/orchestrator/decide/views.h"

namespace hearth::orchestrator {
namespace {

using test::Case;
using test::conditions;
using test::kNow;
using test::row;
using Kind = Decision::Kind;

Case during(Operation operation, const char* observed, DesiredState desired = DesiredState::running) {
  return {row(desired, operation), conditions(observed)};
}

TEST(Decide, NothingIsDecidedBeforeAnObservation) {
  const Case c{row(DesiredState::running, Operation::none, ""), conditions("")};
  View view = c.view();
  view.seen = false;
  view.fresh = false;
  EXPECT_EQ(decide(view).kind, Kind::wait);
}

TEST(Decide, ANewWorkspaceIsProvisioned) {
  const Case c{row(DesiredState::running, Operation::none, ""), conditions("")};
  const Decision decision = decide(c.view());
  EXPECT_EQ(decision.kind, Kind::claim);
  EXPECT_EQ(decision.operation, Operation::provisioning);
}

TEST(Decide, AClaimedOperationIsActedOnceAndThenWaitedFor) {
  Case c = during(Operation::starting, "v");
  c.workspace.phase = Phase::standby;
  View view = c.view();
  EXPECT_EQ(decide(view).kind, Kind::act);
  view.acting = true;
  EXPECT_EQ(decide(view).kind, Kind::wait);
}

TEST(Decide, SuccessOfAnActProvesNothing) {
  for (const Operation operation : {Operation::provisioning, Operation::starting, Operation::stopping}) {
    const char* goal = operation == Operation::starting ? "crav" : "v";
    const Case c = during(operation, goal);
    View view = c.view();
    view.acted = true;
    view.fresh = false;
    EXPECT_NE(decide(view).kind, Kind::complete) << name(operation);
    view.fresh = true;
    EXPECT_EQ(decide(view).kind, Kind::complete) << name(operation);
    view.acted = false;  // a goal that is there already is still acted for: the act is idempotent, the rule simple
    EXPECT_EQ(decide(view).kind, Kind::act) << name(operation);
  }
}

TEST(Decide, PhaseFollowsWhileAnOperationRuns) {
  Case c = during(Operation::starting, "crav");
  c.workspace.phase = Phase::standby;
  View view = c.view();
  view.acting = true;
  const Decision decision = decide(view);
  EXPECT_EQ(decision.kind, Kind::record_phase);
  EXPECT_EQ(decision.phase, Phase::running);
}

// A listing that fell into the middle of an act may show a container and no volume; only one begun after the act may
// call that an error, and then it is the right one.
TEST(Decide, AnErrorIsNotConcludedFromAListingOlderThanTheAct) {
  Case failed = during(Operation::starting, "c");
  failed.workspace.phase = Phase::standby;
  View then = failed.view();
  then.fresh = false;
  EXPECT_EQ(failure(then, ErrorReason::action_failed, "no").phase, Phase::standby);
  for (const Operation operation : {Operation::none, Operation::starting}) {
    const Case c = during(operation, "c");
    View view = c.view();
    view.fresh = false;
    EXPECT_EQ(decide(view).kind, Kind::wait) << name(operation);
    view.fresh = true;
    EXPECT_EQ(decide(view).reason, ErrorReason::container_without_volume) << name(operation);
  }
}

TEST(Decide, AnActIsNeverInterruptedByAnError) {
  const Case c = during(Operation::starting, "");
  View view = c.view();
  view.acting = true;
  EXPECT_EQ(decide(view).kind, Kind::wait);
  view.acting = false;
  const Decision decision = decide(view);
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.reason, ErrorReason::data_lost);
  EXPECT_EQ(decision.phase, Phase::error);
}

TEST(Decide, PastItsDeadlineAnOperationIsAnError) {
  Case c = during(Operation::starting, "crv");
  View view = c.view();
  view.op_age = Seconds(301);
  view.acted = true;
  const Decision decision = decide(view);
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.reason, ErrorReason::timeout);
  EXPECT_EQ(decision.phase, Phase::error);
  EXPECT_FALSE(decision.retry_at);
  View earlier = c.view();
  earlier.op_age = Seconds(299);
  earlier.acted = true;
  EXPECT_NE(decide(earlier).kind, Kind::fail);
}

TEST(Decide, AClockThatWasSetIsNotHeldAgainstAnOperation) {
  for (const auto jump : {Seconds(-5000), Seconds(5000)}) {
    Case c = during(Operation::starting, "v");
    c.workspace.op_started_at = kNow + jump;
    EXPECT_EQ(decide(c.view()).kind, Kind::act);
  }
}

TEST(Decide, AClockThatWasSetBackDoesNotFreezeARetry) {
  Case c{row(DesiredState::running), conditions("v")};
  c.workspace.phase = Phase::standby;
  c.workspace.next_retry_at = kNow + Seconds(3600);
  EXPECT_EQ(decide(c.view()).operation, Operation::starting);
}

TEST(Decide, AGoalReachedLateIsStillReached) {
  Case c = during(Operation::starting, "crav");
  View view = c.view();
  view.op_age = Seconds(400);
  view.acted = true;
  EXPECT_EQ(decide(view).kind, Kind::complete);
}

TEST(Decide, AnActWithoutEffectIsAFailureWithBackoff) {
  const Case c = during(Operation::stopping, "crav", DesiredState::standby);
  View view = c.view();
  view.acted = true;
  const Decision decision = decide(view);
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.reason, ErrorReason::action_failed);
  EXPECT_EQ(decision.error_count, 1);
  EXPECT_EQ(decision.retry_at, kNow + Seconds(1));
}

TEST(Decide, AContainerBeingRemovedIsWaitedFor) {
  const Case c = during(Operation::stopping, "cgv", DesiredState::standby);
  View view = c.view();
  view.acted = true;
  EXPECT_NE(decide(view).kind, Kind::fail);
}

TEST(Decide, FailuresCountUpAndEndInErrorAtTheFifth) {
  Case c = during(Operation::starting, "v");
  for (int before = 0; before < 5; ++before) {
    c.workspace.error_count = before;
    const Decision decision = failure(c.view(), ErrorReason::unreachable, "no answer");
    EXPECT_EQ(decision.error_count, before + 1);
    EXPECT_EQ(decision.phase, before == 4 ? Phase::error : Phase::standby);
    EXPECT_EQ(decision.retry_at.has_value(), before != 4);
  }
}

TEST(Decide, AFailedProvisioningGivesItsVolumeNameUp) {
  const Case c = during(Operation::provisioning, "");
  const Decision decision = failure(c.view(), ErrorReason::action_failed, "disk full");
  EXPECT_TRUE(decision.drop_volume_name);
  EXPECT_EQ(decision.phase, Phase::pending);
  EXPECT_FALSE(failure(during(Operation::starting, "v").view(), ErrorReason::action_failed, "x").drop_volume_name);
}

TEST(Decide, RemovingADeletedWorkspaceIsTriedForEver) {
  Case c = during(Operation::deleting, "v", DesiredState::deleted);
  c.workspace.error_count = 40;
  const Decision decision = failure(c.view(), ErrorReason::action_failed, "busy");
  EXPECT_EQ(decision.phase, Phase::deleting);
  EXPECT_EQ(decision.retry_at, kNow + Seconds(60));
}

TEST(Decide, RetryWaitsForItsTimeButNotWhenSomethingElseIsWanted) {
  Case c{row(DesiredState::running), conditions("cxv")};
  c.workspace.next_retry_at = kNow + Seconds(30);
  c.workspace.phase = Phase::standby;
  View view = c.view();
  view.last_failed = Operation::starting;
  EXPECT_EQ(decide(view).kind, Kind::wait);
  c.workspace.desired_state = DesiredState::standby;
  View other = c.view();
  other.last_failed = Operation::starting;
  EXPECT_EQ(decide(other).operation, Operation::stopping);
  c.workspace.desired_state = DesiredState::running;
  c.workspace.next_retry_at = kNow;
  View due = c.view();
  due.last_failed = Operation::starting;
  EXPECT_EQ(decide(due).operation, Operation::starting);
}

TEST(Decide, ACrashIsRestartedWithBackoffAndTheFifthIsALoop) {
  Case c{row(DesiredState::running), conditions("cxv")};
  c.workspace.phase = Phase::running;
  for (int before = 0; before < 5; ++before) {
    View view = c.view();
    view.new_crash = true;
    view.crashes = before;
    const Decision decision = decide(view);
    EXPECT_EQ(decision.kind, Kind::fail);
    EXPECT_TRUE(decision.crash);
    EXPECT_EQ(decision.reason, before == 4 ? ErrorReason::crash_loop : ErrorReason::none);
    EXPECT_EQ(decision.phase, before == 4 ? Phase::error : Phase::standby);
    EXPECT_EQ(decision.retry_at.has_value(), before != 4);
  }
}

TEST(Decide, AContainerThatDiesWhileStartingIsACrash) {
  const Case c = during(Operation::starting, "cxv");
  View view = c.view();
  view.acted = true;
  const Decision decision = decide(view);
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_TRUE(decision.crash);
}

TEST(Decide, AContainerThatShouldBeStoppedIsNeverRestarted) {
  for (const DesiredState desired : {DesiredState::standby, DesiredState::archived, DesiredState::deleted}) {
    const Case c{row(desired), conditions("cxv")};
    View view = c.view();
    view.new_crash = true;
    const Decision decision = decide(view);
    EXPECT_EQ(decision.kind, Kind::claim);
    EXPECT_NE(decision.operation, Operation::starting);
  }
}

TEST(Decide, NothingThatNeedsTheStoreIsBegunWhileItIsAway) {
  Case c{row(DesiredState::archived), conditions("v")};
  c.workspace.phase = Phase::standby;
  View view = c.view();
  EXPECT_EQ(decide(view).operation, Operation::archiving);
  view.storage_away = true;
  EXPECT_EQ(decide(view).kind, Kind::wait);
  c.workspace.desired_state = DesiredState::running;
  View start = c.view();
  start.storage_away = true;
  EXPECT_EQ(decide(start).operation, Operation::starting);
}

TEST(Decide, ErrorWaitsAndOnlyDeletionMovesIt) {
  Case c{row(DesiredState::running), conditions("v")};
  c.workspace.phase = Phase::error;
  c.workspace.error_reason = ErrorReason::crash_loop;
  EXPECT_EQ(decide(c.view()).kind, Kind::nothing);
  c.workspace.desired_state = DesiredState::deleted;
  c.workspace.deleted_at = kNow;
  EXPECT_EQ(decide(c.view()).operation, Operation::deleting);
}

TEST(Decide, ARowIsPurgedWhenNothingIsLeft) {
  const Case c = during(Operation::deleting, "", DesiredState::deleted);
  View view = c.view();
  view.acted = true;
  EXPECT_EQ(decide(view).kind, Kind::purge);
  view.fresh = false;
  EXPECT_NE(decide(view).kind, Kind::purge);
}

TEST(Decide, AVanishedVolumeOfAConvergedRowIsNoticed) {
  Case c{row(DesiredState::standby), conditions("")};
  c.workspace.phase = Phase::standby;
  const Decision decision = decide(c.view());
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.reason, ErrorReason::data_lost);
}

}  // namespace
}  // namespace hearth::orchestrator
