// ArchiveStore: what the coordinator sees of the archives in object storage (SPEC section 10). storage-job writes and
// reads them; here they are only listed and removed. Whatever is not below this deployment's prefix, or has no name of
// ours there, is neither listed nor touched.
//
// Thread: the orchestrator's loop. Calls have a deadline of the store's own and fail whole: an answer that is missing a
// page is no answer. Destroying the store silences what is under way. Errors: unavailable and timeout (try again),
// permission_denied, conflict (not the store that is expected), others.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "base/uuid.h"

namespace hearth::orchestrator {

// "<prefix>/<deployment>/<workspace>/<operation>/home.tar.zst"; without the first part when `prefix` is empty.
std::string archive_key(const std::string& prefix, const std::string& deployment, const Uuid& workspace,
                        const Uuid& operation);
// "<prefix>/<deployment>/.hearth_store"
std::string store_mark_key(const std::string& prefix, const std::string& deployment);
// "<prefix>/<deployment>/<workspace>/.restore_marker"
std::string restore_marker_key(const std::string& prefix, const std::string& deployment, const Uuid& workspace);

struct ObservedArchive {
  Uuid operation;
  std::string key;
  bool complete = false;  // data and .meta are both there
  bool operator==(const ObservedArchive&) const = default;
};

// What the last restoring that ended well has left (SPEC section 10).
struct RestoreMarker {
  Uuid operation;
  std::string archive_key;
  bool operator==(const RestoreMarker&) const = default;
};

struct WorkspaceArchives {
  std::vector<ObservedArchive> archives;
  std::optional<RestoreMarker> marker;  // only of the workspaces it was asked for
  bool operator==(const WorkspaceArchives&) const = default;
};

using ArchiveSnapshot = std::unordered_map<Uuid, WorkspaceArchives>;

// What the garbage collector must know of: an archive, whole or not, or a restore marker.
struct StoredArchive {
  Uuid workspace;
  std::optional<Uuid> operation;  // nullopt: a restore marker
  std::string key;                // for remove()
  bool operator==(const StoredArchive&) const = default;
};

// An upload of an archive or a marker that was begun and neither ended nor given up.
struct StoredUpload {
  Uuid workspace;
  std::optional<Uuid> operation;
  std::string key;
  std::string id;         // the store's name for it
  std::string initiated;  // ISO 8601, by the store's clock
  bool operator==(const StoredUpload&) const = default;
};

// The store's mark: an object in the deployment's folder that tells the store which the database knows from every other
// one, such as the empty directory where its file system should be mounted.
struct StoreMark {
  Uuid id;
  bool placed = false;  // by this call
};

class ArchiveStore {
 public:
  virtual ~ArchiveStore() = default;

  // Reads the mark. Where there is none a new one is placed; but if `holds_archives`, only where there is an archive
  // too. Error{conflict}: there is neither, or the mark cannot be understood.
  virtual void identify(bool holds_archives, UniqueFunction<void(Result<StoreMark>)> done) = 0;
  // From now on every other call but identify() reads the mark first and fails with conflict where it is not this one.
  virtual void expect(const Uuid& mark) = 0;

  // Everything below the deployment's prefix. Markers are read for the workspaces in `markers_of` only.
  virtual void observe(std::vector<Uuid> markers_of, UniqueFunction<void(Result<ArchiveSnapshot>)> done) = 0;
  // Every archive, with or without its .meta, and every restore marker; by key.
  virtual void list_all(UniqueFunction<void(Result<std::vector<StoredArchive>>)> done) = 0;
  virtual void list_uploads(UniqueFunction<void(Result<std::vector<StoredUpload>>)> done) = 0;
  // An archive: the `.meta` first, then the data; or a marker. What is absent already is success.
  // invalid_argument: the key is none of this deployment's.
  virtual void remove(const std::string& key, UniqueFunction<void(Result<void>)> done) = 0;
  virtual void abort_upload(const StoredUpload& upload, UniqueFunction<void(Result<void>)> done) = 0;
  // For /readyz: empty when the store answered last time.
  virtual std::string unready_reason() const = 0;
  // The key prefix of this store, for archive_key().
  virtual const std::string& prefix() const = 0;
};

}  // namespace hearth::orchestrator
