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
};

const Line kTable[] = {
    {Phase::pending, "", Operation::create_empty_archive, Operation::provisioning, Operation::provisioning},
    {Phase::archived, "", Operation::none, Operation::restoring, Operation::restoring},
    {Phase::standby, "v", Operation::archiving, Operation::none, Operation::starting},
    {Phase::standby, "cxv", Operation::stopping, Operation::stopping, Operation::starting},
    {Phase::standby, "crv", Operation::stopping, Operation::stopping, Operation::starting},
    {Phase::running, "crav", Operation::stopping, Operation::stopping, Operation::none},
    {Phase::error, "v", Operation::none, Operation::none, Operation::none},
};

TEST(Planner, OneAdjacentStepForEachPhaseAndWish) {
  for (const Line& line : kTable) {
    const Conditions seen = conditions(line.observed);
    EXPECT_EQ(plan(row(DesiredState::archived), line.phase, seen), line.archived)
        << name(line.phase) << " " << line.observed;
    EXPECT_EQ(plan(row(DesiredState::standby), line.phase, seen), line.standby) << name(line.phase);
    EXPECT_EQ(plan(row(DesiredState::running), line.phase, seen), line.running) << name(line.phase);
  }
}

TEST(Planner, DeletedIsRemovedFromEveryPhase) {
  for (const Phase phase : {Phase::pending, Phase::archived, Phase::standby, Phase::running, Phase::error,
                            Phase::deleting, Phase::deleted}) {
    EXPECT_EQ(plan(row(DesiredState::deleted), phase, conditions("v")), Operation::deleting) << name(phase);
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
      {Operation::archiving, "", {"v", "c", "cv"}},
      {Operation::restoring, "v", {""}},
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
