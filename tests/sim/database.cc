#include "sim/database.h"

#include <libpq-fe.h>

#include "sim/node.h"
#include "sim/virtual_time.h"

namespace hearth::sim {
namespace {

Error gone(ErrorCode code, std::string message) { return {code, ErrorSource::database, true, 0, std::move(message)}; }
bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The statement that sets it says how long.
std::optional<Milliseconds> silence_limit(const std::string& sql) {
  constexpr std::string_view kName = "set_config('idle_session_timeout', '";
  const std::size_t at = sql.find(kName);
  if (at == std::string::npos) return std::nullopt;
  return Milliseconds(std::strtoll(sql.c_str() + at + kName.size(), nullptr, 10));
}

// The server's clock is the machine's; where the garbage collector asks for it, it is told the simulator's.
void tell_the_time(PgStatement& statement) {
  constexpr std::string_view kClock = "clock_timestamp()";
  const std::size_t at = statement.sql.find(kClock);
  if (at == std::string::npos) return;
  statement.params.push_back(std::to_string(virtual_time::now_ns() / 1'000'000));
  statement.sql.replace(at, kClock.size(),
                        "to_timestamp($" + std::to_string(statement.params.size()) + "::double precision / 1000)");
}

}  // namespace

Session::Session(const std::string& conninfo) : connection_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(connection_) != CONNECTION_OK) {
    std::fprintf(stderr, "%s\n", PQerrorMessage(connection_));
    std::abort();
  }
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
}

Session::~Session() { PQfinish(connection_); }

Result<PgResult> Session::run(const PgStatement& statement) {
  PGresult* result = nullptr;
  if (statement.params.empty()) {
    result = PQexec(connection_, statement.sql.c_str());
  } else {
    const std::string name = std::to_string(std::hash<std::string>()(statement.sql));
    if (prepared_.insert(name).second) {
      PQclear(PQprepare(connection_, name.c_str(), statement.sql.c_str(), 0, nullptr));
    }
    std::vector<const char*> values;
    for (const PgParam& param : statement.params) values.push_back(param ? param->c_str() : nullptr);
    result =
        PQexecPrepared(connection_, name.c_str(), static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0);
  }
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return PgResult(result);
  std::string message = PQresultErrorMessage(result);
  PQclear(result);
  return fail(ErrorCode::internal, ErrorSource::database, std::move(message));
}

Database::Database(test::PostgresServer& server) : server_(server), name_(server.create_database()) {
  // The same statements must give the same rows in the same order in every run, whatever ran before.
  for (const char* setting : {"plan_cache_mode = force_generic_plan", "synchronous_commit = off"}) {
    server_.sql("postgres", "ALTER DATABASE " + name_ + " SET " + setting);
  }
  own_ = std::make_unique<Session>(server_.conninfo(name_));
  for (const Migration& step : migrations()) {
    if (const auto done = own_->run({std::string(step.sql), {}}); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      std::abort();
    }
  }
  sql("INSERT INTO users (username, password_hash) VALUES ('ada', 'x')");
  sql("ALTER TABLE workspaces SET (autovacuum_enabled = off)");
}

Database::~Database() = default;

void Database::reset() {
  sql("TRUNCATE workspaces, coordinator_epoch, workspace_purges, gc_candidates");
  epoch_ = 0;
  raised_at_ns_.clear();
  up = true;
  lock_is_broken = false;
}

std::string Database::sql(const std::string& text) {
  const Result<PgResult> result = own_->run({text, {}});
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", text.c_str(), result.error().message.c_str());
    std::abort();
  }
  return result->rows() > 0 && !result->is_null(0, 0) ? std::string(result->text(0, 0)) : "";
}

Result<PgResult> Database::query(PgStatement statement) { return own_->run(statement); }

std::optional<HomeRow> Database::home_row(const Uuid& workspace) {
  const Result<PgResult> found =
      own_->run({"SELECT deleted_at IS NOT NULL, archive_key, archive_op_id, volume_name FROM workspaces WHERE id = $1",
                 {pg(workspace)}});
  if (!found || found->rows() == 0) return std::nullopt;
  return HomeRow{found->flag(0, 0), std::string(found->text(0, 1)), found->optional_uuid(0, 2).value_or(Uuid{}),
                 std::string(found->text(0, 3))};
}

std::int64_t Database::superseded_at_ns(std::int64_t epoch) const {
  const auto next = raised_at_ns_.upper_bound(epoch);
  return next == raised_at_ns_.end() ? 0 : next->second;
}

std::unique_ptr<Session> Database::take_session() {
  if (spare_.empty()) return std::make_unique<Session>(server_.conninfo(name_));
  std::unique_ptr<Session> session = std::move(spare_.back());
  spare_.pop_back();
  return session;
}

