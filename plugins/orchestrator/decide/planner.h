// Planner: which operation comes next (the operation table of SPEC section 3), when it is complete, and how long it may
// take. Pure.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "orchestrator/decide/judge.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

// The next step from `phase` towards what the row wants, if nothing were under way; none: converged, or waiting. One
// adjacent step, never up then down. A container left over where none is wanted is stopped even though the phase has
// arrived.
Operation plan(const Workspace& row, Phase phase, const Conditions& observed);

// Has the operation reached its goal in containers and volumes, going by this observation? The caller makes sure that
// it is newer than the act, and looks at the archives itself.
bool is_complete(Operation operation, const Conditions& observed);

Milliseconds deadline(Operation operation);

}  // namespace hearth::orchestrator
