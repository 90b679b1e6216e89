#include "orchestrator/gc/gc_store.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orchestrator/leader/leader.h"

namespace hearth::orchestrator::gc {
namespace {
constexpr std::size_t kAtOnce = 500;

std::string json_of(const std::vector<std::string>& names) {
  return nlohmann::json(names).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}
}  // namespace

void GcStore::rows(std::vector<Uuid> ids, Done<Rows> done) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  read_part(std::move(ids), {}, std::move(done));
}

void GcStore::read_part(std::vector<Uuid> ids, Rows found, Done<Rows> done) {
  if (ids.empty()) return done(std::move(found));
  const std::size_t size = std::min(ids.size(), kAtOnce);
  const std::vector<Uuid> part(ids.end() - static_cast<std::ptrdiff_t>(size), ids.end());
  ids.resize(ids.size() - size);
  session_.query(
      {"SELECT id, phase, operation, deleted_at IS NOT NULL, archive_key, archive_op_id, volume_name"
       " FROM workspaces WHERE id = ANY($1::uuid[])",
       {pg_array(part)}},
      [this, ids = std::move(ids), found = std::move(found), done = std::move(done)](Result<PgResult> result) mutable {
        if (!result) return done(fail(std::move(result.error())));
        for (std::size_t i = 0; i < result->rows(); ++i) {
          Row row = row_of(result->text(i, 1), result->text(i, 2));
          row.deleted = result->flag(i, 3);
          row.archive_key = result->text(i, 4);
          row.archive_op_id = result->optional_uuid(i, 5);
          row.volume_name = result->text(i, 6);
          found[result->uuid(i, 0)] = std::move(row);
        }
        read_part(std::move(ids), std::move(found), std::move(done));
      });
}

void GcStore::released(std::vector<std::string> names, Done<Names> done) {
  if (names.empty()) return done(Names{});
  session_.query({"SELECT name FROM released_resources WHERE name IN (SELECT jsonb_array_elements_text($1::jsonb))",
                  {pg(json_of(names))}},
                 [done = std::move(done)](Result<PgResult> result) mutable {
                   if (!result) return done(fail(std::move(result.error())));
                   Names found;
                   for (std::size_t i = 0; i < result->rows(); ++i) found.emplace(result->text(i, 0));
                   done(std::move(found));
                 });
}

void GcStore::forget_released(Milliseconds age, const std::vector<std::string>& but, Done<void> done) {
  write(
      "gone AS (DELETE FROM released_resources r"
      " WHERE r.released_at <= clock_timestamp() - $3::bigint * interval '1 millisecond'"
      " AND r.name NOT IN (SELECT jsonb_array_elements_text($4::jsonb)) AND (SELECT ok FROM fence) RETURNING 1),"
      " added AS (SELECT 1 WHERE false)",
      {pg(age.count()), pg(json_of(but))}, std::move(done));
}

void GcStore::candidates(Milliseconds delay, Done<std::vector<Candidate>> done) {
  session_.query(
      {"SELECT kind, name, first_seen_at, first_seen_at <= clock_timestamp() - $2::bigint * interval '1 millisecond'"
       " FROM gc_candidates WHERE deployment = $1 ORDER BY first_seen_at, kind, name",
       {pg(deployment_), pg(delay.count())}},
      [done = std::move(done)](Result<PgResult> result) mutable {
        if (!result) return done(fail(std::move(result.error())));
        std::vector<Candidate> all;
        for (std::size_t i = 0; i < result->rows(); ++i) {
          if (const auto kind = parse_kind(result->text(i, 0)))
            all.push_back({*kind, std::string(result->text(i, 1)), result->time(i, 2), result->flag(i, 3)});
        }
        done(std::move(all));
      });
}

// `changes`: two CTEs, `gone` and `added`. Column 0 is whether the epoch is ours.
void GcStore::write(std::string changes, std::vector<PgParam> params, Done<void> done) {
  PgStatement statement{"WITH fence AS MATERIALIZED (SELECT " + epoch_fence(1, 2) + " AS ok), " + std::move(changes) +
                            " SELECT fence.ok, NULLIF((SELECT count(*) FROM gone) + (SELECT count(*) FROM added), 0)"
                            " FROM fence",
                        {pg(deployment_), pg(epoch_)}};
  for (PgParam& param : params) statement.params.push_back(std::move(param));
  session_.query(std::move(statement), [done = std::move(done)](Result<PgResult> result) mutable {
    if (!result) return done(fail(std::move(result.error())));
    if (result->rows() != 1 || !result->flag(0, 0))
      return done(
          fail(ErrorCode::stale, ErrorSource::database, "another leader has been elected: nothing was written"));
    done({});
  });
}

void GcStore::mark(Kind kind, const std::vector<std::string>& names, Done<void> done) {
  write(
      "seen AS (SELECT DISTINCT value AS name FROM jsonb_array_elements_text($4::jsonb)),"
      " gone AS (DELETE FROM gc_candidates c WHERE c.deployment = $1 AND c.kind = $3"
      " AND NOT EXISTS (SELECT FROM seen WHERE seen.name = c.name) AND (SELECT ok FROM fence) RETURNING 1),"
      " added AS (INSERT INTO gc_candidates (deployment, kind, name, first_seen_at)"
      " SELECT $1, $3, seen.name, clock_timestamp() FROM seen WHERE (SELECT ok FROM fence)"
      " ON CONFLICT DO NOTHING RETURNING 1)",
      {pg(name(kind)), pg(json_of(names))}, std::move(done));
}

void GcStore::forget(Kind kind, const std::string& name, Done<void> done) {
  write(
      "gone AS (DELETE FROM gc_candidates c WHERE c.deployment = $1 AND c.kind = $3 AND c.name = $4"
      " AND (SELECT ok FROM fence) RETURNING 1),"
      " added AS (SELECT 1 WHERE false)",
      {pg(gc::name(kind)), pg(name)}, std::move(done));
}

}  // namespace hearth::orchestrator::gc
