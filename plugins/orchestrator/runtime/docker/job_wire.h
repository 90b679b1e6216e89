// Storage jobs in the engine's words: the container of one, and what a failed one says. Pure.
#pragma once

#include <string>
#include <string_view>

#include "orchestrator/archives/job_access.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::docker {

enum class JobKind { archive, restore };

inline constexpr std::string_view kJobData = "/data";
inline constexpr std::uint64_t kJobMemory = 512u << 20;  // storage-job stays below 256 MiB; the rest is page cache
inline constexpr int kJobPids = 128;

// Body of POST /containers/create (SPEC sections 6 and 11). Root inside, with the capabilities that reading or writing
// other users' files takes and no other; its own filesystem is read-only.
std::string job_body(const RuntimeSettings& settings, const std::string& deployment, JobKind kind, const JobSpec& spec,
                     const JobAccess& access);

// From the end of a failed job's output: the message of its "failed" line, else its last line.
std::string job_message(std::string_view output);

}  // namespace hearth::orchestrator::docker
