// Planner: which operation comes next (the operation table of SPEC section 3), when it is complete, and how long it may
// take. Pure.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "orchestrator/decide/judge.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

struct Plan {
  Operation operation = Operation::none;  // none: converged, or waiting, or unsupported
  std::string_view unsupported;           // why the wanted step cannot be taken here; empty otherwise
};

// The next step from `phase` towards what the row wants, if nothing were under way. One adjacent step, never up then
// down. A container left over where none is wanted is stopped even though the phase has arrived.
Plan plan(const Workspace& row, Phase phase, const Conditions& observed);

// Has the operation reached its goal, going by this observation? The caller makes sure that it is newer than the act.
bool is_complete(Operation operation, const Conditions& observed);

Milliseconds deadline(Operation operation);

}  // namespace hearth::orchestrator
