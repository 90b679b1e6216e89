#include "sim/node.h"

#include <limits>

#include "sim/engine.h"
#include "sim/store.h"
#include "sim/virtual_time.h"

namespace hearth::sim {

Node::Node(int number, Simulation& simulation, Database& database, World& world, const OrchestratorSettings& settings)
    : number_(number), sim_(simulation), database_(database) {
  engine_ = std::make_unique<Engine>(simulation, world, *this);
  store_ = std::make_unique<Store>(simulation, world, *this);
  Leader::Events events;
  events.elected = [this](std::int64_t epoch) {
    sim_.say("node {}: leads, epoch {}", number_, epoch);
    last_epoch_ = epoch;
    coordinator_->elected(epoch);
  };
  events.deposed = [this](std::string_view reason) {
    sim_.say("node {}: deposed: {}", number_, reason);
    coordinator_->deposed();
  };
  leader_ = std::make_unique<Leader>(
      loop_,
      [this, &database](PgConnection::Events link_events) -> std::unique_ptr<LeaderLink> {
        return std::make_unique<Link>(sim_, database, *this, std::move(link_events));
      },
      settings.deployment, std::move(events));
  coordinator_ = std::make_unique<Coordinator>(loop_, settings, session(world), *engine_, *store_);
}

LeaderSession Node::session(World& world) {
  LeaderSession real = session_of(*leader_);
  if (sim_.planted == Planted::gc_forgets_operations) {
    // The mistake: only what archive_key names is spared, not what an operation under way is making.
    return {[query = std::move(real.query)](PgStatement statement, PgCallback done) mutable {
              constexpr std::string_view kColumn = "archive_key, archive_op_id, volume_name FROM workspaces WHERE";
              if (const std::size_t at = statement.sql.find(kColumn); at != std::string::npos) {
                statement.sql.replace(at + 13, 13, "NULL::uuid");
              }
              query(std::move(statement), std::move(done));
            },
            std::move(real.confirm)};
  }
  if (sim_.planted != Planted::volume_before_record) return real;
  // The mistake: the volume goes as soon as its archive is there, and the row hears of the archive afterwards.
  return {[this, &world, query = std::move(real.query)](PgStatement statement, PgCallback done) mutable {
            if (statement.sql.find("SET archive_key = $7") != std::string::npos) {
              const Uuid workspace = *Uuid::parse(*statement.params[2]);
              if (const auto row = database_.home_row(workspace)) {
                static_cast<void>(world.remove_job(row->archive_op_id));
                static_cast<void>(world.remove_volume(row->volume_name));
              }
            }
            query(std::move(statement), std::move(done));
          },
          std::move(real.confirm)};
}

Node::~Node() {
  dead_ = true;
  *handle_ = nullptr;
  coordinator_.reset();
  leader_.reset();
  loop_.flush_deferred();
}

void Node::kill(const char* where) {
  if (dead_) return;
  sim_.say("node {}: killed at {}", number_, where);
  dead_ = true;
  *handle_ = nullptr;
}

void Node::pause() {
  sim_.say("node {}: stopped", number_);
  paused_ = true;
}

void Node::resume() {
  sim_.say("node {}: goes on", number_);
  paused_ = false;
  run();
  for (auto& what : std::exchange(mailbox_, {})) deliver(std::move(what));
}

bool Node::may_act(const char* what) {
  if (dead_) return false;
  if (sim_.fault("killed at a call", 0.001)) kill(what);
  return !dead_;
}

// The epoch is confirmed before each such call, and an answer older than the statement timeout is none.
void Node::check_still_entitled(const std::string& what) {
  const std::int64_t superseded = database_.superseded_at_ns(last_epoch_);
  constexpr std::int64_t kBound = 11'000'000'000;
  sim_.check(superseded == 0 || virtual_time::now_ns() - superseded < kBound, [&] {
    return fmt::format("node {}, deposed {} ms ago, calls: {}", number_,
                       (virtual_time::now_ns() - superseded) / 1'000'000, what);
  });
}

void Node::deliver(std::function<void()> what) {
  if (dead_) return;
  if (sim_.fault("killed at an answer", 0.0005)) return kill("an answer");
  if (paused_) return mailbox_.push_back(std::move(what));
  uv_update_time(loop_.raw());
  what();
}

void Node::hint(const Uuid& workspace) {
  deliver([this, workspace] { coordinator_->hint(workspace); });
}

void Node::engine_event() {
  deliver([this] { engine_->event(); });
}

void Node::run() {
  if (dead_ || paused_) return;
  uv_run(loop_.raw(), UV_RUN_NOWAIT);
  loop_.flush_deferred();
}

std::int64_t Node::next_timer_ns() {
  if (dead_ || paused_) return std::numeric_limits<std::int64_t>::max();
  uv_update_time(loop_.raw());
  const int wait = uv_backend_timeout(loop_.raw());
  if (wait < 0) return std::numeric_limits<std::int64_t>::max();
  // libuv counts whole milliseconds.
  const std::int64_t now_ms = virtual_time::now_ns() / 1'000'000;
  return (now_ms + wait) * 1'000'000;
}

}  // namespace hearth::sim
