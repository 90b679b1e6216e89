#include "orchestrator/decide/planner.h"

#include <gtest/gtest.h>

#include "unit/orchestrator/decide/views.h"

namespace hearth::orchestrator {
namespace {

using test::conditions;
using test::row;

struct Line {
  Phase phase;
  const char* observed;
  Operation archived, standby, running;  // by desired_state
  bool archive_unsupported;
};

const Line kTable[] = {
    {Phase::pending, "", Operation::none, Operation::provisioning, Operation::provisioning, true},
    {Phase::standby, "v", Operation::none, Operation::none, Operation::starting, true},
    {Phase::standby, "cxv", Operation::stopping, Operation::stopping, Operation::starting, false},
    {Phase::standby, "crv", Operation::stopping, Operation::stopping, Operation::starting, false},
    {Phase::running, "crav", Operation::stopping, Operation::stopping, Operation::none, false},
    {Phase::error, "v", Operation::none, Operation::none, Operation::none, false},
};

TEST(Planner, OneAdjacentStepForEachPhaseAndWish) {
  for (const Line& line : kTable) {
    const Conditions seen = conditions(line.observed);
    const Plan archived = plan(row(DesiredState::archived), line.phase, seen);
    EXPECT_EQ(archived.operation, line.archived) << name(line.phase) << " " << line.observed;
    EXPECT_EQ(!archived.unsupported.empty(), line.archive_unsupported) << name(line.phase) << " " << line.observed;
    EXPECT_EQ(plan(row(DesiredState::standby), line.phase, seen).operation, line.standby) << name(line.phase);
    EXPECT_EQ(plan(row(DesiredState::running), line.phase, seen).operation, line.running) << name(line.phase);
  }
}

TEST(Planner, DeletedIsRemovedFromEveryPhase) {
  for (const Phase phase : {Phase::pending, Phase::archived, Phase::standby, Phase::running, Phase::error,
                            Phase::deleting, Phase::deleted}) {
    EXPECT_EQ(plan(row(DesiredState::deleted), phase, conditions("v")).operation, Operation::deleting) << name(phase);
  }
}

TEST(Planner, ArchivedNeedsArchivesToComeBack) {
  for (const DesiredState desired : {DesiredState::standby, DesiredState::running}) {
    const Plan next = plan(row(desired), Phase::archived, conditions(""));
    EXPECT_EQ(next.operation, Operation::none);
    EXPECT_FALSE(next.unsupported.empty());
  }
}

TEST(Planner, CompleteMeansTheWholeGoal) {
  const struct {
    Operation operation;
    const char* yes;
    std::vector<const char*> no;
  } lines[] = {
      {Operation::provisioning, "v", {"", "c"}},
      {Operation::starting, "crav", {"v", "cv", "crv", "cra", "cxav"}},
      {Operation::stopping, "v", {"crav", "cxv", "cgv", ""}},
      {Operation::deleting, "", {"v", "c", "cv", "cg"}},
  };
  for (const auto& line : lines) {
    EXPECT_TRUE(is_complete(line.operation, conditions(line.yes))) << name(line.operation);
    for (const char* observed : line.no) {
      EXPECT_FALSE(is_complete(line.operation, conditions(observed))) << name(line.operation) << " " << observed;
    }
  }
}

TEST(Planner, Deadlines) {
  for (const Operation operation :
       {Operation::provisioning, Operation::starting, Operation::stopping, Operation::deleting}) {
    EXPECT_EQ(deadline(operation), Seconds(300));
  }
  EXPECT_EQ(deadline(Operation::archiving), Seconds(1800));
  EXPECT_EQ(deadline(Operation::restoring), Seconds(1800));
}

}  // namespace
}  // namespace hearth::orchestrator