void Database::give_back(std::unique_ptr<Session> session) {
  static_cast<void>(session->run({"SELECT pg_advisory_unlock_all()", {}}));
  spare_.push_back(std::move(session));
}

Result<PgResult> Database::run_for_leader(Session& session, PgStatement statement) {
  if (silence_limit(statement.sql)) return session.run({"SELECT 1", {}});
  if (contains(statement.sql, "gc_candidates")) tell_the_time(statement);
  const bool raises = contains(statement.sql, "INSERT INTO coordinator_epoch");
  const bool fenced = statement.sql.starts_with("WITH fence");
  if (lock_is_broken && contains(statement.sql, "pg_try_advisory_lock")) return session.run({"SELECT true", {}});
  std::int64_t written_under = 0;
  if (fenced) {
    written_under = std::stoll(*statement.params[1]);
    if (sim_->planted == Planted::no_epoch_check) statement.params[1] = std::to_string(epoch_);
  } else if (sim_->planted == Planted::no_epoch_check &&
             contains(statement.sql, "SELECT count(*) FROM coordinator_epoch")) {
    statement.params[1] = std::to_string(epoch_);
  }
  Result<PgResult> result = session.run(statement);
  if (!result) {
    sim_->check(false, [&] { return "a statement is wrong: " + result.error().message; });
    return result;
  }
  if (raises) {
    const std::int64_t raised = result->number(0, 0);
    sim_->check(raised > epoch_, [&] { return fmt::format("epoch {} after {}", raised, epoch_); });
    epoch_ = raised;
    raised_at_ns_[raised] = virtual_time::now_ns();
    sim_->say("database: epoch {}", epoch_);
  }
  if (fenced) {
    bool wrote = false;
    for (std::size_t i = 0; i < result->rows(); ++i) wrote |= !result->is_null(i, 1);
    sim_->check(!wrote || written_under == epoch_,
                [&] { return fmt::format("the leader of epoch {} wrote in epoch {}", written_under, epoch_); });
    sim_->check(result->rows() > 0, [&] { return "a fenced write answered nothing"; });
  }
  return result;
}

struct Link::State {
  State(Database& owner, std::unique_ptr<Session> taken) : database(owner), session(std::move(taken)) {}
  ~State() { end(); }
  void end() {
    if (session) database.give_back(std::move(session));
  }
  Database& database;
  std::unique_ptr<Session> session;  // null once the server has ended it
  std::int64_t used_at_ns = 0;
};

Link::Link(Simulation& simulation, Database& database, Node& node, PgConnection::Events events)
    : sim_(simulation), database_(database), node_(node), events_(std::move(events)) {
  connect_after(sim_.between(1, 20));
}

// The process is gone: the server hears of it, unless the network is cut as well.
Link::~Link() {
  *alive_ = false;
  if (state_) end_server_side(sim_, std::move(state_), node_.cut() ? sim_.between(1000, 5300) : sim_.between(0, 5));
}

void Link::end_server_side(Simulation& sim, std::shared_ptr<State> state, Milliseconds after) {
  sim.after(after, [state = std::move(state)] { state->end(); });
}

void Link::connect_after(Milliseconds delay) {
  sim_.after(delay, [this, alive = alive_] {
    if (!*alive) return;
    if (!database_.up || node_.cut() || sim_.fault("connect refused", 0.05)) {
      return node_.deliver([this, alive] {
        if (!*alive) return;
        events_.lost(gone(ErrorCode::unavailable, "simulated: cannot connect"));
        connect_after(sim_.between(100, 5000));
      });
    }
    auto state = std::make_shared<State>(database_, database_.take_session());
    node_.deliver([this, alive, state] {
      if (!*alive || !state->session) return;
      state_ = state;
      events_.connected();
    });
  });
}

void Link::query(PgStatement statement, PgCallback done) {
  if (!node_.may_act("statement")) return;
  if (!state_) {
    sim_.after(Milliseconds(0), [this, alive = alive_, done = std::make_shared<PgCallback>(std::move(done))] {
      if (!*alive) return;
      node_.deliver([done] { (*done)(fail(gone(ErrorCode::unavailable, "not connected"))); });
    });
    return;
  }
  queue_.push_back({std::move(statement), std::move(done), ++serial_});
  if (!sent_) send_next();
}

