// ArchiveMarkStore: which archive store this database knows (StoreMark). One leadership each; thread: the loop's.
// Errors: stale when the epoch is not ours any more (nothing was written), others as PgConnection's.
#pragma once

#include <optional>
#include <string>

#include "base/uuid.h"
#include "orchestrator/store/coordinator_store.h"

namespace hearth::orchestrator {

class ArchiveMarkStore {
 public:
  struct Known {
    std::optional<Uuid> mark;     // nullopt: none has been met yet
    bool holds_archives = false;  // there are workspaces whose files are archives
  };

  ArchiveMarkStore(LeaderSession& session, std::string deployment, std::int64_t epoch)
      : session_(session), deployment_(std::move(deployment)), epoch_(epoch) {}

  void read(UniqueFunction<void(Result<Known>)> done);
  void save(const Uuid& mark, UniqueFunction<void(Result<void>)> done);

 private:
  LeaderSession& session_;
  std::string deployment_;
  std::int64_t epoch_;
};

}  // namespace hearth::orchestrator
