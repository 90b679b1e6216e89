// The workspace: its words, its row, what was last observed of it. Pure values; see SPEC sections 2 to 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"

namespace hearth::orchestrator {

// What the workspace is now. Text form is upper case: "RUNNING".
enum class Phase { pending, archived, standby, running, error, deleting, deleted };
enum class DesiredState { archived, standby, running, deleted };
enum class Operation { none, provisioning, starting, stopping, archiving, create_empty_archive, restoring, deleting };

// Terminal ones end in sticky ERROR at once, the last two after kMaxAttempts (SPEC section 3, rule 6).
enum class ErrorReason {
  none,
  data_lost,
  image_pull_failed,
  container_without_volume,
  archive_corrupted,
  timeout,
  name_conflict,
  crash_loop,
  action_failed,
  unreachable,
};

std::string_view name(Phase);
std::string_view name(DesiredState);
std::string_view name(Operation);
std::string_view name(ErrorReason);  // "DataLost"; empty for none
std::optional<Phase> parse_phase(std::string_view);
std::optional<DesiredState> parse_desired_state(std::string_view);
std::optional<Operation> parse_operation(std::string_view);
std::optional<ErrorReason> parse_error_reason(std::string_view);

// Kubernetes shape (API conventions, "Typical status properties").
struct Condition {
  std::string type;    // ContainerPresent, ContainerRunning, ContainerReady, VolumePresent, …
  std::string status;  // "True", "False", "Unknown"
  std::string reason;  // CamelCase, one word
  std::string message;
  WallTime last_transition_time{};
  std::int64_t observed_generation = 0;
  bool operator==(const Condition&) const = default;
};

// The last observed facts. Stored as jsonb {"conditions":[…],"address":"172.18.0.2:8080"}.
struct Conditions {
  std::vector<Condition> list;
  std::string address;  // host:port of a ready container, else empty

  const Condition* find(std::string_view type) const;
  bool is_true(std::string_view type) const;
  bool operator==(const Conditions&) const = default;
};

struct Workspace {
  Uuid id;
  Uuid owner_user_id;
  std::string name;
  std::string description;
  std::string memo;
  std::string image_ref;  // empty = the configured image

  Conditions conditions;
  std::optional<WallTime> observed_at;

  Phase phase = Phase::pending;
  WallTime phase_changed_at{};
  Operation operation = Operation::none;
  std::optional<WallTime> op_started_at;
  std::optional<Uuid> archive_op_id;
  std::optional<Uuid> restore_op_id;
  std::string archive_key;
  std::string volume_name;  // "hearth-<deployment>-<id>-home-<gen>"; empty = no volume is expected
  ErrorReason error_reason = ErrorReason::none;
  std::string error_message;
  int error_count = 0;
  std::optional<WallTime> next_retry_at;

  DesiredState desired_state = DesiredState::running;
  std::optional<WallTime> deleted_at;
  std::optional<WallTime> last_access_at;
  std::optional<std::int64_t> standby_ttl_seconds;  // nullopt = configured default
  std::optional<std::int64_t> archive_ttl_seconds;
  WallTime created_at{};
  WallTime updated_at{};
};

// Is this an operation of a storage job: ARCHIVING, CREATE_EMPTY_ARCHIVE, RESTORING?
bool uses_storage(Operation operation);
// The id of the storage operation under way: archive_op_id or restore_op_id; nullopt when there is none.
std::optional<Uuid> storage_operation(const Workspace& workspace);

// "On its way up" (SPEC section 7): wanted RUNNING and not there yet, and nothing stands in the way.
bool on_its_way_up(const Workspace& workspace);

}  // namespace hearth::orchestrator
