#include "orchestrator/model/workspace.h"

#include <algorithm>
#include <array>

namespace hearth::orchestrator {

namespace {
// In the order of the enumerations.
constexpr std::array<std::string_view, 7> kPhases = {"PENDING", "ARCHIVED", "STANDBY", "RUNNING",
                                                     "ERROR",   "DELETING", "DELETED"};
constexpr std::array<std::string_view, 4> kDesiredStates = {"ARCHIVED", "STANDBY", "RUNNING", "DELETED"};
constexpr std::array<std::string_view, 8> kOperations = {"NONE",      "PROVISIONING",         "STARTING",  "STOPPING",
                                                         "ARCHIVING", "CREATE_EMPTY_ARCHIVE", "RESTORING", "DELETING"};
constexpr std::array<std::string_view, 10> kErrorReasons = {
    "",        "DataLost",     "ImagePullFailed", "ContainerWithoutVolume", "ArchiveCorrupted",
    "Timeout", "NameConflict", "CrashLoop",       "ActionFailed",           "Unreachable"};

static_assert(kPhases.size() == static_cast<std::size_t>(Phase::deleted) + 1);
static_assert(kDesiredStates.size() == static_cast<std::size_t>(DesiredState::deleted) + 1);
static_assert(kOperations.size() == static_cast<std::size_t>(Operation::deleting) + 1);
static_assert(kErrorReasons.size() == static_cast<std::size_t>(ErrorReason::unreachable) + 1);

template <class Enum, std::size_t N>
std::optional<Enum> parse(const std::array<std::string_view, N>& names, std::string_view text) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}
}  // namespace

std::string_view name(Phase phase) { return kPhases[static_cast<std::size_t>(phase)]; }
std::string_view name(DesiredState state) { return kDesiredStates[static_cast<std::size_t>(state)]; }
std::string_view name(Operation operation) { return kOperations[static_cast<std::size_t>(operation)]; }
std::string_view name(ErrorReason reason) { return kErrorReasons[static_cast<std::size_t>(reason)]; }

std::optional<Phase> parse_phase(std::string_view text) { return parse<Phase>(kPhases, text); }
std::optional<DesiredState> parse_desired_state(std::string_view text) {
  return parse<DesiredState>(kDesiredStates, text);
}
std::optional<Operation> parse_operation(std::string_view text) { return parse<Operation>(kOperations, text); }
std::optional<ErrorReason> parse_error_reason(std::string_view text) { return parse<ErrorReason>(kErrorReasons, text); }

const Condition* Conditions::find(std::string_view type) const {
  const auto found = std::find_if(list.begin(), list.end(), [type](const Condition& c) { return c.type == type; });
  return found == list.end() ? nullptr : &*found;
}

bool Conditions::is_true(std::string_view type) const {
  const Condition* condition = find(type);
  return condition != nullptr && condition->status == "True";
}

bool uses_storage(Operation operation) {
  return operation == Operation::archiving || operation == Operation::create_empty_archive ||
         operation == Operation::restoring;
}

std::optional<Uuid> storage_operation(const Workspace& workspace) {
  if (!uses_storage(workspace.operation)) return std::nullopt;
  return workspace.operation == Operation::restoring ? workspace.restore_op_id : workspace.archive_op_id;
}

bool on_its_way_up(const Workspace& workspace) {
  if (workspace.deleted_at || workspace.desired_state != DesiredState::running) return false;
  return workspace.phase == Phase::pending || workspace.phase == Phase::archived || workspace.phase == Phase::standby;
}

}  // namespace hearth::orchestrator
