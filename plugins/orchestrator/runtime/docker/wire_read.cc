#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/strings.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {

using nlohmann::json;

namespace {

tl::unexpected<Error> nonsense(const char* what) {
  return fail(ErrorCode::protocol, ErrorSource::runtime,
              std::string("the container engine's ") + what + " is not readable");
}

const json& member(const json& object, std::string_view key) {
  static const json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

std::string text(const json& object, std::string_view key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool flag(const json& object, std::string_view key) {
  const json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

bool ours(const json& labels, const std::string& deployment, const Uuid* workspace) {
  return text(labels, kDeploymentLabel) == deployment &&
         (workspace == nullptr || text(labels, kWorkspaceLabel) == workspace->text());
}

// The workspace that a name of ours belongs to: "hearth-<deployment>-<uuid>" and, for volumes, "-home-<generation>".
std::optional<Uuid> workspace_of_name(std::string_view name, const std::string& deployment, bool volume) {
  const std::string prefix = "hearth-" + deployment + "-";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  const auto id = Uuid::parse(name.substr(0, Uuid::kTextSize));
  if (!id || name.size() < Uuid::kTextSize) return std::nullopt;
  name.remove_prefix(Uuid::kTextSize);
  const bool fits = volume ? name.starts_with("-home-") && name.size() > 6 : name.empty();
  return fits ? id : std::nullopt;
}

// "Exited (137) 3 seconds ago": the listing has the exit code nowhere else.
std::optional<int> exit_code_of(std::string_view status) {
  const std::size_t open = status.find('(');
  const std::size_t close = status.find(')');
  if (!status.starts_with("Exited") || open == std::string_view::npos || close == std::string_view::npos) return {};
  return parse_decimal<int>(status.substr(open + 1, close - open - 1));
}

std::string address_of(const json& container, const std::string& network) {
  const json& networks = member(member(container, "NetworkSettings"), "Networks");
  const std::string ip = text(member(networks, network), "IPAddress");
  return ip.empty() ? "" : ip + ":" + std::to_string(kWorkspacePort);
}

// The operation that a job's name ends with: "hearth-<deployment>-job-<uuid>".
std::optional<Uuid> operation_of_name(std::string_view name, const std::string& deployment) {
  return workspace_of_name(name, deployment + "-job", false);
}

// What `parse` finds in the first name of ours.
template <class Parse>
std::optional<Uuid> id_in_names(const json& container, Parse parse) {
  const json& names = member(container, "Names");
  if (!names.is_array()) return std::nullopt;
  for (const json& name : names) {
    if (!name.is_string()) continue;
    std::string_view plain = name.get_ref<const std::string&>();
    if (plain.starts_with('/')) plain.remove_prefix(1);
    if (const auto id = parse(plain)) return id;
  }
  return std::nullopt;
}

std::optional<Uuid> workspace_in_labels(const json& labels, const std::string& deployment) {
  return ours(labels, deployment, nullptr) ? Uuid::parse(text(labels, kWorkspaceLabel)) : std::nullopt;
}

bool is_job(const json& labels) { return text(labels, kRoleLabel) == kJobRole; }

void read_job(const json& entry, const std::string& deployment, ListedJobs& jobs) {
  const json& labels = member(entry, "Labels");
  const auto operation = id_in_names(entry, [&](std::string_view name) { return operation_of_name(name, deployment); });
  const auto workspace = Uuid::parse(text(labels, kWorkspaceLabel));
  if (!operation || !workspace || !is_job(labels) || !ours(labels, deployment, &*workspace)) return;
  if (text(labels, kOperationLabel) != operation->text()) return;
  jobs[*workspace].push_back({*operation, text(entry, "Id"), text(entry, "State")});
}

}  // namespace

Result<void> read_containers(std::string_view body, const std::string& deployment, const std::string& network,
                             RuntimeSnapshot& snapshot, ListedJobs& jobs) {
  const json list = json::parse(body, nullptr, false);
  if (!list.is_array()) return nonsense("list of containers");
  std::unordered_map<Uuid, ObservedContainer> renamed;
  for (const json& entry : list) {
    const json& labels = member(entry, "Labels");
    auto id = id_in_names(entry, [&](std::string_view name) { return workspace_of_name(name, deployment, false); });
    const bool named = id.has_value();
    if (!named && is_job(labels)) {
      read_job(entry, deployment, jobs);
      continue;
    }
    if (!named) id = workspace_in_labels(labels, deployment);
    if (!id) continue;
    ObservedContainer container;
    container.runtime_id = text(entry, "Id");
    container.state = text(entry, "State");
    if (container.runtime_id.empty() || container.state.empty()) return nonsense("list of containers");
    container.running = container.state == "running";
    container.foreign = !ours(labels, deployment, &*id) || is_job(labels);
    if (container.running)
      container.address = address_of(entry, network);
    else
      container.exit_code = exit_code_of(text(entry, "Status"));
    (named ? snapshot.containers : renamed)[*id] = std::move(container);
  }
  snapshot.containers.merge(renamed);
  return {};
}

Result<std::string> find_listed(std::string_view body, const std::string& deployment, const Uuid& workspace) {
  const json list = json::parse(body, nullptr, false);
  if (!list.is_array()) return nonsense("list of containers");
  for (const json& entry : list) {
    const json& labels = member(entry, "Labels");
    if (!is_job(labels) && ours(labels, deployment, &workspace)) return text(entry, "Id");
  }
  return std::string();
}

Result<void> read_volumes(std::string_view body, const std::string& deployment, RuntimeSnapshot& snapshot) {
  const json answer = json::parse(body, nullptr, false);
  const json& list = member(answer, "Volumes");
  if (!answer.is_object() || !(list.is_array() || list.is_null())) return nonsense("list of volumes");
  for (const json& entry : list) {
    const std::string name = text(entry, "Name");
    const auto id = workspace_of_name(name, deployment, true);
    if (!id) continue;
    snapshot.volumes[*id].push_back({name, !ours(member(entry, "Labels"), deployment, &*id)});
  }
  return {};
}

Result<ContainerDetail> read_container(std::string_view body, const std::string& deployment, const Uuid& workspace) {
  const json answer = json::parse(body, nullptr, false);
  const json& state = member(answer, "State");
  const json& labels = member(member(answer, "Config"), "Labels");
  ContainerDetail detail;
  detail.id = text(answer, "Id");
  detail.state = text(state, "Status");
  if (detail.id.empty() || detail.state.empty()) return nonsense("description of a container");
  detail.running = flag(state, "Running");
  const json& code = member(state, "ExitCode");
  if (code.is_number_integer()) detail.exit_code = code.get<int>();
  detail.oom_killed = flag(state, "OOMKilled");
  detail.ours = ours(labels, deployment, &workspace);
  detail.operation = text(labels, kOperationLabel);
  detail.role = text(labels, kRoleLabel);
  return detail;
}

Result<std::vector<ListedNetwork>> read_networks(std::string_view body, const std::string& name,
                                                 const std::string& deployment) {
  const json list = json::parse(body, nullptr, false);
  if (!list.is_array()) return nonsense("list of networks");
  std::vector<ListedNetwork> networks;
  for (const json& entry : list) {
    if (text(entry, "Name") != name) continue;  // the engine's filter looks for a part of the name
    networks.push_back({text(entry, "Id"), text(entry, "Created"), ours(member(entry, "Labels"), deployment, nullptr)});
    if (networks.back().id.empty()) return nonsense("list of networks");
  }
  std::sort(networks.begin(), networks.end(), [](const ListedNetwork& a, const ListedNetwork& b) {
    return std::tie(a.created, a.id) < std::tie(b.created, b.id);
  });
  return networks;
}

bool labels_are_ours(std::string_view body, const std::string& deployment, const Uuid* workspace) {
  return ours(member(json::parse(body, nullptr, false), "Labels"), deployment, workspace);
}

bool is_accident(std::string_view body, const std::string& deployment) {
  return text(member(json::parse(body, nullptr, false), "Labels"), kAccidentLabel) == deployment;
}

std::string pull_error(std::string_view body) {
  std::string last;
  for (const std::string_view line : split(body, '\n')) {
    const json report = json::parse(line, nullptr, false);
    for (const char* key : {"error", "message"}) {
      const std::string error = text(report, key);
      if (!error.empty()) last = error;
    }
  }
  return last;
}

std::optional<Event> read_event(std::string_view line) {
  const json event = json::parse(line, nullptr, false);
  const std::string action = text(event, "Action");
  if (action.empty()) return std::nullopt;
  return Event{action, Uuid::parse(text(member(member(event, "Actor"), "Attributes"), kWorkspaceLabel))};
}

std::string demultiplex_logs(std::string_view body) {
  constexpr std::size_t kHead = 8;
  const auto byte = [&body](std::size_t i) { return static_cast<unsigned char>(body[i]); };
  std::string result;
  while (!body.empty()) {
    const bool framed = body.size() >= kHead && byte(0) <= 2 && byte(1) == 0 && byte(2) == 0 && byte(3) == 0;
    if (!framed) {
      result += body;
      break;
    }
    const std::size_t size =
        std::size_t{byte(4)} << 24 | std::size_t{byte(5)} << 16 | std::size_t{byte(6)} << 8 | byte(7);
    body.remove_prefix(kHead);
    result += body.substr(0, size);
    body.remove_prefix(std::min(size, body.size()));
  }
  return result;
}

}  // namespace hearth::orchestrator::docker
