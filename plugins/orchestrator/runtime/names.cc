#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator {

std::string container_name(const std::string& deployment, const Uuid& workspace) {
  return "hearth-" + deployment + "-" + workspace.text();
}

std::string volume_name(const std::string& deployment, const Uuid& workspace, const std::string& generation) {
  return container_name(deployment, workspace) + "-home-" + generation;
}

std::string job_name(const std::string& deployment, const Uuid& operation) {
  return "hearth-" + deployment + "-job-" + operation.text();
}

}  // namespace hearth::orchestrator
