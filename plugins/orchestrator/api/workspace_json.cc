#include "orchestrator/api/workspace_json.h"

namespace hearth::orchestrator {

namespace {

Json time_or_null(const std::optional<WallTime>& time) { return time ? Json(rfc3339(*time)) : Json(nullptr); }

template <class T>
Json value_or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json conditions_json(const Conditions& conditions) {
  Json list = Json::array();
  for (const Condition& condition : conditions.list) {
    list.push_back({{"type", condition.type},
                    {"status", condition.status},
                    {"reason", condition.reason},
                    {"message", condition.message},
                    {"last_transition_time", rfc3339(condition.last_transition_time)},
                    {"observed_generation", condition.observed_generation}});
  }
  return list;
}

Json error_json(const Workspace& workspace) {
  if (workspace.error_reason == ErrorReason::none && workspace.error_count == 0) return nullptr;
  return {{"reason", name(workspace.error_reason)},
          {"message", workspace.error_message},
          {"count", workspace.error_count},
          {"next_retry_at", time_or_null(workspace.next_retry_at)}};
}

std::string waiting_for_start(const Workspace& workspace) {
  if (workspace.conditions.is_true("ContainerRunning")) return "The container runs; its editor is starting.";
  if (workspace.conditions.is_true("ContainerPresent")) return "The container is starting.";
  return "The container is being created.";
}

std::string waiting_for_operation(const Workspace& workspace) {
  switch (workspace.operation) {
    case Operation::none:
      return {};
    case Operation::provisioning:
      return "Its volume is being created.";
    case Operation::starting:
      return waiting_for_start(workspace);
    case Operation::stopping:
      return "The container is stopping; the files stay.";
    case Operation::archiving:
    case Operation::create_empty_archive:
      return "The files are being archived.";
    case Operation::restoring:
      return "The files are being restored from the archive.";
    case Operation::deleting:
      return "Container and volume are being removed.";
  }
  return {};
}

bool as_wanted(const Workspace& workspace) {
  switch (workspace.desired_state) {
    case DesiredState::running:
      return workspace.phase == Phase::running;
    case DesiredState::standby:
      return workspace.phase == Phase::standby;
    case DesiredState::archived:
      return workspace.phase == Phase::archived;
    case DesiredState::deleted:
      return workspace.phase == Phase::deleted;
  }
  return true;
}

}  // namespace

std::string waiting_for(const Workspace& workspace) {
  if (workspace.phase == Phase::error) return "Recover it, or delete it.";
  if (workspace.error_count > 0 && workspace.next_retry_at) {
    return "The last attempt failed; it is tried again at " + rfc3339(*workspace.next_retry_at) + ".";
  }
  if (std::string operation = waiting_for_operation(workspace); !operation.empty()) return operation;
  return as_wanted(workspace) ? "" : "It is next in line.";
}

Json workspace_json(const Workspace& w) {
  const std::string id = w.id.text();
  return {{"id", id},
          {"name", w.name},
          {"description", w.description},
          {"memo", w.memo},
          {"image", w.image_ref},
          {"phase", name(w.phase)},
          {"desired_state", name(w.desired_state)},
          {"operation", name(w.operation)},
          {"op_started_at", time_or_null(w.op_started_at)},
          {"phase_changed_at", rfc3339(w.phase_changed_at)},
          {"conditions", conditions_json(w.conditions)},
          {"error", error_json(w)},
          {"waiting_for", waiting_for(w)},
          {"url", "/w/" + id + "/"},
          {"standby_ttl_seconds", value_or_null(w.standby_ttl_seconds)},
          {"archive_ttl_seconds", value_or_null(w.archive_ttl_seconds)},
          {"last_access_at", time_or_null(w.last_access_at)},
          {"created_at", rfc3339(w.created_at)},
          {"updated_at", rfc3339(w.updated_at)},
          {"deleted_at", time_or_null(w.deleted_at)}};
}

}  // namespace hearth::orchestrator
