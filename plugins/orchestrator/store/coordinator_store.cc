#include "orchestrator/store/coordinator_store.h"

#include <nlohmann/json.hpp>

#include "log/log.h"
#include "orchestrator/leader/leader.h"
#include "orchestrator/store/workspace_columns.h"

namespace hearth::orchestrator {
namespace {

constexpr std::size_t kPageRows = 500;

// Parameters 1 and 2 of every write are the deployment and the epoch.
constexpr char kSetPhase[] =
    "phase = $4, phase_changed_at = CASE WHEN w.phase = $4 THEN w.phase_changed_at ELSE clock_timestamp() END";
constexpr char kSameOperation[] =
    "w.id = $3 AND w.operation = $5 AND w.op_started_at IS NOT DISTINCT FROM $6::timestamptz";
constexpr char kForgetErrors[] = "error_reason = '', error_message = '', error_count = 0, next_retry_at = NULL";

PgParam optional_time(const std::optional<WallTime>& time) { return time ? pg(*time) : pg_null(); }

std::vector<PgParam> same_operation(const Workspace& seen, Phase phase) {
  return {pg(seen.id), pg(name(phase)), pg(name(seen.operation)), optional_time(seen.op_started_at)};
}

// Column 0 is whether the epoch is ours, the row follows; without any row changed there is one line of NULLs.
Result<std::vector<Workspace>> fenced_rows(Result<PgResult> result) {
  if (!result) return tl::unexpected(std::move(result.error()));
  std::vector<Workspace> rows;
  for (std::size_t i = 0; i < result->rows(); ++i) {
    if (!result->flag(i, 0)) {
      return fail(ErrorCode::stale, ErrorSource::database, "another leader has been elected: nothing was written");
    }
    if (result->is_null(i, 1)) continue;
    Result<Workspace> row = decode_workspace(*result, i, 1);
    if (!row) return tl::unexpected(std::move(row.error()));
    rows.push_back(std::move(*row));
  }
  return rows;
}

std::vector<Workspace> readable_rows(const PgResult& result) {
  std::vector<Workspace> rows;
  rows.reserve(result.rows());
  for (std::size_t i = 0; i < result.rows(); ++i) {
    Result<Workspace> row = decode_workspace(result, i, 0);
    if (row)
      rows.push_back(std::move(*row));
    else
      log::error("coordinator: a row is left alone: {}", row.error().message);
  }
  return rows;
}

CoordinatorStore::Rows at_most_one(CoordinatorStore::Row done) {
  return [done = std::move(done)](Result<std::vector<Workspace>> rows) mutable {
    if (!rows) return done(tl::unexpected(std::move(rows.error())));
    if (rows->empty()) return done(std::optional<Workspace>());
    done(std::optional<Workspace>(std::move(rows->front())));
  };
}

}  // namespace

LeaderSession session_of(Leader& leader) {
  return {
      [&leader](PgStatement statement, PgCallback done) { leader.link().query(std::move(statement), std::move(done)); },
      [&leader](UniqueFunction<void(Result<void>)> done) { leader.confirm(std::move(done)); }};
}

CoordinatorStore::CoordinatorStore(LeaderSession& session, std::string deployment, std::int64_t epoch)
    : session_(session), deployment_(std::move(deployment)), epoch_(epoch) {}

// `update` is "UPDATE workspaces w SET … WHERE …" or the like, with parameters from $3 on; the fence is appended.
void CoordinatorStore::write(std::string update, std::vector<PgParam> params, Rows done) {
  static const std::string head = "WITH fence AS MATERIALIZED (SELECT " + epoch_fence(1, 2) + " AS ok), changed AS (";
  static const std::string tail = " AND (SELECT ok FROM fence) RETURNING " + workspace_columns("w") +
                                  ") SELECT fence.ok, changed.* FROM fence LEFT JOIN changed ON true";
  PgStatement statement{head + update + tail, {pg(deployment_), pg(epoch_)}};
  for (PgParam& param : params) statement.params.push_back(std::move(param));
  session_.query(std::move(statement),
                 [done = std::move(done)](Result<PgResult> result) mutable { done(fenced_rows(std::move(result))); });
}

void CoordinatorStore::write_one(std::string update, std::vector<PgParam> params, Row done) {
  write(std::move(update), std::move(params), at_most_one(std::move(done)));
}

void CoordinatorStore::select(std::string where, std::vector<PgParam> params,
                              UniqueFunction<void(Result<PgResult>)> done) {
  session_.query({"SELECT " + workspace_columns("w") + " FROM workspaces w " + where, std::move(params)},
                 std::move(done));
}

// Ordered and limited, so that PostgreSQL walks an index whatever it believes about the rows. It believes that nearly
// all of them are not converged, and would read the whole table to find the few that are not.
void CoordinatorStore::select_page(std::string condition, const Uuid& after, PageRead done) {
  select("WHERE w.id > $1" + condition + " ORDER BY w.id LIMIT " + std::to_string(kPageRows), {pg(after)},
         [done = std::move(done)](Result<PgResult> result) mutable {
           if (!result) return done(tl::unexpected(std::move(result.error())));
           Page page{readable_rows(*result), {}};
           if (result->rows() == kPageRows) page.next = result->uuid(kPageRows - 1, 0);
           done(std::move(page));
         });
}

void CoordinatorStore::load_page(const Uuid& after, PageRead done) { select_page("", after, std::move(done)); }

void CoordinatorStore::load_attention(const Uuid& after, PageRead done) {
  select_page(
      " AND (w.phase <> w.desired_state OR w.operation <> 'NONE')"
      " AND NOT (w.phase = 'ERROR' AND w.error_reason <> '' AND w.deleted_at IS NULL)",
      after, std::move(done));
}

void CoordinatorStore::load(const std::vector<Uuid>& ids, Rows done) {
  select("WHERE w.id = ANY($1::uuid[])", {pg_array(ids)}, [done = std::move(done)](Result<PgResult> result) mutable {
    if (!result) return done(tl::unexpected(std::move(result.error())));
    done(readable_rows(*result));
  });
}

void CoordinatorStore::load(const Uuid& id, Row done) {
  select("WHERE w.id = $1", {pg(id)}, [done = at_most_one(std::move(done))](Result<PgResult> result) mutable {
    if (!result) return done(tl::unexpected(std::move(result.error())));
    done(decode_workspaces(*result));
  });
}

void CoordinatorStore::write_conditions(const std::vector<Observed>& changed, Rows done) {
  nlohmann::json list = nlohmann::json::array();
  for (const Observed& entry : changed) {
    list.push_back({{"id", entry.id.text()},
                    {"conditions", nlohmann::json::parse(encode_conditions(entry.conditions), nullptr, false)}});
  }
  write(
      "UPDATE workspaces w SET conditions = x.conditions, observed_at = clock_timestamp()"
      " FROM jsonb_to_recordset($3::jsonb) AS x(id uuid, conditions jsonb) WHERE w.id = x.id",
      {pg(list.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace))}, std::move(done));
}

