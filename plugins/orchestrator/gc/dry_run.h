// What `hearth --gc-dry-run` prints: what the next run would remove, and what waits. Removes nothing, writes nothing.
#pragma once

#include <string>

#include "orchestrator/gc/search.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::gc {

struct DryRun {
  struct Line {
    Orphan orphan;
    std::optional<WallTime> first_seen;  // nullopt: no run has seen it yet
    bool due = false;
  };
  std::vector<Line> lines;       // what would be removed first comes first
  std::vector<Orphan> unknown;   // kept, see proof_of()
  std::map<Kind, Error> failed;  // kinds that could not be listed
};

// As a run of the Collector begins, without its marks. An error: the database could not be read.
void dry_run(const OrchestratorSettings& settings, const SearchLinks& links, const Lifeline& lifeline,
             UniqueFunction<void(Result<DryRun>)> done);

// A table and a summary, with a line for what failed.
std::string text_of(const DryRun& result, const OrchestratorSettings& settings);

}  // namespace hearth::orchestrator::gc
