#include "sim/scenario.h"

#include <algorithm>
#include <limits>

#include "sim/virtual_time.h"

namespace hearth::sim {
namespace {

constexpr Milliseconds kTroubleFor{90000};
constexpr Milliseconds kPeaceAtMost{900000};

// As WorkspaceStore::recover() writes it.
constexpr char kRecover[] =
    "UPDATE workspaces SET error_reason = '', error_message = '', error_count = 0, next_retry_at = NULL,"
    " volume_name = CASE WHEN error_reason = 'DataLost' AND archive_key <> '' AND NOT"
    " conditions->'conditions' @> '[{\"type\": \"VolumePresent\", \"status\": \"True\"}]' THEN '' ELSE volume_name END"
    " WHERE phase = 'ERROR' AND operation = 'NONE' AND deleted_at IS NULL RETURNING id";

}  // namespace

Scenario::Scenario(Simulation& simulation, Database& database)
    : sim_(simulation), database_(database), world_(simulation, database) {
  settings_.max_parallel_operations = static_cast<unsigned>(sim_.rng.between(1, 4));
  settings_.gc_interval = sim_.between(500, 8000);
  settings_.gc_orphan_delay = sim_.between(100, 8000);
  settings_.gc_max_deletes = static_cast<unsigned>(sim_.rng.between(1, 5));
  nodes_.resize(static_cast<std::size_t>(sim_.rng.between(1, 3)));
  world_.changed = [this] {
    if (sim_.fault("engine event lost", 0.3)) return;
    for (auto& node : nodes_) {
      if (!node) continue;
      sim_.after(sim_.between(0, 20), [handle = node->handle()] {
        if (Node* there = *handle) there->engine_event();
      });
    }
  };
}

// Lets time pass: whoever is due runs, in an order that depends on the seed alone.
void Scenario::run_for(Milliseconds time, const std::function<bool()>& until) {
  const std::int64_t end = virtual_time::now_ns() + time.count() * 1'000'000;
  std::int64_t looked_at = 0;
  while (virtual_time::now_ns() < end && !sim_.failed()) {
    sim_.run_due();
    std::int64_t next = std::min(end, sim_.next_event_ns());
    for (auto& node : nodes_) {
      if (!node) continue;
      node->run();
      if (node->dead()) {
        node.reset();
        const std::size_t index = static_cast<std::size_t>(&node - nodes_.data());
        sim_.after(sim_.between(100, 8000), [this, index] { start_node(index); });
        continue;
      }
      next = std::min(next, node->next_timer_ns());
    }
    virtual_time::advance_to(std::min(next, sim_.next_event_ns()));
    if (virtual_time::now_ns() - looked_at > 500'000'000) {
      looked_at = virtual_time::now_ns();
      if (until()) return;
    }
  }
}

void Scenario::start_node(std::size_t index) {
  if (nodes_[index]) return;
  nodes_[index] = std::make_unique<Node>(static_cast<int>(index), sim_, database_, world_, settings_);
  sim_.say("node {}: starts", index);
}

// A notification, which may get lost, and may come twice.
void Scenario::hint(const Uuid& workspace) {
  for (auto& node : nodes_) {
    if (!node) continue;
    const int times = sim_.fault("notification lost", 0.3) ? 0 : sim_.fault("notification twice", 0.1) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      sim_.after(sim_.between(0, 50), [handle = node->handle(), workspace] {
        if (Node* there = *handle) there->hint(workspace);
      });
    }
  }
}

void Scenario::create_home() {
  static constexpr const char* kFirst[] = {"RUNNING", "RUNNING", "STANDBY", "ARCHIVED"};
  Home home;
  home.id = Uuid::random();
  home.desired = kFirst[sim_.rng.next() % 4];
  database_.sql("INSERT INTO workspaces (id, owner_user_id, name, desired_state) SELECT '" + home.id.text() +
                "', id, 'w" + std::to_string(homes_.size()) + "', '" + home.desired + "' FROM users LIMIT 1");
  sim_.say("owner: {} made, wants {}", home.id.text(), home.desired);
  homes_.push_back(home);
  hint(home.id);
  live_in(homes_.size() - 1);
}

void Scenario::want(Home& home, const std::string& desired) {
  home.desired = desired;
  sim_.say("owner: {} wants {}", home.id.text(), desired);
  database_.sql("UPDATE workspaces SET desired_state = '" + desired + "'" +
                (desired == "DELETED" ? ", deleted_at = now()" : "") + " WHERE id = '" + home.id.text() +
                "' AND deleted_at IS NULL");
  hint(home.id);
}

