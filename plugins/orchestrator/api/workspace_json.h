// A workspace as the API and the event stream show it.
#pragma once

#include <string>

#include "orchestrator/api/reply.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

Json workspace_json(const Workspace& workspace);
// What has to happen before the workspace is as wanted, for a person; empty when it is.
std::string waiting_for(const Workspace& workspace);

}  // namespace hearth::orchestrator
