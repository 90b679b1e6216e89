#include "orchestrator/store/workspace_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "orchestrator/store/workspace_columns.h"

namespace hearth::orchestrator {

namespace {

// Whoever lets a workspace run holds this lock until its transaction ends.
constexpr std::string_view kLimitLock = "SELECT pg_advisory_xact_lock(1212502612, 1)";

template <class T>
PgParam optional_param(const std::optional<T>& value) {
  return value ? pg(*value) : pg_null();
}

Result<std::optional<Workspace>> decode_one(const PgResult& result) {
  if (result.rows() == 0) return std::optional<Workspace>();
  return decode_workspace(result, 0).map([](Workspace&& row) { return std::optional(std::move(row)); });
}

PgCallback one_row(UniqueFunction<void(Result<std::optional<Workspace>>)> done) {
  return [done = std::move(done)](Result<PgResult> result) mutable { done(std::move(result).and_then(decode_one)); };
}

PgCallback many_rows(UniqueFunction<void(Result<std::vector<Workspace>>)> done) {
  return [done = std::move(done)](Result<PgResult> result) mutable {
    done(std::move(result).and_then([](const PgResult& rows) { return decode_workspaces(rows); }));
  };
}

Result<Listing<Workspace>> decode_listing(const PgResult& result) {
  Listing<Workspace> listing;
  for (std::size_t row = 0; row < result.rows(); ++row) {
    listing.total = result.number(row, 0);
    if (result.is_null(row, 1)) continue;
    Result<Workspace> workspace = decode_workspace(result, row, 1);
    if (!workspace) return tl::unexpected(std::move(workspace.error()));
    listing.items.push_back(std::move(*workspace));
  }
  return listing;
}

std::optional<LimitHit> judge_limits(const PgResult& running, const RunningLimits& limits) {
  std::vector<RunningRow> mine;
  for (std::size_t row = 0; row < running.rows(); ++row) {
    if (!running.flag(row, 3)) continue;
    mine.push_back({running.uuid(row, 0), std::string(running.text(row, 1)),
                    parse_phase(running.text(row, 2)).value_or(Phase::pending)});
  }
  if (mine.size() >= limits.per_user) {
    const auto current = static_cast<unsigned>(mine.size());
    return LimitHit{true, limits.per_user, current, std::move(mine)};
  }
  if (running.rows() >= limits.total) {
    return LimitHit{false, limits.total, static_cast<unsigned>(running.rows()), std::move(mine)};
  }
  return std::nullopt;
}

struct Assignments {
  std::vector<std::string> list;
  std::vector<PgParam> params;

