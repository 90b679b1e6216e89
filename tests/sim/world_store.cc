// The object store's part of the world, and what the garbage collector may do in it.
#include "sim/database.h"
#include "sim/world.h"

namespace hearth::sim {

ArchiveSnapshot World::archives(const std::vector<Uuid>& markers_of) const {
  ArchiveSnapshot result;
  for (const auto& [key, object] : objects) {
    result[object.workspace].archives.push_back({object.operation, key, object.meta});
  }
  for (const Uuid& id : markers_of) {
    if (const auto marker = markers.find(id); marker != markers.end()) result[id].marker = marker->second;
  }
  return result;
}

std::vector<StoredArchive> World::stored() const {
  std::vector<StoredArchive> all;
  for (const auto& [key, object] : objects) all.push_back({object.workspace, object.operation, key});
  for (const auto& [id, marker] : markers) all.push_back({id, {}, restore_marker_key("", "main", id)});
  return all;
}

// No archive goes that a row which is not deleted names, or may still come to name, and no marker of such a row.
Result<void> World::remove_stored(const std::string& key) {
  for (const auto& [id, marker] : markers) {
    if (restore_marker_key("", "main", id) != key) continue;
    const std::optional<HomeRow> row = database_.home_row(id);
    sim_.check(!row || row->deleted, [&, id = id] { return "the restore marker of " + id.text() + " is removed"; });
    markers.erase(id);
    return {};
  }
  const auto found = objects.find(key);
  if (found == objects.end()) return {};
  const std::optional<HomeRow> row = database_.home_row(found->second.workspace);
  const bool named = row && (row->archive_key == key || row->archive_op_id == found->second.operation);
  sim_.check(!named || row->deleted, [&] { return "archive " + key + " is removed, which its row names"; });
  sim_.say("world: archive {} removed (home {})", key, found->second.content);
  objects.erase(found);
  check_homes();
  return {};
}

Result<void> World::abort_upload(const StoredUpload& upload) {
  const auto job = upload.operation ? jobs.find(*upload.operation) : jobs.end();
  const std::optional<HomeRow> row = database_.home_row(upload.workspace);
  sim_.check(
      job == jobs.end() || !job->second.running || !row || row->deleted || row->archive_op_id != *upload.operation,
      [&] { return "the upload of a job that runs is aborted: " + upload.key; });
  std::erase(uploads, upload);
  return {};
}

std::vector<std::string> World::orphans() {
  std::vector<std::string> all;
  for (const auto& [name, volume] : volumes) {
    const std::optional<HomeRow> row = database_.home_row(volume.workspace);
    if (!row || row->volume_name != name) all.push_back("volume " + name);
  }
  for (const auto& [key, object] : objects) {
    const std::optional<HomeRow> row = database_.home_row(object.workspace);
    if (!row || (row->archive_key != key && row->archive_op_id != object.operation)) all.push_back("archive " + key);
  }
  for (const auto& [id, marker] : markers) {
    if (!database_.home_row(id)) all.push_back("marker of " + id.text());
  }
  for (const StoredUpload& upload : uploads) all.push_back("upload of " + upload.key);
  return all;
}

}  // namespace hearth::sim
