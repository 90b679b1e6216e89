// ARCHIVING, CREATE_EMPTY_ARCHIVE and RESTORING: what is done next, from what is stored and observed.
#include <gtest/gtest.h>

#include "unit/orchestrator/decide/views.h"

namespace hearth::orchestrator {
namespace {

using test::Case;
using test::conditions;
using test::kNow;
using test::row;
using Job = StorageView::Job;
using Kind = Decision::Kind;

struct StorageStep : testing::Test {
  Case c{row(DesiredState::archived, Operation::archiving), conditions("v")};
  StorageView storage;
  bool acted = true;
  bool fresh = true;
  Milliseconds op_age{0};

  void SetUp() override {
    c.workspace.phase = Phase::standby;
    storage.listed = true;
  }
  void restoring() {
    c.workspace = row(DesiredState::running, Operation::restoring);
    c.workspace.archive_key = "main/w/op/home.tar.zst";
    c.workspace.phase = Phase::archived;
  }
  Decision next() {
    View view = c.view();
    view.storage = storage;
    view.acted = acted;
    view.fresh = fresh;
    view.op_age = op_age;
    return decide(view);
  }
};

TEST_F(StorageStep, TheJobIsRunThenFollowed) {
  acted = false;
  EXPECT_EQ(next().kind, Kind::act);
  acted = true;
  storage.job = Job::running;
  EXPECT_EQ(next().kind, Kind::wait);
}

TEST_F(StorageStep, TheVolumeGoesOnlyAfterTheArchiveIsRecordedAndSeen) {
  storage.archived = true;
  EXPECT_EQ(next().kind, Kind::record);
  storage.recorded = true;
  acted = false;
  EXPECT_EQ(next().kind, Kind::act);          // removes the volume
  storage.listed = storage.archived = false;  // a new leader that has not listed the archives yet
  EXPECT_EQ(next().kind, Kind::wait);
  storage.listed = true;  // listed, and it is not there
  const Decision vanished = next();
  EXPECT_EQ(vanished.kind, Kind::fail);
  EXPECT_EQ(vanished.phase, Phase::standby);
  EXPECT_FALSE(vanished.drop_volume_name);
}

TEST_F(StorageStep, ArchivedMeansThatTheVolumeWasSeenToBeGone) {
  storage.archived = storage.recorded = true;
  c.workspace.archive_key = "key";
  c.observed = conditions("");
  fresh = false;
  EXPECT_NE(next().kind, Kind::complete);
  fresh = true;
  const Decision done = next();
  EXPECT_EQ(done.kind, Kind::complete);
  EXPECT_EQ(done.phase, Phase::archived);
  EXPECT_TRUE(done.drop_volume_name);
}

TEST_F(StorageStep, ARecordedArchivingIsNotGivenUpWhileItsVolumeMayBeGone) {
  storage.archived = storage.recorded = true;
  View view = c.view();
  view.storage = storage;
  const Decision again = failure(view, ErrorReason::unreachable, "no answer");
  EXPECT_EQ(again.kind, Kind::retry);
  EXPECT_EQ(again.retry_at, kNow + Seconds(1));
  c.workspace.next_retry_at = kNow + Seconds(1);
  acted = false;
  EXPECT_EQ(next().kind, Kind::wait);
  op_age = Seconds(1801);
  EXPECT_EQ(next().reason, ErrorReason::timeout);
  EXPECT_TRUE(next().drop_volume_name) << "a removal that was called may still take effect";
  fresh = false;
  EXPECT_EQ(next().kind, Kind::wait) << "given up only on what was seen after the last call";
}

TEST_F(StorageStep, AVolumeWhoseRemovalWasCalledIsNeverUsedAgain) {
  storage.archived = storage.recorded = true;
  c.workspace.error_reason = ErrorReason::unreachable;  // sticky, whatever made it so
  c.workspace.error_count = 5;
  const Decision decision = next();
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.phase, Phase::error);
  EXPECT_TRUE(decision.drop_volume_name);
}

TEST_F(StorageStep, AFailedJobCountsOnceItsEndWasSeen) {
  storage.job = Job::failed;
  storage.job_reason = ErrorReason::unreachable;
  fresh = false;
  EXPECT_EQ(next().kind, Kind::wait);
  fresh = true;
  const Decision failed = next();
  EXPECT_EQ(failed.kind, Kind::fail);
  EXPECT_EQ(failed.reason, ErrorReason::unreachable);
  EXPECT_EQ(failed.phase, Phase::standby);
  EXPECT_TRUE(failed.retry_at);
}

TEST_F(StorageStep, AJobThatEndedWellWithoutAnArchiveIsAFailureOnceThatIsCertain) {
  storage.job = Job::succeeded;
  EXPECT_EQ(next().kind, Kind::wait);
  storage.final = true;
  EXPECT_EQ(next().kind, Kind::fail);
}

TEST_F(StorageStep, AContainerThatAppearsSpoilsAnArchiveThatIsNotRecorded) {
  storage.archived = true;
  c.observed = conditions("crav");
  const Decision decision = next();
  EXPECT_EQ(decision.kind, Kind::fail);
  EXPECT_EQ(decision.phase, Phase::running);
  EXPECT_FALSE(decision.drop_volume_name);
}

TEST_F(StorageStep, AContainerOnAnArchivedVolumeGoesWithIt) {
  storage.archived = storage.recorded = true;
  c.observed = conditions("crav");
  acted = false;
  EXPECT_EQ(next().kind, Kind::act);
  EXPECT_NE(next().phase, Phase::running) << "nobody may write into what is about to go";
}

TEST_F(StorageStep, AnEmptyArchiveNeedsNoVolume) {
  c.workspace = row(DesiredState::archived, Operation::create_empty_archive, "");
  c.observed = conditions("");
  storage.archived = true;
  EXPECT_EQ(next().kind, Kind::record);
  storage.recorded = true;
  c.workspace.archive_key = "key";
  EXPECT_EQ(next().kind, Kind::complete);
  EXPECT_EQ(next().phase, Phase::archived);
}

TEST_F(StorageStep, RestoredMeansVolumeAndMarker) {
  restoring();
  storage.job = Job::succeeded;
  EXPECT_EQ(next().kind, Kind::wait) << "ARCHIVED until the marker is seen";
  storage.restored = true;
  const Decision done = next();
  EXPECT_EQ(done.kind, Kind::complete);
  EXPECT_EQ(done.phase, Phase::standby);
  EXPECT_FALSE(done.drop_volume_name);
  storage.job = Job::running;
  EXPECT_NE(next().kind, Kind::complete);
  storage.job = Job::succeeded;
  c.observed = conditions("");
  EXPECT_NE(next().kind, Kind::complete);
}

TEST_F(StorageStep, AFailedRestoringGivesItsVolumeUpAndStaysArchived) {
  restoring();
  storage.job = Job::failed;
  storage.job_reason = ErrorReason::archive_corrupted;
  const Decision failed = next();
  EXPECT_EQ(failed.kind, Kind::fail);
  EXPECT_EQ(failed.phase, Phase::error);
  EXPECT_EQ(failed.reason, ErrorReason::archive_corrupted);
  EXPECT_TRUE(failed.drop_volume_name);
  storage.job_reason = ErrorReason::unreachable;
  EXPECT_EQ(next().phase, Phase::archived);
}

TEST_F(StorageStep, AJobThatFoundNoArchiveIsBelievedWhenTheListingAgrees) {
  restoring();
  storage.job = Job::failed;
  storage.job_reason = ErrorReason::data_lost;
  storage.final = false;
  EXPECT_EQ(next().kind, Kind::wait);
  storage.final = true;
  EXPECT_EQ(next().reason, ErrorReason::data_lost);
  storage.source_listed = true;
  EXPECT_EQ(next().reason, ErrorReason::unreachable);
  EXPECT_EQ(next().phase, Phase::archived);
  storage.final = false;
  op_age = Seconds(1801);
  EXPECT_EQ(next().reason, ErrorReason::timeout);
}

TEST_F(StorageStep, AnArchiveThatIsMissingIsDataLostNeverAnEmptyHome) {
  restoring();
  c.workspace.operation = Operation::none;
  c.workspace.volume_name.clear();
  c.observed = conditions("");
  c.observed.list.push_back({std::string(kArchivePresent), "False", "NotFound", "", kNow, 0});
  const Decision lost = next();
  EXPECT_EQ(lost.kind, Kind::fail);
  EXPECT_EQ(lost.reason, ErrorReason::data_lost);
  c.observed.list.back().status = "Unknown";
  EXPECT_EQ(next().operation, Operation::restoring) << "a store that did not answer has lost nothing";
}

TEST_F(StorageStep, PastTheDeadlineItIsATimeout) {
  storage.job = Job::running;
  op_age = Seconds(1801);
  EXPECT_EQ(next().reason, ErrorReason::timeout);
  EXPECT_EQ(next().phase, Phase::error);
}

}  // namespace
}  // namespace hearth::orchestrator