void Scenario::live_in(std::size_t index) {
  sim_.after(sim_.between(500, 12000), [this, index] {
    Home& home = homes_[index];
    if (!sim_.faults || home.desired == "DELETED") return;
    // Work reaches a home only through the gateway, which sends it to what is RUNNING.
    if (database_.sql("SELECT phase FROM workspaces WHERE id = '" + home.id.text() + "'") == "RUNNING") {
      world_.write_in(home.id);
    }
    static constexpr const char* kWishes[] = {"RUNNING", "STANDBY", "ARCHIVED"};
    if (sim_.rng.chance(0.02)) {
      want(home, "DELETED");
      if (homes_.size() < 6) create_home();
      return;
    }
    if (sim_.rng.chance(0.6)) want(home, kWishes[sim_.rng.next() % 3]);
    live_in(index);
  });
}

// An owner who reads "ERROR" presses "Try again".
void Scenario::recover_errors(Milliseconds every) {
  sim_.after(every, [this, every] {
    const Result<PgResult> rows =
        database_.query({"SELECT id, error_reason, error_message FROM workspaces WHERE phase = 'ERROR'", {}});
    for (std::size_t i = 0; rows && i < rows->rows(); ++i) {
      sim_.say("owner: {} is in ERROR {}: {}", rows->text(i, 0), rows->text(i, 1), rows->text(i, 2));
      sim_.check(rows->text(i, 1) != "DataLost" && rows->text(i, 1) != "ArchiveCorrupted", [&] {
        return fmt::format("{} in ERROR {}: {}", rows->text(i, 0), rows->text(i, 1), rows->text(i, 2));
      });
    }
    const Result<PgResult> recovered = database_.query({kRecover, {}});
    for (std::size_t i = 0; recovered && i < recovered->rows(); ++i) hint(recovered->uuid(i, 0));
    recover_errors(sim_.faults ? every : Milliseconds(5000));
  });
}