void CoordinatorStore::claim_operations(const std::vector<Claim>& claims, Rows done) {
  const auto optional_id = [](const std::optional<Uuid>& id) {
    return id ? nlohmann::json(id->text()) : nlohmann::json(nullptr);
  };
  nlohmann::json list = nlohmann::json::array();
  for (const Claim& claim : claims) {
    list.push_back({{"id", claim.id.text()},
                    {"operation", name(claim.operation)},
                    {"phase", name(claim.phase)},
                    {"started", *pg(claim.now)},
                    {"desired", name(claim.desired)},
                    {"seen_volume", claim.seen_volume},
                    {"volume", claim.volume_name},
                    {"archive_op", optional_id(claim.archive_op_id)},
                    {"restore_op", optional_id(claim.restore_op_id)}});
  }
  write(
      "UPDATE workspaces w SET operation = x.operation, op_started_at = x.started, volume_name = x.volume,"
      " archive_op_id = COALESCE(x.archive_op, w.archive_op_id),"
      " restore_op_id = COALESCE(x.restore_op, w.restore_op_id), phase = x.phase,"
      " phase_changed_at = CASE WHEN w.phase = x.phase THEN w.phase_changed_at ELSE clock_timestamp() END"
      " FROM jsonb_to_recordset($3::jsonb) AS x(id uuid, operation text, phase text, started timestamptz, desired text,"
      " seen_volume text, volume text, archive_op uuid, restore_op uuid)"
      " WHERE w.id = x.id AND w.operation = 'NONE' AND w.desired_state = x.desired AND w.volume_name = x.seen_volume",
      {pg(list.dump())}, std::move(done));
}

