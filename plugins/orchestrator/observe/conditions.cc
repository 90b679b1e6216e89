#include "orchestrator/observe/conditions.h"

#include <algorithm>

namespace hearth::orchestrator {
namespace {

constexpr std::size_t kShortId = 12;
constexpr std::string_view kReadyPrefix = "container ";

class Builder {
 public:
  Builder(const Conditions& before, WallTime now) : before_(before), now_(now) {}

  void add(std::string_view type, bool value, std::string_view reason, std::string message = {}) {
    Condition condition{std::string(type), value ? "True" : "False", std::string(reason), std::move(message), now_, 0};
    const Condition* old = before_.find(type);
    if (old != nullptr && old->status == condition.status) condition.last_transition_time = old->last_transition_time;
    result.list.push_back(std::move(condition));
  }

  // Nobody has looked yet: what was known of just this, else Unknown.
  void keep(std::string_view type, const std::string& message) {
    const Condition* old = before_.find(type);
    if (old != nullptr && old->message == message) return result.list.push_back(*old);
    result.list.push_back({std::string(type), "Unknown", "NotListedYet", message, now_, 0});
  }

  Conditions result;

 private:
  const Conditions& before_;
  WallTime now_;
};

void add_running(Builder& builder, const ObservedContainer* container) {
  if (container == nullptr) return builder.add(kContainerRunning, false, "NoContainer");
  if (container->running) return builder.add(kContainerRunning, true, "Running");
  if (container->state == "removing") return builder.add(kContainerRunning, false, kReasonRemoving);
  if (container->state == "created") return builder.add(kContainerRunning, false, "NotStarted");
  if (container->state == "paused") return builder.add(kContainerRunning, false, "Paused", "the container is paused");
  std::string message = "the container exited";
  if (container->exit_code) message += " with code " + std::to_string(*container->exit_code);
  if (container->oom_killed) {
    return builder.add(kContainerRunning, false, kReasonOutOfMemory, message + ": it ran out of memory");
  }
  builder.add(kContainerRunning, false, kReasonExited, message);
}

void add_volume(Builder& builder, const Workspace& row, const Seen& seen) {
  static const std::vector<ObservedVolume> kNone;
  const auto& volumes = seen.volumes != nullptr ? *seen.volumes : kNone;
  const bool any = row.deleted_at.has_value();
  const auto found = std::find_if(volumes.begin(), volumes.end(), [&](const ObservedVolume& v) {
    return !v.foreign && (any || v.name == row.volume_name);
  });
  if (found != volumes.end()) return builder.add(kVolumePresent, true, "Found", found->name);
  builder.add(kVolumePresent, false, row.volume_name.empty() ? "NotProvisioned" : "NotFound");
}

void add_archive(Builder& builder, const Workspace& row, const Seen& seen) {
  if (row.archive_key.empty()) return;
  if (!seen.archives_listed) return builder.keep(kArchivePresent, row.archive_key);
  if (seen.archives == nullptr) return builder.add(kArchivePresent, false, "NotFound", row.archive_key);
  const auto& archives = seen.archives->archives;
  const auto found = std::find_if(archives.begin(), archives.end(),
                                  [&](const ObservedArchive& archive) { return archive.key == row.archive_key; });
  if (found == archives.end()) return builder.add(kArchivePresent, false, "NotFound", row.archive_key);
  builder.add(kArchivePresent, found->complete, found->complete ? "Found" : "Incomplete", row.archive_key);
}

void add_job(Builder& builder, const Workspace& row, const Seen& seen) {
  const std::optional<Uuid> operation = storage_operation(row);
  if (!operation) return;
  const ObservedJob* job = find_job(seen.jobs, *operation);
  if (job == nullptr) return builder.add(kJobRunning, false, "NotFound");
  if (job->running) return builder.add(kJobRunning, true, "Running");
  if (!job->exit_code) return builder.add(kJobRunning, false, "NotStarted");
  builder.add(kJobRunning, false, *job->exit_code == 0 ? "Succeeded" : "Failed", job->message);
}

}  // namespace

const ObservedJob* find_job(const std::vector<ObservedJob>* jobs, const Uuid& operation) {
  if (jobs == nullptr) return nullptr;
  const auto found = std::find_if(jobs->begin(), jobs->end(),
                                  [&operation](const ObservedJob& job) { return job.operation == operation; });
  return found == jobs->end() ? nullptr : &*found;
}

Conditions conditions_of(const Workspace& row, const Seen& seen, const Conditions& before, WallTime now) {
  Builder builder(before, now);
  const bool foreign = seen.container != nullptr && seen.container->foreign;
  const ObservedContainer* container = foreign ? nullptr : seen.container;
  const bool running = container != nullptr && container->running;
  const bool ready = running && seen.ready;

  if (container == nullptr)
    builder.add(kContainerPresent, false, foreign ? "NameConflict" : "NotFound");
  else
    builder.add(kContainerPresent, true, "Found");
  add_running(builder, container);
  if (ready) {
    builder.add(kContainerReady, true, "Answered",
                std::string(kReadyPrefix) + container->runtime_id.substr(0, kShortId));
    builder.result.address = container->address;
  } else {
    builder.add(kContainerReady, false, running ? "NoAnswerYet" : "NotRunning");
  }
  add_volume(builder, row, seen);
  add_archive(builder, row, seen);
  add_job(builder, row, seen);
  if (foreign) builder.add(kNamesFree, false, "NameConflict", "a container that is not ours has this workspace's name");
  return std::move(builder.result);
}

std::string_view ready_container(const Conditions& conditions) {
  const Condition* ready = conditions.find(kContainerReady);
  if (ready == nullptr || ready->status != "True") return {};
  const std::string_view message = ready->message;
  return message.starts_with(kReadyPrefix) ? message.substr(kReadyPrefix.size()) : std::string_view();
}

bool is_ready_container(const Conditions& conditions, std::string_view runtime_id) {
  const std::string_view stored = ready_container(conditions);
  return !stored.empty() && stored == runtime_id.substr(0, kShortId);
}

}  // namespace hearth::orchestrator
