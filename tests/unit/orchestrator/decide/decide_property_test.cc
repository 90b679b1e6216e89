// Every combination of what a row and an observation can say, against rules that hold for all of them.
#include <gtest/gtest.h>

#include <functional>

#include "unit/orchestrator/decide/views.h"

namespace hearth::orchestrator {
namespace {

using test::Case;
using test::conditions;
using test::kNow;
using Kind = Decision::Kind;

constexpr Operation kOperations[] = {Operation::none,     Operation::provisioning, Operation::starting,
                                     Operation::stopping, Operation::archiving,    Operation::restoring,
                                     Operation::deleting};

// Names the combination, only when somebody reads it.
struct What {
  const View& view;
  unsigned bits;
};
std::ostream& operator<<(std::ostream& out, const What& what) {
  const Workspace& row = what.view.row;
  out << name(row.desired_state) << " " << name(row.operation) << " [" << row.volume_name << "] "
      << name(row.error_reason) << " " << what.bits;
  for (const Condition& condition : what.view.observed.list) out << " " << condition.type << "=" << condition.status;
  return out;
}

void for_every_view(const std::function<void(const View&, const What&)>& check) {
  const ErrorReason reasons[] = {ErrorReason::none, ErrorReason::action_failed, ErrorReason::timeout};
  const char* observations[] = {"", "v", "c", "cr", "cra", "cv", "crv", "crav", "cxv", "cxav", "cgv", "cg", "cx"};
  for (const DesiredState desired :
       {DesiredState::archived, DesiredState::standby, DesiredState::running, DesiredState::deleted}) {
    for (const Operation operation : kOperations) {
      for (const char* volume : {"", "vol-1"}) {
        for (const char* observed : observations) {
          for (const ErrorReason reason : reasons) {
            for (unsigned bits = 0; bits < (uses_storage(operation) ? 1024u : 128u); ++bits) {
              Case c{test::row(desired, operation, volume), conditions(observed)};
              c.workspace.error_reason = reason;
              c.workspace.error_count = reason == ErrorReason::none ? 0 : 1;
              if (bits & 1) c.workspace.next_retry_at = kNow + Seconds(10);
              if (bits & 2) c.workspace.phase = Phase::running;
              View view = c.view();
              view.acting = bits & 8;
              view.acted = bits & 16;
              view.fresh = bits & 32;
              view.new_crash = (bits & 64) && container_exited(c.observed);
              if (bits & 4) view.op_age = Seconds(4000);
              view.storage.listed = true;
              view.storage.archived = bits & 128;
              view.storage.recorded = bits & 256;
              view.storage.restored = view.storage.final = bits & 512;
              check(view, What{view, bits});
            }
          }
        }
      }
    }
  }
}

TEST(DecideProperty, NeverTwoOperations) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    if (decision.kind == Kind::claim) {
      ASSERT_EQ(view.row.operation, Operation::none) << what;
      ASSERT_FALSE(view.acting) << what;
    }
    if (decision.kind == Kind::act) {
      ASSERT_FALSE(view.acting) << what;
    }
    if (decision.kind == Kind::act) {
      ASSERT_NE(view.row.operation, Operation::none) << what;
    }
  });
}

TEST(DecideProperty, OnlyADeletedRowIsEverRemovedOrPurged) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    if (decision.kind == Kind::claim && decision.operation == Operation::deleting) {
      ASSERT_TRUE(view.row.deleted_at) << what;
    }
    if (decision.kind == Kind::purge) {
      ASSERT_EQ(view.row.operation, Operation::deleting) << what;
      ASSERT_TRUE(view.acted && view.fresh) << what;
      ASSERT_FALSE(view.observed.is_true(kVolumePresent) || view.observed.is_true(kContainerPresent)) << what;
    }
  });
}

TEST(DecideProperty, ErrorGoesWithNoOperation) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    const bool keeps_operation =
        decision.kind == Kind::record_phase || decision.kind == Kind::retry || decision.kind == Kind::record;
    if (keeps_operation && decision.phase == Phase::error) {
      ASSERT_EQ(view.row.operation, Operation::none) << what;
    }
    if (decision.kind == Kind::claim) {
      ASSERT_NE(decision.phase, Phase::error) << what;
    }
  });
}

TEST(DecideProperty, NothingIsCompletedWithoutAFreshObservationOfTheGoal) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    if (decision.kind != Kind::complete) return;
    ASSERT_TRUE(view.fresh && !view.acting) << what;
    ASSERT_TRUE(view.acted || uses_storage(view.row.operation)) << what;
    ASSERT_TRUE(is_complete(view.row.operation, view.observed)) << what;
  });
}

TEST(DecideProperty, AnExpectedVolumeThatIsAbsentIsNeverProvisionedAnew) {
  for_every_view([](const View& view, const What& what) {
    if (view.row.volume_name.empty() || view.observed.is_true(kVolumePresent)) return;
    const Decision decision = decide(view);
    if (decision.kind == Kind::claim) {
      ASSERT_NE(decision.operation, Operation::provisioning) << what;
    }
    if (decision.kind == Kind::claim) {
      ASSERT_NE(decision.operation, Operation::starting) << what;
    }
  });
}

TEST(DecideProperty, StartingOnlyWhenRunningIsWanted) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    if (decision.kind == Kind::claim && decision.operation == Operation::starting) {
      ASSERT_EQ(view.row.desired_state, DesiredState::running) << what;
    }
  });
}

TEST(DecideProperty, AVolumeNameIsGivenUpOnlyWhenItsFilesAreElsewhereOrNeverWere) {
  for_every_view([](const View& view, const What& what) {
    const Decision decision = decide(view);
    if (!decision.drop_volume_name) return;
    if (decision.kind == Kind::complete) {
      ASSERT_EQ(view.row.operation, Operation::archiving) << what;
      ASSERT_TRUE(view.storage.archived && view.storage.recorded) << what;
      ASSERT_FALSE(view.observed.is_true(kVolumePresent)) << what;
    } else {
      const bool unfinished =
          view.row.operation == Operation::provisioning || view.row.operation == Operation::restoring;
      ASSERT_TRUE(unfinished || (view.storage.archived && view.storage.recorded)) << what;
    }
  });
}

TEST(DecideProperty, AnArchiveIsRecordedOnlyWhenItIsThere) {
  for_every_view([](const View& view, const What& what) {
    if (decide(view).kind != Kind::record) return;
    ASSERT_TRUE(view.storage.archived && !view.storage.recorded) << what;
  });
}

}  // namespace
}  // namespace hearth::orchestrator
