// What ObjectArchiveStore asks of an ObjectStore, as calls that block. Any thread.
#pragma once

#include <functional>

#include "object_store/object_store.h"
#include "orchestrator/archives/archive_store.h"

namespace hearth::orchestrator {

// "<prefix>/<deployment>/"; without the first part when `prefix` is empty.
std::string archive_folder(const std::string& prefix, const std::string& deployment);

// The last part of the keys.
inline constexpr std::string_view kArchiveName = "home.tar.zst";
inline constexpr std::string_view kRestoreMarkerName = ".restore_marker";
inline constexpr std::string_view kStoreMarkName = ".hearth_store";

// Every key below `folder`, page by page; an error as soon as one page is missing.
Result<void> for_each_object(object_store::ObjectStore& store, const std::string& folder,
                             const std::function<void(const std::string& key)>& visit);

// As ArchiveStore's calls.
Result<std::vector<StoredArchive>> list_archives(object_store::ObjectStore& store, const std::string& prefix,
                                                 const std::string& deployment);
Result<std::vector<StoredUpload>> list_open_uploads(object_store::ObjectStore& store, const std::string& prefix,
                                                    const std::string& deployment);
Result<void> remove_archive(object_store::ObjectStore& store, const std::string& prefix, const std::string& deployment,
                            const std::string& key);

// ArchiveStore::identify(), and what its other calls begin with.
Result<StoreMark> identify_store(object_store::ObjectStore& store, const std::string& prefix,
                                 const std::string& deployment, bool holds_archives);
Result<void> check_store_mark(object_store::ObjectStore& store, const std::string& prefix,
                              const std::string& deployment, const Uuid& expected);

}  // namespace hearth::orchestrator
