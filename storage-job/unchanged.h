// Is a volume as it was when it was archived last, or as it came out of that archive?
#pragma once

#include <optional>
#include <string>

#include "job.h"
#include "meta.h"

namespace hearth::storage_job {

struct Unchanged {
  std::string key;  // of the previous archive, in the store of the new one
  Meta meta;        // its own
};

// The archive at settings.previous_url, when the volume's digest `tree` (walk/survey.h) is the one kept when that
// archive was written, or, in the marker at settings.marker_url, when the volume was restored from it. nullopt on any
// doubt: no digest, no previous archive, another store, anything that cannot be read. `target` is where the new archive
// goes.
std::optional<Unchanged> find_unchanged(const Job& job, const Place& target, const std::string& tree);

}  // namespace hearth::storage_job
