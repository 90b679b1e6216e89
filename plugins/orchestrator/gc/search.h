// Search: every resource of this deployment that no workspace needs, as one answer. Resources are listed first and
// rows read afterwards, so that a row that appears meanwhile protects what was made for it.
#pragma once

#include <map>

#include "orchestrator/act/lifeline.h"
#include "orchestrator/gc/gc_store.h"
#include "orchestrator/runtime/workspace_runtime.h"

namespace hearth::orchestrator::gc {

struct Orphan {
  Resource resource;
  std::string_view why;
  std::string proof{};
};

struct Found {
  std::map<Kind, std::vector<Orphan>> orphans;  // of every kind that could be listed whole, and of no other
  std::map<Kind, std::vector<Orphan>> unknown;  // nobody needs them, and this database does not know why: kept
  std::map<Kind, Error> failed;                 // kinds that could not
};

struct SearchLinks {
  WorkspaceRuntime& runtime;
  ArchiveStore& archives;
  GcStore& store;
  bool volumes = true;   // look for these
  bool archived = true;  // … for archives and uploads
};

// An error: the rows could not be read. What `links` refers to outlives `lifeline`, which silences it.
void search(const SearchLinks& links, const Lifeline& lifeline, UniqueFunction<void(Result<Found>)> done);

}  // namespace hearth::orchestrator::gc
