// Judge: what a workspace is now, from what was observed (the phase table of SPEC section 3). Pure.
#pragma once

#include <string>
#include <string_view>

#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator {

// Condition types, as stored. What they mean:
inline constexpr std::string_view kContainerPresent = "ContainerPresent";  // a container of ours, in whatever state
inline constexpr std::string_view kContainerRunning = "ContainerRunning";  // its process runs
inline constexpr std::string_view kContainerReady = "ContainerReady";      // answered /healthz since it started
inline constexpr std::string_view kVolumePresent = "VolumePresent";    // the volume the row names; any, once deleted
inline constexpr std::string_view kArchivePresent = "ArchivePresent";  // `archive_key` and its .meta; Unknown: unlisted
inline constexpr std::string_view kJobRunning = "JobRunning";          // the storage job of the operation under way
inline constexpr std::string_view kNamesFree = "NamesFree";  // False: a resource that is not ours has our name

// Reasons of ContainerRunning=False that decisions depend on.
inline constexpr std::string_view kReasonExited = "Exited";
inline constexpr std::string_view kReasonOutOfMemory = "OutOfMemory";
inline constexpr std::string_view kReasonRemoving = "Removing";

inline constexpr int kMaxAttempts = 5;

// Does an error with this reason, after this many failures, end in sticky ERROR (SPEC section 3, rule 6)?
bool is_terminal(ErrorReason reason, int error_count);

struct Verdict {
  Phase phase = Phase::pending;
  ErrorReason reason = ErrorReason::none;  // set with Phase::error
  std::string message;
  bool operator==(const Verdict&) const = default;
};

// `observed` is the newest observation; the row's own stored conditions are not looked at.
Verdict judge(const Workspace& row, const Conditions& observed);

// The container is there and its process has ended by itself.
bool container_exited(const Conditions& observed);

}  // namespace hearth::orchestrator
