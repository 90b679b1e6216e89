// What is said to and read from the Docker Engine: JSON bodies and answers. Pure; no call is made here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::docker {

inline constexpr std::string_view kDeploymentLabel = "hearth.deployment";
inline constexpr std::string_view kWorkspaceLabel = "hearth.workspace";
inline constexpr std::string_view kOperationLabel = "hearth.operation";
inline constexpr std::string_view kRoleLabel = "hearth.role";  // only on jobs
inline constexpr std::string_view kJobRole = "job";
// On a volume that the engine made because a container named it, never on one of ours; its value is the deployment.
inline constexpr std::string_view kAccidentLabel = "hearth.accident";
inline constexpr std::string_view kHome = "/home/coder";
inline constexpr unsigned kWorkspacePort = 8080;

std::string network_name(const RuntimeSettings& settings, const std::string& deployment);

// Bodies of POST /containers/create, /volumes/create and /networks/create.
std::string container_body(const RuntimeSettings& settings, const std::string& deployment, const StartSpec& spec);
std::string volume_body(const std::string& deployment, const Uuid& workspace, const std::string& volume);
std::string network_body(const std::string& deployment, const std::string& network);

// "?filters=…" that selects this deployment's own, all or those of one workspace.
std::string label_filter(const std::string& deployment, const Uuid* workspace = nullptr);
std::string event_filter(const std::string& deployment);

// "debian" -> {"debian", "latest"}; a digest stays with the name and leaves the tag empty.
struct ImageName {
  std::string name;
  std::string tag;
};
ImageName parse_image(std::string_view reference);

// A job in the listing. Its name, its labels and its role agree; one of whom they do not is nobody's.
struct ListedJob {
  Uuid operation;
  std::string engine_id;
  std::string state;
};
using ListedJobs = std::unordered_map<Uuid, std::vector<ListedJob>>;  // by workspace

// GET /containers/json and GET /volumes. Entries that are none of ours are left out; Error{protocol} on what is not
// JSON or lacks what we must know. A container that bears our labels and another name (somebody renamed it) is its
// workspace's all the same: it holds the volume.
Result<void> read_containers(std::string_view body, const std::string& deployment, const std::string& network,
                             RuntimeSnapshot& snapshot, ListedJobs& jobs);
Result<void> read_volumes(std::string_view body, const std::string& deployment, RuntimeSnapshot& snapshot);

// GET /containers/<name>/json.
struct ContainerDetail {
  std::string id;
  std::string state;
  bool running = false;
  int exit_code = 0;
  bool oom_killed = false;
  bool ours = false;      // labels say this deployment and this workspace
  std::string operation;  // label hearth.operation
  std::string role;       // label hearth.role
};
Result<ContainerDetail> read_container(std::string_view body, const std::string& deployment, const Uuid& workspace);

// The workspace's container, not its jobs, in a listing by label_filter(): its engine id, empty when there is none.
Result<std::string> find_listed(std::string_view body, const std::string& deployment, const Uuid& workspace);

// GET /networks: those of exactly this name, oldest first.
struct ListedNetwork {
  std::string id;
  std::string created;
  bool ours = false;  // its labels say this deployment
};
Result<std::vector<ListedNetwork>> read_networks(std::string_view body, const std::string& name,
                                                 const std::string& deployment);

// Do the labels of GET /volumes/<name> or /networks/<name> name this deployment (and this workspace)?
bool labels_are_ours(std::string_view body, const std::string& deployment, const Uuid* workspace);
// Was this volume made by creating a container of this deployment when its home was gone?
bool is_accident(std::string_view body, const std::string& deployment);

// The last line of POST /images/create that says {"error": …}, or {"message": …} as refusals do; empty when none does.
std::string pull_error(std::string_view body);

// One line of GET /events: which workspace it is about, if it says so; nullopt when it is not an event.
struct Event {
  std::string action;
  std::optional<Uuid> workspace;
};
std::optional<Event> read_event(std::string_view line);

// GET /containers/<id>/logs without a terminal: frames of 8 bytes of head (stream, 0, 0, 0, size) and text. A body that
// is not framed (a terminal's) comes back as it is.
std::string demultiplex_logs(std::string_view body);

}  // namespace hearth::orchestrator::docker