void Scenario::trouble() {
  sim_.after(sim_.between(500, 8000), [this] {
    if (!sim_.faults) return;
    const auto index = static_cast<std::size_t>(sim_.rng.next());
    Node* node = nodes_[index % nodes_.size()].get();
    if (node != nullptr && sim_.fault("node killed", 0.15)) node->kill("a random moment");
    if (node != nullptr && !node->paused() && sim_.fault("node stopped", 0.08)) {
      node->pause();
      sim_.after(sim_.between(500, 45000), [handle = node->handle()] {
        if (Node* there = *handle; there != nullptr && there->paused()) there->resume();
      });
    }
    if (node != nullptr && !node->cut() && sim_.fault("node cut off the database", 0.08)) {
      node->cut(true);
      sim_.after(sim_.between(500, 30000), [handle = node->handle()] {
        if (Node* there = *handle) there->cut(false);
      });
    }
    if (sim_.fault("database down", 0.05)) {
      database_.up = false;
      sim_.after(sim_.between(200, 15000), [this] { database_.up = true; });
    }
    if (nodes_.size() > 1 && sim_.fault("lock elects two", 0.06)) {
      database_.lock_is_broken = true;
      sim_.after(sim_.between(5000, 30000), [this] { database_.lock_is_broken = false; });
    }
    if (sim_.fault("engine down", 0.05)) {
      world_.engine_up = false;
      sim_.after(sim_.between(500, 20000), [this] { world_.engine_up = true; });
    }
    if (sim_.fault("store down", 0.08)) {
      world_.store_up = false;
      sim_.after(sim_.between(500, 60000), [this] { world_.store_up = true; });
    }
    if (!homes_.empty() && sim_.fault("container exits", 0.1)) {
      world_.crash_container(homes_[index % homes_.size()].id, static_cast<int>(sim_.rng.between(0, 137)));
    }
    if (sim_.fault("wall clock set", 0.05)) {
      virtual_time::set_wall_back_or_forth(sim_.rng.between(-7200, 7200) * 1'000'000'000);
    }
    world_.check_homes();
    trouble();
  });
}

void Scenario::heal() {
  sim_.say("peace");
  sim_.faults = false;
  database_.up = world_.engine_up = world_.store_up = true;
  database_.lock_is_broken = false;
  for (auto& node : nodes_) {
    if (!node) continue;
    node->cut(false);
    if (node->paused()) node->resume();
  }
}

bool Scenario::converged() { return what_is_left().empty(); }

std::string Scenario::what_is_left() {
  return database_.sql(
      "SELECT string_agg(id || ' ' || phase || '/' || desired_state || ' ' || operation || ' ' || error_reason || ' ' "
      "||"
      " error_message, '; ') FROM workspaces WHERE deleted_at IS NOT NULL OR phase <> desired_state OR operation <> "
      "'NONE'");
}

void Scenario::check_the_end() {
  const std::string left = what_is_left();
  sim_.check(left.empty(), [&] { return "not converged: " + left; });
  world_.check_homes();
  for (const Home& home : homes_) {
    const auto container = world_.containers.find(home.id);
    const bool runs = container != world_.containers.end() && container->second.running;
    sim_.check(runs == (home.desired == "RUNNING"), [&] {
      return fmt::format("{} wants {}, its container {}", home.id.text(), home.desired, runs ? "runs" : "does not run");
    });
    const std::optional<HomeRow> row = database_.home_row(home.id);
    sim_.check(row.has_value() == (home.desired != "DELETED"), [&] { return home.id.text() + ": row there or not"; });
    if (!row) {
      sim_.check(container == world_.containers.end(),
                 [&] { return home.id.text() + ": deleted, and a container left"; });
      continue;
    }
    const bool volume = world_.volumes.contains(row->volume_name);
    sim_.check(volume == (home.desired != "ARCHIVED"), [&] {
      return fmt::format("{} wants {}, volume \"{}\"", home.id.text(), home.desired, row->volume_name);
    });
    const auto object = world_.objects.find(row->archive_key);
    sim_.check(home.desired != "ARCHIVED" || (object != world_.objects.end() && object->second.meta),
               [&] { return home.id.text() + ": ARCHIVED without an archive"; });
  }
  for (const auto& [operation, job] : world_.jobs) {
    sim_.check(!job.running, [&, id = operation] { return "job " + id.text() + " still runs"; });
  }
}

// What no row names is collected (I6).
void Scenario::check_nothing_is_left_over() {
  const std::vector<std::string> orphans = world_.orphans();
  sim_.check(orphans.empty(), [&] { return fmt::format("{} orphans are left: {}", orphans.size(), orphans.front()); });
  const std::string failed = what_is_left();
  sim_.check(failed.empty(), [&] { return "not converged after collecting: " + failed; });
  world_.check_homes();
}

// The home gets there, whatever happens on the way; an owner who reads "ERROR" tries again.
void Scenario::reach(const std::string& desired) {
  Home& home = homes_.back();
  if (home.desired != desired) want(home, desired);
  run_for(kPeaceAtMost, [this] { return converged(); });
  const std::string left = what_is_left();
  sim_.check(left.empty(), [&] { return "not converged: " + left; });
  if (!sim_.failed()) check_the_end();
  if (desired == "RUNNING") world_.write_in(home.id);
}

void Scenario::run_story() {
  nodes_.resize(1);
  start_node(0);
  recover_errors(Milliseconds(5000));
  Home home{Uuid::random(), "RUNNING"};
  database_.sql("INSERT INTO workspaces (id, owner_user_id, name, desired_state) SELECT '" + home.id.text() +
                "', id, 'story', 'RUNNING' FROM users LIMIT 1");
  homes_.push_back(home);
  for (const char* desired : {"RUNNING", "ARCHIVED", "RUNNING", "STANDBY", "DELETED"}) {
    reach(desired);
    if (sim_.failed()) break;
  }
  run_for(kPeaceAtMost, [this] { return world_.orphans().empty(); });
  check_nothing_is_left_over();
  for (auto& node : nodes_) node.reset();
}

void Scenario::run() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) start_node(i);
  for (std::int64_t i = sim_.rng.between(1, 4); i > 0; --i) create_home();
  trouble();
  recover_errors(Milliseconds(20000));
  run_for(kTroubleFor);
  heal();
  run_for(kPeaceAtMost, [this] { return converged(); });
  run_for(Milliseconds(40000));  // what takes effect late has done so by then, and was dealt with
  run_for(kPeaceAtMost, [this] { return converged(); });
  if (!sim_.failed()) check_the_end();
  run_for(kPeaceAtMost, [this] { return world_.orphans().empty(); });
  check_nothing_is_left_over();
  for (auto& node : nodes_) node.reset();
}

}  // namespace hearth::sim
