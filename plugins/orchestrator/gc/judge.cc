#include "orchestrator/gc/judge.h"

namespace hearth::orchestrator::gc {
namespace {

constexpr std::string_view kNeeded;

bool archives(const Row& row) {
  return row.operation == Operation::archiving || row.operation == Operation::create_empty_archive;
}

}  // namespace

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::archive:
      return "archive";
    case Kind::volume:
      return "volume";
    case Kind::upload:
      return "upload";
  }
  return "";
}

std::optional<Kind> parse_kind(std::string_view text) {
  for (const Kind kind : kKinds) {
    if (name(kind) == text) return kind;
  }
  return std::nullopt;
}

Resource resource_of(const StoredArchive& archive) {
  return {Kind::archive, archive.key, archive.workspace, archive.operation, {}};
}

Resource resource_of(const StoredUpload& upload) {
  return {Kind::upload, upload.key + "#" + upload.id, upload.workspace, upload.operation, upload};
}

Resource volume_resource(const Uuid& workspace, const std::string& volume_name) {
  return {Kind::volume, volume_name, workspace, {}, {}};
}

Row row_of(std::string_view phase, std::string_view operation) {
  Row row;
  const auto known_phase = parse_phase(phase);
  const auto known_operation = parse_operation(operation);
  row.sealed = !known_phase || *known_phase == Phase::error || !known_operation;
  row.operation = known_operation.value_or(Operation::none);
  return row;
}

std::string_view why_orphan(const Resource& resource, const Row* row) {
  if (row == nullptr) return "its workspace does not exist";
  if (row->sealed) return kNeeded;
  // A deleted workspace first ends what is under way, and removes its volumes itself.
  if (row->deleted && !uses_storage(row->operation))
    return resource.kind == Kind::volume ? kNeeded : std::string_view("its workspace was deleted");
  const bool own_operation = resource.operation && resource.operation == row->archive_op_id;
  switch (resource.kind) {
    case Kind::archive:
      if (!resource.operation || own_operation || resource.name == row->archive_key) return kNeeded;
      return "not the archive of its workspace (any more)";
    case Kind::volume:
      if (row->deleted || resource.name == row->volume_name) return kNeeded;
      return "not the volume of its workspace (any more)";
    case Kind::upload:
      if (resource.operation ? own_operation && archives(*row) : row->operation == Operation::restoring) return kNeeded;
      return "its operation is over";
  }
  return kNeeded;
}

std::string proof_of(const Resource& orphan, const Row* row) {
  if (row == nullptr) return orphan.workspace.text();
  if (row->deleted) return {};
  if (orphan.kind == Kind::volume) return orphan.name;
  if (!orphan.operation || orphan.operation == row->archive_op_id) return {};
  return orphan.operation->text();
}

}  // namespace hearth::orchestrator::gc