  void add(std::string_view column, PgParam value) {
    params.push_back(std::move(value));
    list.push_back(fmt::format("{} = ${}", column, params.size()));
  }
};

PgStatement change_statement(const Uuid& id, const WorkspaceChange& change) {
  Assignments set;
  set.params.push_back(pg(id));
  if (change.name) set.add("name", pg(*change.name));
  if (change.description) set.add("description", pg(*change.description));
  if (change.memo) set.add("memo", pg(*change.memo));
  if (change.image_ref) set.add("image_ref", pg(*change.image_ref));
  if (change.desired) set.add("desired_state", pg(name(*change.desired)));
  if (change.standby_ttl_seconds) set.add("standby_ttl_seconds", optional_param(*change.standby_ttl_seconds));
  if (change.archive_ttl_seconds) set.add("archive_ttl_seconds", optional_param(*change.archive_ttl_seconds));
  return {fmt::format("UPDATE workspaces SET {} WHERE id = $1 AND deleted_at IS NULL RETURNING {}",
                      fmt::join(set.list, ", "), workspace_columns()),
          std::move(set.params)};
}

}  // namespace

bool WorkspaceChange::empty() const {
  return !name && !description && !memo && !image_ref && !desired && !standby_ttl_seconds && !archive_ttl_seconds;
}

void WorkspaceStore::get(const Uuid& id, Done<std::optional<Workspace>> done) {
  pool_.query(
      {fmt::format("SELECT {} FROM workspaces WHERE id = $1 AND deleted_at IS NULL", workspace_columns()), {pg(id)}},
      one_row(std::move(done)));
}

void WorkspaceStore::list(const Uuid& owner, std::int64_t limit, std::int64_t offset, Done<Listing<Workspace>> done) {
  pool_.query(
      {fmt::format("WITH page AS (SELECT {0} FROM workspaces WHERE owner_user_id = $1 AND deleted_at IS NULL "
                   "ORDER BY created_at DESC, id LIMIT $2 OFFSET $3) "
                   "SELECT t.total, {1} FROM (SELECT count(*) AS total FROM workspaces "
                   "WHERE owner_user_id = $1 AND deleted_at IS NULL) t LEFT JOIN page ON true "
                   "ORDER BY page.created_at DESC, page.id",
                   workspace_columns(), workspace_columns("page")),
       {pg(owner), pg(limit), pg(offset)}},
      [done = std::move(done)](Result<PgResult> result) mutable { done(std::move(result).and_then(decode_listing)); });
}

void WorkspaceStore::list_live(Done<std::vector<Workspace>> done) {
  pool_.query({fmt::format("SELECT {} FROM workspaces WHERE deleted_at IS NULL", workspace_columns()), {}},
              many_rows(std::move(done)));
}

void WorkspaceStore::read(const std::vector<Uuid>& ids, Done<std::vector<Workspace>> done) {
  pool_.query(
      {fmt::format("SELECT {} FROM workspaces WHERE id = ANY($1::uuid[])", workspace_columns()), {pg_array(ids)}},
      many_rows(std::move(done)));
}

void WorkspaceStore::create(const NewWorkspace& w, Done<RunOutcome> done) {
  PgStatement insert{
      fmt::format("INSERT INTO workspaces (owner_user_id, name, description, memo, image_ref, desired_state, "
                  "standby_ttl_seconds, archive_ttl_seconds, last_access_at) "
                  "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now()) RETURNING {}",
                  workspace_columns()),
      {pg(w.owner), pg(w.name), pg(w.description), pg(w.memo), pg(w.image_ref), pg(name(w.desired)),
       optional_param(w.standby_ttl_seconds), optional_param(w.archive_ttl_seconds)}};
  if (w.desired == DesiredState::running) {
    run_within_limits(w.owner, Uuid{}, std::move(insert), std::move(done));
  } else {
    write_one(std::move(insert), std::move(done));
  }
}

void WorkspaceStore::change(const Uuid& id, const Uuid& owner, const WorkspaceChange& change, Done<RunOutcome> done) {
  PgStatement update = change_statement(id, change);
  if (change.desired == DesiredState::running) {
    run_within_limits(owner, id, std::move(update), std::move(done));
  } else {
    write_one(std::move(update), std::move(done));
  }
}

void WorkspaceStore::wake(const Uuid& id, const Uuid& owner, Done<RunOutcome> done) {
  WorkspaceChange up;
  up.desired = DesiredState::running;
  change(id, owner, up, std::move(done));
}

void WorkspaceStore::remove(const Uuid& id, Done<std::optional<Workspace>> done) {
  pool_.query({fmt::format("UPDATE workspaces SET deleted_at = now(), desired_state = 'DELETED' "
                           "WHERE id = $1 AND deleted_at IS NULL RETURNING {}",
                           workspace_columns()),
               {pg(id)}},
              one_row(std::move(done)));
}

void WorkspaceStore::recover(const Uuid& id, bool start_empty, Done<std::optional<Workspace>> done) {
  pool_.query(
      {fmt::format("UPDATE workspaces SET error_reason = '', error_message = '', error_count = 0, "
                   "next_retry_at = NULL, "
                   "archive_key = CASE WHEN $2::boolean THEN '' ELSE archive_key END, "
                   "volume_name = CASE WHEN error_reason = 'DataLost' AND ($2::boolean OR archive_key <> '') AND NOT "
                   "conditions->'conditions' @> '[{{\"type\": \"VolumePresent\", \"status\": \"True\"}}]' "
                   "THEN '' ELSE volume_name END "
                   "WHERE id = $1 AND deleted_at IS NULL AND phase = 'ERROR' AND operation = 'NONE' RETURNING {}",
                   workspace_columns()),
       {pg(id), pg(start_empty)}},
      one_row(std::move(done)));
}

void WorkspaceStore::run_within_limits(const Uuid& owner, const Uuid& except, PgStatement write,
                                       Done<RunOutcome> done) {
  struct Attempt {
    enum { locking, counting, writing } step = locking;
    PgStatement write;
    std::optional<LimitHit> limit;
  };
  auto attempt = std::make_shared<Attempt>();
  attempt->write = std::move(write);
  const PgStatement count{
      "SELECT id, name, phase, owner_user_id = $1 FROM workspaces WHERE deleted_at IS NULL "
      "AND (desired_state = 'RUNNING' OR phase = 'RUNNING') AND id <> $2 ORDER BY name",
      {pg(owner), pg(except)}};
  pool_.interactive_transaction(
      {std::string(kLimitLock), {}},
      [attempt, count, limits = limits_](const PgResult& previous) -> Result<std::optional<PgStatement>> {
        switch (attempt->step) {
          case Attempt::locking:
            attempt->step = Attempt::counting;
            return count;
          case Attempt::counting:
            attempt->step = Attempt::writing;
            attempt->limit = judge_limits(previous, limits);
            if (attempt->limit) return std::nullopt;
            return std::move(attempt->write);
          case Attempt::writing:
            break;
        }
        return std::nullopt;
      },
      [attempt, done = std::move(done)](Result<PgResult> result) mutable {
        if (!result) return done(tl::unexpected(std::move(result.error())));
        if (attempt->limit) return done(RunOutcome{std::nullopt, std::move(attempt->limit)});
        done(decode_one(*result).map([](std::optional<Workspace>&& row) {
          return RunOutcome{std::move(row), std::nullopt};
        }));
      });
}

void WorkspaceStore::write_one(PgStatement statement, Done<RunOutcome> done) {
  pool_.query(std::move(statement), one_row([done = std::move(done)](Result<std::optional<Workspace>> row) mutable {
                done(std::move(row).map([](std::optional<Workspace>&& found) {
                  return RunOutcome{std::move(found), std::nullopt};
                }));
              }));
}

}  // namespace hearth::orchestrator
