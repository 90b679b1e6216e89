// Steps that decide.cc and storage_steps.cc share. Private to this folder. Pure.
#pragma once

#include "orchestrator/decide/decide.h"

namespace hearth::orchestrator::steps {

Decision make(Decision::Kind kind, Phase phase);
// When there is nothing else to do the stored phase still follows what is observed.
Decision otherwise(const View& view, Phase phase, Decision::Kind idle);
// The operation has reached its goal.
Decision finished(const View& view);
// Observed: an error that no further attempt can mend.
Decision terminal(const View& view, const Verdict& verdict);
Decision timed_out(const View& view);
// The operation ends with this failure, whatever it has done so far.
Decision given_up(const View& view, ErrorReason reason, std::string message);

bool overdue(const View& view);
bool retry_pending(const View& view);
// Is the row's volume not the home once this operation has failed? PROVISIONING and RESTORING leave it unfinished;
// an ARCHIVING whose archive is recorded and seen has called for its removal, which may take effect at any time.
bool leaves_volume(const View& view);
// What `row` is once its operation is over; with `drop` its volume does not count any more.
Phase phase_after(Workspace row, const Conditions& observed, bool drop);

// The decision while a storage operation is under way and no act is (decide.h).
Decision during_storage(const View& view, const Verdict& verdict);

}  // namespace hearth::orchestrator::steps
