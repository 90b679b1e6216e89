#include "orchestrator/decide/planner.h"

namespace hearth::orchestrator {
namespace {

// Rows: Phase pending, archived, standby, running, error. Columns: DesiredState archived, standby, running, deleted.
constexpr Operation kTable[5][4] = {
    {Operation::create_empty_archive, Operation::provisioning, Operation::provisioning, Operation::deleting},
    {Operation::none, Operation::restoring, Operation::restoring, Operation::deleting},
    {Operation::archiving, Operation::none, Operation::starting, Operation::deleting},
    {Operation::stopping, Operation::stopping, Operation::none, Operation::deleting},
    {Operation::none, Operation::none, Operation::none, Operation::deleting},
};

}  // namespace

Operation plan(const Workspace& row, Phase phase, const Conditions& observed) {
  if (row.deleted_at || row.desired_state == DesiredState::deleted) return Operation::deleting;
  const auto line = static_cast<unsigned>(phase);
  if (line >= std::size(kTable)) return Operation::none;
  if (phase == Phase::standby && row.desired_state != DesiredState::running && observed.is_true(kContainerPresent)) {
    return Operation::stopping;
  }
  return kTable[line][static_cast<unsigned>(row.desired_state)];
}

bool is_complete(Operation operation, const Conditions& observed) {
  const bool container = observed.is_true(kContainerPresent);
  const bool volume = observed.is_true(kVolumePresent);
  switch (operation) {
    case Operation::none:
      return true;
    case Operation::provisioning:
      return volume;
    case Operation::starting:
      return container && observed.is_true(kContainerRunning) && observed.is_true(kContainerReady) && volume;
    case Operation::stopping:
      return !container && volume;
    case Operation::deleting:
      return !container && !volume;
    case Operation::archiving:
    case Operation::create_empty_archive:
      return !container && !volume;
    case Operation::restoring:
      return volume;
  }
  return false;
}

Milliseconds deadline(Operation operation) {
  switch (operation) {
    case Operation::archiving:
    case Operation::create_empty_archive:
    case Operation::restoring:
      return Seconds(1800);
    default:
      return Seconds(300);
  }
}

}  // namespace hearth::orchestrator
