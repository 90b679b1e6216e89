// Judge: does any workspace need this resource? Pure; no I/O, no clock.
//
// Nothing that this calls an orphan can be needed again: operation ids and the generations of volumes are never used
// twice, and a row names one before it is made. Where a row is in ERROR, or says something that this program does not
// understand, all of its resources are needed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/archives/archive_store.h"
#include "orchestrator/model/workspace.h"

namespace hearth::orchestrator::gc {

// Containers and jobs that no row asks for are none of these: they are removed at once (term_strays.cc).
enum class Kind { archive, volume, upload };
inline constexpr std::array kKinds = {Kind::archive, Kind::volume, Kind::upload};
std::string_view name(Kind kind);  // as in gc_candidates.kind
std::optional<Kind> parse_kind(std::string_view text);

struct Resource {
  Kind kind = Kind::archive;
  std::string name;  // unique within its kind: an archive's or marker's key, a volume's name, an upload's key and id
  Uuid workspace;
  std::optional<Uuid> operation;       // of an archive and its upload; a restore marker has none
  std::optional<StoredUpload> upload;  // what it takes to abort one
};

Resource resource_of(const StoredArchive& archive);
Resource resource_of(const StoredUpload& upload);
Resource volume_resource(const Uuid& workspace, const std::string& volume_name);

// What a workspace's row says about its resources.
struct Row {
  bool sealed = false;  // ERROR, or not understood
  bool deleted = false;
  Operation operation = Operation::none;
  std::string archive_key;
  std::optional<Uuid> archive_op_id;
  std::string volume_name;
};
// Of the row's own words; what is not understood seals it.
Row row_of(std::string_view phase, std::string_view operation);

// Why nobody needs it, for a person; empty: somebody does. `row`: null when the workspace has none.
std::string_view why_orphan(const Resource& resource, const Row* row);

// That no row needs an orphan is not enough to remove it: the database may have been restored from a backup that is
// older than the resource, or another installation may use the same store. This name must be among the released (table
// released_resources) as well; empty: the row itself says that it is over.
std::string proof_of(const Resource& orphan, const Row* row);

}  // namespace hearth::orchestrator::gc
