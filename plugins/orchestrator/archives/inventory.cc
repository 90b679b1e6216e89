#include "orchestrator/archives/inventory.h"

#include <set>

#include "orchestrator/archives/object_archive_store.h"

namespace hearth::orchestrator {
namespace {

using object_store::ObjectStore;

constexpr std::string_view kMetaSuffix = ".meta";

}  // namespace

std::string archive_folder(const std::string& prefix, const std::string& deployment) {
  return (prefix.empty() ? "" : prefix + "/") + deployment + "/";
}

Result<void> for_each_object(ObjectStore& store, const std::string& folder,
                             const std::function<void(const std::string& key)>& visit) {
  std::string from;
  do {
    auto page = store.list(folder, from);
    if (!page) return fail(page.error());
    for (const auto& object : page->objects) visit(object.key);
    if (!page->next.empty() && page->next == from)
      return fail(ErrorCode::protocol, ErrorSource::storage, "the archive store lists the same page for ever");
    from = page->next;
  } while (!from.empty());
  return {};
}

Result<std::vector<StoredArchive>> list_archives(ObjectStore& store, const std::string& prefix,
                                                 const std::string& deployment) {
  const std::string folder = archive_folder(prefix, deployment);
  std::set<std::pair<Uuid, Uuid>> archives;
  std::set<Uuid> markers;
  auto listed = for_each_object(store, folder, [&](const std::string& name) {
    if (const auto key = parse_archive_key(name, folder)) {
      archives.emplace(key->workspace, key->operation);
    } else if (const auto workspace = parse_marker_key(name, folder)) {
      markers.insert(*workspace);
    }
  });
  if (!listed) return fail(listed.error());
  std::vector<StoredArchive> all;
  for (const auto& [workspace, operation] : archives)
    all.push_back({workspace, operation, archive_key(prefix, deployment, workspace, operation)});
  for (const Uuid& workspace : markers)
    all.push_back({workspace, {}, restore_marker_key(prefix, deployment, workspace)});
  return all;
}

Result<std::vector<StoredUpload>> list_open_uploads(ObjectStore& store, const std::string& prefix,
                                                    const std::string& deployment) {
  const std::string folder = archive_folder(prefix, deployment);
  auto open = store.open_uploads(folder);
  if (!open) return fail(open.error());
  std::vector<StoredUpload> all;
  for (object_store::OpenUpload& upload : *open) {
    if (const auto key = parse_archive_key(upload.key, folder)) {
      all.push_back({key->workspace, key->operation, upload.key, upload.id, upload.initiated});
    } else if (const auto workspace = parse_marker_key(upload.key, folder)) {
      all.push_back({*workspace, {}, upload.key, upload.id, upload.initiated});
    }
  }
  return all;
}

Result<void> remove_archive(ObjectStore& store, const std::string& prefix, const std::string& deployment,
                            const std::string& key) {
  const std::string folder = archive_folder(prefix, deployment);
  if (parse_marker_key(key, folder)) return store.remove(key);
  const auto archive = parse_archive_key(key, folder);
  if (!archive || archive->meta) {
    return fail(ErrorCode::invalid_argument, ErrorSource::us,
                "\"" + key + "\" is no archive of deployment " + deployment + ": not removed");
  }
  if (auto removed = store.remove(key + ".meta"); !removed) return removed;
  return store.remove(key);
}

std::optional<ArchiveKey> parse_archive_key(std::string_view key, std::string_view folder) {
  constexpr std::size_t kId = Uuid::kTextSize;
  if (!key.starts_with(folder)) return std::nullopt;
  key.remove_prefix(folder.size());
  if (key.size() <= 2 * (kId + 1) || key[kId] != '/' || key[2 * kId + 1] != '/') return std::nullopt;
  const auto workspace = Uuid::parse(key.substr(0, kId));
  const auto operation = Uuid::parse(key.substr(kId + 1, kId));
  std::string_view name = key.substr(2 * (kId + 1));
  const bool meta = name.ends_with(kMetaSuffix);
  if (meta) name.remove_suffix(kMetaSuffix.size());
  if (!workspace || !operation || name != kArchiveName) return std::nullopt;
  return ArchiveKey{*workspace, *operation, meta};
}

std::optional<Uuid> parse_marker_key(std::string_view key, std::string_view folder) {
  constexpr std::size_t kId = Uuid::kTextSize;
  if (!key.starts_with(folder)) return std::nullopt;
  key.remove_prefix(folder.size());
  if (key.size() <= kId || key[kId] != '/' || key.substr(kId + 1) != kRestoreMarkerName) return std::nullopt;
  return Uuid::parse(key.substr(0, kId));
}

}  // namespace hearth::orchestrator
