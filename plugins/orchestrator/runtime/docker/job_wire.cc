#include "orchestrator/runtime/docker/job_wire.h"

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "orchestrator/runtime/docker/wire.h"

namespace hearth::orchestrator::docker {
namespace {

using nlohmann::json;

constexpr std::size_t kMessageLimit = 500;

const char* name(JobKind kind) { return kind == JobKind::archive ? "archive" : "restore"; }

json capabilities(JobKind kind) {
  if (kind == JobKind::archive) return json::array({"DAC_READ_SEARCH"});
  return json::array({"CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP"});
}

const char* network_mode(JobNetwork network) {
  switch (network) {
    case JobNetwork::none:
      break;
    case JobNetwork::bridge:
      return "bridge";
    case JobNetwork::host:
      return "host";
  }
  return "none";
}

json mounts(JobKind kind, const JobSpec& spec, const JobAccess& access) {
  json all = json::array();
  if (!spec.volume_name.empty()) {
    // NoCopy: a new volume takes nothing of the job's image.
    all.push_back({{"Type", "volume"},
                   {"Source", spec.volume_name},
                   {"Target", kJobData},
                   {"ReadOnly", kind == JobKind::archive},
                   {"VolumeOptions", {{"NoCopy", true}}}});
  }
  if (!access.folder.empty()) all.push_back({{"Type", "bind"}, {"Source", access.folder}, {"Target", access.mount}});
  for (const auto& [source, target] :
       {std::pair(access.ca_file, kJobCaFile), std::pair(access.credentials_file, kJobCredentialsFile)}) {
    if (!source.empty())
      all.push_back({{"Type", "bind"}, {"Source", source}, {"Target", target}, {"ReadOnly", true}});
  }
  return all;
}

}  // namespace

std::string job_body(const RuntimeSettings& settings, const std::string& deployment, JobKind kind, const JobSpec& spec,
                     const JobAccess& access) {
  json host = {
      {"CapDrop", json::array({"ALL"})},
      {"CapAdd", capabilities(kind)},
      {"SecurityOpt", json::array({"no-new-privileges"})},
      {"ReadonlyRootfs", true},
      {"Memory", kJobMemory},
      {"NanoCpus", static_cast<std::int64_t>(settings.cpus * 1e9)},
      {"PidsLimit", kJobPids},
      {"Init", true},
      {"RestartPolicy", {{"Name", "no"}}},
      {"NetworkMode", network_mode(access.network)},
      {"Mounts", mounts(kind, spec, access)},
      {"LogConfig", {{"Type", "json-file"}, {"Config", {{"max-size", "1m"}, {"max-file", "2"}}}}},
  };
  // The empty home that a workspace begins with belongs to its user, as a new volume does.
  if (spec.volume_name.empty())
    host["Tmpfs"] = {{std::string(kJobData), "ro,nosuid,nodev,noexec,size=64k,mode=0755,uid=1000,gid=1000"}};
  const json body = {
      {"Image", settings.job_image},
      {"User", "0:" + std::to_string(access.group)},
      {"Cmd", json::array({name(kind)})},
      {"Env", access.environment},
      {"Labels",
       {{kDeploymentLabel, deployment},
        {kWorkspaceLabel, spec.workspace.text()},
        {kOperationLabel, spec.operation.text()},
        {kRoleLabel, kJobRole}}},
      {"HostConfig", std::move(host)},
  };
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string job_message(std::string_view output) {
  std::string_view last;
  std::string said;
  for (std::string_view line : split(output, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    last = line;
    const json report = line.front() == '{' ? json::parse(line, nullptr, false) : json();
    if (!report.is_object() || report.value("step", json()) != "failed") continue;
    const json message = report.value("message", json());
    if (message.is_string()) said = message.get<std::string>();
  }
  if (said.empty()) said = last;
  return said.substr(0, kMessageLimit);
}

}  // namespace hearth::orchestrator::docker
