#include "orchestrator/store/change_log.h"

namespace hearth::orchestrator {

namespace {

// One row at least: the clock.
const char kSql[] =
    "SELECT clock.at, changed.id, changed.owner_user_id, changed.at AS changed_at, changed.gone"
    " FROM (SELECT statement_timestamp() AS at) clock LEFT JOIN ("
    "  SELECT id, owner_user_id, updated_at AS at, deleted_at IS NOT NULL AS gone FROM workspaces"
    "   WHERE updated_at >= coalesce($1::timestamptz, 'infinity')"
    "  UNION ALL"
    "  SELECT id, owner_user_id, purged_at, true FROM workspace_purges"
    "   WHERE purged_at >= coalesce($1::timestamptz, 'infinity')"
    "  LIMIT $2::bigint) changed ON true";

}  // namespace

void ChangeLog::read(std::optional<WallTime> since, Done done) {
  pool_.query({kSql, {since ? pg(*since) : pg_null(), pg(kLimit + 1)}}, [done = std::move(done)](
                                                                            Result<PgResult> result) mutable {
    if (!result) return done(tl::unexpected(std::move(result.error())));
    Changes changes;
    changes.now = result->time(0, 0);
    for (std::size_t row = 0; row < result->rows() && !result->is_null(row, 1); ++row) {
      changes.rows.push_back({result->uuid(row, 1), result->uuid(row, 2), result->time(row, 3), result->flag(row, 4)});
    }
    changes.too_many = changes.rows.size() > kLimit;
    done(std::move(changes));
  });
}

}  // namespace hearth::orchestrator
