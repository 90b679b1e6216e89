#include "orchestrator/runtime/docker/wire.h"

#include <nlohmann/json.hpp>

#include "base/encoding.h"

namespace hearth::orchestrator::docker {

using nlohmann::json;

namespace {

json labels(const std::string& deployment, const Uuid& workspace) {
  return {{kDeploymentLabel, deployment}, {kWorkspaceLabel, workspace.text()}};
}

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json home_mount(const std::string& deployment, const std::string& volume) {
  return {{"Type", "volume"},
          {"Source", volume},
          {"Target", kHome},
          {"VolumeOptions", {{"Labels", {{kAccidentLabel, deployment}}}}}};
}

json host_config(const RuntimeSettings& settings, const std::string& deployment, const StartSpec& spec) {
  return {
      {"CapDrop", json::array({"ALL"})},
      {"SecurityOpt", json::array({"no-new-privileges"})},
      {"Memory", settings.memory_bytes},
      {"NanoCpus", static_cast<std::int64_t>(settings.cpus * 1e9)},
      {"PidsLimit", settings.pids},
      {"Init", true},
      {"RestartPolicy", {{"Name", "no"}}},
      {"NetworkMode", network_name(settings, deployment)},
      {"Mounts", json::array({home_mount(deployment, spec.volume_name)})},
      {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "10m"}, {"max-file", "2"}}}}},
  };
}

}  // namespace

std::string network_name(const RuntimeSettings& settings, const std::string& deployment) {
  return settings.network.empty() ? "hearth-" + deployment : settings.network;
}

std::string container_body(const RuntimeSettings& settings, const std::string& deployment, const StartSpec& spec) {
  json own = labels(deployment, spec.workspace);
  own[std::string(kOperationLabel)] = spec.operation_id;
  // Added to whatever entrypoint and arguments the image itself has; the later argument wins in code-server.
  return dump({{"Image", spec.image},
               {"User", "1000:1000"},
               {"Cmd", json::array({"--auth", "none", "--bind-addr", "0.0.0.0:" + std::to_string(kWorkspacePort)})},
               {"Labels", std::move(own)},
               {"HostConfig", host_config(settings, deployment, spec)}});
}

std::string volume_body(const std::string& deployment, const Uuid& workspace, const std::string& volume) {
  return dump({{"Name", volume}, {"Labels", labels(deployment, workspace)}});
}

std::string network_body(const std::string& deployment, const std::string& network) {
  // Workspaces reach the internet and are reached from the host, but not from each other.
  return dump({{"Name", network},
               {"CheckDuplicate", true},
               {"Driver", "bridge"},
               {"Options", {{"com.docker.network.bridge.enable_icc", "false"}}},
               {"Labels", {{kDeploymentLabel, deployment}}}});
}

std::string label_filter(const std::string& deployment, const Uuid* workspace) {
  json labels = json::array({std::string(kDeploymentLabel) + "=" + deployment});
  if (workspace != nullptr) labels.push_back(std::string(kWorkspaceLabel) + "=" + workspace->text());
  return "filters=" + percent_encode(dump({{"label", std::move(labels)}}));
}

std::string event_filter(const std::string& deployment) {
  const json filters = {{"type", json::array({"container"})},
                        {"event", json::array({"create", "start", "die", "oom", "pause", "unpause", "destroy"})},
                        {"label", json::array({std::string(kDeploymentLabel) + "=" + deployment})}};
  return "filters=" + percent_encode(dump(filters));
}

ImageName parse_image(std::string_view reference) {
  if (reference.find('@') != std::string_view::npos) return {std::string(reference), ""};
  const std::size_t slash = reference.rfind('/');
  const std::size_t colon = reference.rfind(':');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && colon < slash)) {
    return {std::string(reference), "latest"};
  }
  return {std::string(reference.substr(0, colon)), std::string(reference.substr(colon + 1))};
}

}  // namespace hearth::orchestrator::docker
