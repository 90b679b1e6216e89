// The sequences of storage jobs (sequence.h).
#pragma once

#include <memory>

#include "orchestrator/runtime/docker/job_wire.h"
#include "orchestrator/runtime/docker/sequence.h"
#include "runtime/loop.h"

namespace hearth::orchestrator::docker {

// Folder or credentials, volume, image, container; ends when it was started. A job of this operation that runs or has
// ended well is left as it is, one that failed is replaced.
std::unique_ptr<Sequence> job_sequence(const Links& links, Loop& loop, const OrchestratorSettings& settings,
                                       JobKind kind, JobSpec spec, Sequence::Done done);
// The job's container stopped (10 s, in which it aborts its upload) and removed.
std::unique_ptr<Sequence> remove_job_sequence(const Links& links, const Uuid& workspace, const Uuid& operation,
                                              Sequence::Done done);

}  // namespace hearth::orchestrator::docker
