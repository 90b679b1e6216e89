// Commands of the command line that the orchestrator runs instead of serving. Main thread; they make their own loop.
#pragma once

#include "orchestrator/settings.h"

namespace hearth::orchestrator {

// `hearth --gc-dry-run`: asks the database, the runtime and the archive store, beside whoever leads, and prints
// (gc/dry_run.h). 0; 1 when something could not be asked.
int gc_dry_run_command(const OrchestratorSettings& settings);

}  // namespace hearth::orchestrator
