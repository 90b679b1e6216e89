// What the database itself can tell about changes, for those who may have missed notices: rows by their updated_at, and
// rows that were deleted for good (table workspace_purges, which remembers them for an hour). Thread: the pool's loop.
#pragma once

#include <optional>
#include <vector>

#include "clients/pg.h"

namespace hearth::orchestrator {

struct ChangedRow {
  Uuid id;
  Uuid owner;
  WallTime updated_at{};
  bool gone = false;  // deleted_at is set, or purged
};

struct Changes {
  WallTime now{};  // the database's clock when it was asked
  std::vector<ChangedRow> rows;
  bool too_many = false;  // more than ChangeLog::kLimit: `rows` is not all
};

class ChangeLog {
 public:
  static constexpr std::size_t kLimit = 10000;
  using Done = UniqueFunction<void(Result<Changes>)>;

  explicit ChangeLog(PgPool& pool) : pool_(pool) {}

  // Changes stamped `since` or later, by the database's clock; nullopt: only what time it is there. A change is stamped
  // before it is committed, so `since` has to reach back further than a transaction lasts.
  void read(std::optional<WallTime> since, Done done);

 private:
  PgPool& pool_;
};

}  // namespace hearth::orchestrator
