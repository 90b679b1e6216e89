// Database: a real PostgreSQL, asked synchronously, so that the statements of the store are the real ones and the order
// is the simulator's. Link: a leader's session over a network that loses, delays and cuts.
#pragma once

#include <memory>
#include <unordered_set>

#include "orchestrator/leader/leader.h"
#include "orchestrator/store/migrations.h"
#include "sim/simulation.h"
#include "support/postgres.h"

typedef struct pg_conn PGconn;

namespace hearth::sim {

using namespace orchestrator;  // NOLINT: a program of tests

class Node;

struct HomeRow {
  bool deleted = false;
  std::string archive_key;
  Uuid archive_op_id;
  std::string volume_name;
};

// One backend. Given back, it holds no lock.
class Session {
 public:
  explicit Session(const std::string& conninfo);
  ~Session();
  Result<PgResult> run(const PgStatement& statement);

 private:
  PGconn* connection_;
  std::unordered_set<std::string> prepared_;
};

class Database {
 public:
  explicit Database(test::PostgresServer& server);
  ~Database();

  // An empty database for the next run.
  void reset();
  void attach(Simulation* simulation) { sim_ = simulation; }

  std::string sql(const std::string& text);  // first column of the first row
  Result<PgResult> query(PgStatement statement);
  std::optional<HomeRow> home_row(const Uuid& workspace);

  std::unique_ptr<Session> take_session();
  // The session is over for the server: its lock is free.
  void give_back(std::unique_ptr<Session> session);

  // A leader's statement arrives: watches the epoch and who writes under which.
  Result<PgResult> run_for_leader(Session& session, PgStatement statement);
  std::int64_t epoch() const { return epoch_; }
  // 0: it is the newest.
  std::int64_t superseded_at_ns(std::int64_t epoch) const;

  bool up = true;
  bool lock_is_broken = false;  // every candidate is told that it holds the lock

 private:
  test::PostgresServer& server_;
  std::string name_;
  std::unique_ptr<Session> own_;
  std::vector<std::unique_ptr<Session>> spare_;
  Simulation* sim_ = nullptr;
  std::int64_t epoch_ = 0;
  std::map<std::int64_t, std::int64_t> raised_at_ns_;
};

// The client's half of a session. Lives in its node; what is on its way outlives it.
class Link final : public LeaderLink {
 public:
  Link(Simulation& simulation, Database& database, Node& node, PgConnection::Events events);
  ~Link() override;

  bool connected() const override { return state_ != nullptr; }
  void query(PgStatement statement, PgCallback done) override;
  void drop(const std::string& reason) override;

 private:
  struct State;  // one connection
  static void watch_silence(Simulation& sim, const std::shared_ptr<State>& state, Milliseconds limit);
  void connect_after(Milliseconds delay);
  void send_next();
  void answered(Result<PgResult> result);
  void reset(const std::shared_ptr<State>& state, const char* reason);
  void broken(const std::string& reason);
  static void end_server_side(Simulation& sim, std::shared_ptr<State> state, Milliseconds after);

  Simulation& sim_;
  Database& database_;
  Node& node_;
  PgConnection::Events events_;
  std::shared_ptr<State> state_;
  struct Waiting {
    PgStatement statement;
    PgCallback done;
    std::uint64_t serial = 0;
  };
  std::deque<Waiting> queue_;
  bool sent_ = false;
  std::uint64_t serial_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hearth::sim