void CoordinatorStore::complete_operations(const std::vector<Completion>& completions, Rows done) {
  nlohmann::json list = nlohmann::json::array();
  for (const Completion& completion : completions) {
    const PgParam started = optional_time(completion.op_started_at);
    list.push_back({{"id", completion.id.text()},
                    {"operation", name(completion.operation)},
                    {"started", started ? nlohmann::json(*started) : nlohmann::json(nullptr)},
                    {"phase", name(completion.phase)},
                    {"volume", completion.volume_name}});
  }
  write(std::string("UPDATE workspaces w SET operation = 'NONE', op_started_at = NULL, volume_name = x.volume, ") +
            kForgetErrors +
            ", phase = x.phase,"
            " phase_changed_at = CASE WHEN w.phase = x.phase THEN w.phase_changed_at ELSE clock_timestamp() END"
            " FROM jsonb_to_recordset($3::jsonb) AS x(id uuid, operation text, started timestamptz, phase text,"
            " volume text)"
            " WHERE w.id = x.id AND w.operation = x.operation AND w.op_started_at IS NOT DISTINCT FROM x.started",
        {pg(list.dump())}, std::move(done));
}

void CoordinatorStore::record_archive(const Workspace& seen, const std::string& key, Phase phase, Row done) {
  std::vector<PgParam> params = same_operation(seen, phase);
  params.push_back(pg(key));
  params.push_back(seen.archive_op_id ? pg(*seen.archive_op_id) : pg_null());
  write_one(std::string("UPDATE workspaces w SET archive_key = $7, ") + kSetPhase + " WHERE " + kSameOperation +
                " AND w.archive_op_id = $8",
            std::move(params), std::move(done));
}

void CoordinatorStore::record_phase(const Workspace& seen, Phase phase, Row done) {
  write_one(std::string("UPDATE workspaces w SET ") + kSetPhase + " WHERE " + kSameOperation,
            same_operation(seen, phase), std::move(done));
}

void CoordinatorStore::record_failure(const Workspace& seen, const Decision& failure, Row done) {
  std::vector<PgParam> params = same_operation(seen, failure.phase);
  for (PgParam& param : std::vector<PgParam>{
           pg(name(failure.reason)), pg(failure.message), pg(static_cast<std::int64_t>(failure.error_count)),
           optional_time(failure.retry_at), pg(failure.drop_volume_name ? std::string_view() : seen.volume_name)}) {
    params.push_back(std::move(param));
  }
  write_one(std::string("UPDATE workspaces w SET operation = 'NONE', op_started_at = NULL, error_reason = $7,"
                        " error_message = $8, error_count = $9::integer, next_retry_at = $10::timestamptz,"
                        " volume_name = $11, ") +
                kSetPhase + " WHERE " + kSameOperation,
            std::move(params), std::move(done));
}

void CoordinatorStore::record_retry(const Workspace& seen, const Decision& retry, Row done) {
  std::vector<PgParam> params = same_operation(seen, retry.phase);
  params.push_back(pg(retry.message));
  params.push_back(pg(static_cast<std::int64_t>(retry.error_count)));
  params.push_back(optional_time(retry.retry_at));
  write_one(std::string("UPDATE workspaces w SET error_reason = '', error_message = $7, error_count = $8::integer,"
                        " next_retry_at = $9::timestamptz, ") +
                kSetPhase + " WHERE " + kSameOperation,
            std::move(params), std::move(done));
}

void CoordinatorStore::settle(const Workspace& seen, Phase phase, Row done) {
  write_one(std::string("UPDATE workspaces w SET ") + kForgetErrors + ", " + kSetPhase + " WHERE " + kSameOperation,
            same_operation(seen, phase), std::move(done));
}

void CoordinatorStore::purge(const Workspace& seen, Row done) {
  write_one("DELETE FROM workspaces w WHERE w.id = $3 AND w.operation = 'DELETING' AND w.deleted_at IS NOT NULL",
            {pg(seen.id)}, std::move(done));
}

}  // namespace hearth::orchestrator
