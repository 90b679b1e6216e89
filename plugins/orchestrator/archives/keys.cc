#include "orchestrator/archives/archive_store.h"
#include "orchestrator/archives/inventory.h"

namespace hearth::orchestrator {
namespace {
std::string folder(const std::string& prefix, const std::string& deployment, const Uuid& workspace) {
  return archive_folder(prefix, deployment) + workspace.text() + "/";
}
}  // namespace

std::string archive_key(const std::string& prefix, const std::string& deployment, const Uuid& workspace,
                        const Uuid& operation) {
  return folder(prefix, deployment, workspace) + operation.text() + "/" + std::string(kArchiveName);
}

std::string store_mark_key(const std::string& prefix, const std::string& deployment) {
  return archive_folder(prefix, deployment) + std::string(kStoreMarkName);
}

std::string restore_marker_key(const std::string& prefix, const std::string& deployment, const Uuid& workspace) {
  return folder(prefix, deployment, workspace) + std::string(kRestoreMarkerName);
}

}  // namespace hearth::orchestrator
