#include "orchestrator/store/archive_mark_store.h"

#include "orchestrator/leader/leader.h"

namespace hearth::orchestrator {

void ArchiveMarkStore::read(UniqueFunction<void(Result<Known>)> done) {
  session_.query({"SELECT (SELECT mark FROM archive_stores WHERE deployment = $1),"
                  " EXISTS (SELECT FROM workspaces WHERE archive_key <> '')",
                  {pg(deployment_)}},
                 [done = std::move(done)](Result<PgResult> result) mutable {
                   if (!result) return done(fail(std::move(result.error())));
                   done(Known{result->optional_uuid(0, 0), result->flag(0, 1)});
                 });
}

void ArchiveMarkStore::save(const Uuid& mark, UniqueFunction<void(Result<void>)> done) {
  static const std::string sql = "WITH fence AS MATERIALIZED (SELECT " + epoch_fence(1, 2) +
                                 " AS ok), saved AS ("
                                 "INSERT INTO archive_stores (deployment, mark) SELECT $1, $3 FROM fence WHERE ok"
                                 " ON CONFLICT (deployment) DO UPDATE SET mark = excluded.mark, since = excluded.since"
                                 " RETURNING 1) SELECT fence.ok, saved.* FROM fence LEFT JOIN saved ON true";
  session_.query({sql, {pg(deployment_), pg(epoch_), pg(mark)}},
                 [done = std::move(done)](Result<PgResult> result) mutable {
                   if (!result) return done(fail(std::move(result.error())));
                   if (result->rows() != 1 || !result->flag(0, 0))
                     return done(fail(ErrorCode::stale, ErrorSource::database,
                                      "another leader has been elected: nothing was written"));
                   done({});
                 });
}

}  // namespace hearth::orchestrator