void Link::send_next() {
  if (queue_.empty() || !state_) return;
  sent_ = true;
  const std::shared_ptr<State> state = state_;
  const PgStatement statement = queue_.front().statement;
  const Mishap mishap = sim_.mishap(statement.sql.substr(0, 60));
  if (mishap == Mishap::death_before) return node_.kill("a statement");
  const bool lost_before = mishap == Mishap::error_before || sim_.fault("statement lost", 0.004);
  const bool lost_after =
      mishap == Mishap::error_after || mishap == Mishap::garbage || (!lost_before && sim_.fault("answer lost", 0.004));
  const bool slow = mishap == Mishap::timeout_before || sim_.fault("statement slow", 0.005);
  const bool slow_answer =
      mishap == Mishap::timeout_after || mishap == Mishap::slow || sim_.fault("answer slow", 0.005);
  const bool dies = mishap == Mishap::death_after;
  if (sim_.fault("statement refused", 0.004)) {  // a deadlock, a serialization failure, a full disk
    return sim_.after(Milliseconds(1), [this, alive = alive_, state] {
      if (!*alive) return;
      node_.deliver([this, alive, state] {
        if (!*alive || state_ != state) return;
        answered(fail(ErrorCode::internal, ErrorSource::database, "simulated: deadlock detected (SQLSTATE 40P01)"));
      });
    });
  }
  const std::uint64_t serial = queue_.front().serial;
  // Past this the connection is given up, as PgConnection does.
  sim_.after(Milliseconds(10000), [this, alive = alive_, serial] {
    if (!*alive || queue_.empty() || queue_.front().serial != serial) return;
    node_.deliver([this, alive, serial] {
      if (*alive && !queue_.empty() && queue_.front().serial == serial) broken("simulated: statement timeout");
    });
  });
  const Milliseconds there = slow ? sim_.between(500, 12000) : sim_.between(0, 1);
  const Milliseconds back = mishap == Mishap::timeout_after ? Milliseconds(11000)
                            : slow_answer                   ? sim_.between(500, 12000)
                                                            : sim_.between(0, 1);
  sim_.after(there, [this, &sim = sim_, &database = database_, alive = alive_, state, statement, lost_before,
                     lost_after, dies, back] {
    if (*alive && node_.cut()) return;  // a cut network says nothing
    if (!state->session || !database.up || lost_before) {
      if (*alive) reset(state, "simulated: connection reset");
      return;
    }
    state->used_at_ns = virtual_time::now_ns();
    if (const auto limit = silence_limit(statement.sql)) watch_silence(sim, state, *limit);
    // What was sent takes effect even when its sender is gone.
    auto result = std::make_shared<Result<PgResult>>(database.run_for_leader(*state->session, statement));
    if (!*alive) return;
    if (dies) return node_.kill("a statement's answer");
    sim_.after(back, [this, alive, state, result, lost_after] {
      if (!*alive || node_.cut()) return;
      if (lost_after) return reset(state, "simulated: connection reset after the statement");
      node_.deliver([this, alive, state, result] {
        if (*alive && state_ == state) answered(std::move(*result));
      });
    });
  });
}

// The server's idle_session_timeout, which would otherwise run on the machine's clock.
void Link::watch_silence(Simulation& sim, const std::shared_ptr<State>& state, Milliseconds limit) {
  const std::int64_t left = state->used_at_ns + limit.count() * 1'000'000 - virtual_time::now_ns();
  if (left <= 0) {
    sim.say("database: a session that was silent for {} ms is ended", limit.count());
    return state->end();
  }
  sim.after(Milliseconds(left / 1'000'000 + 1), [&sim, weak = std::weak_ptr(state), limit] {
    if (const auto there = weak.lock(); there && there->session) watch_silence(sim, there, limit);
  });
}

void Link::reset(const std::shared_ptr<State>& state, const char* reason) {
  node_.deliver([this, alive = alive_, state, reason] {
    if (*alive && state_ == state) broken(reason);
  });
}

void Link::answered(Result<PgResult> result) {
  PgCallback done = std::move(queue_.front().done);
  queue_.pop_front();
  sent_ = false;
  const std::shared_ptr<bool> alive = alive_;
  done(std::move(result));
  if (*alive && !sent_) send_next();
}

void Link::broken(const std::string& reason) {
  if (!state_) return;
  sim_.say("node {}: session lost: {}", node_.number(), reason);
  end_server_side(sim_, std::move(state_), node_.cut() ? sim_.between(1000, 5300) : sim_.between(0, 5));
  state_ = nullptr;
  std::deque<Waiting> lost;
  lost.swap(queue_);
  const bool sent = std::exchange(sent_, false);
  connect_after(sim_.between(100, 1000));
  const std::shared_ptr<bool> alive = alive_;
  events_.lost(gone(ErrorCode::unavailable, reason));
  bool first = sent;
  for (Waiting& waiting : lost) {
    if (!*alive) return;
    waiting.done(fail(gone(std::exchange(first, false) ? ErrorCode::timeout : ErrorCode::unavailable, reason)));
  }
}

void Link::drop(const std::string& reason) { broken(reason); }

}  // namespace hearth::sim
