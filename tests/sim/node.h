// Node: one hearth process as far as the coordinator goes: loop, leader, coordinator, and its ways to the world, each
// of which may be the last thing it does.
#pragma once

#include "orchestrator/coordinator.h"
#include "sim/database.h"
#include "sim/world.h"

namespace hearth::sim {

class Engine;
class Store;

class Node {
 public:
  Node(int number, Simulation& simulation, Database& database, World& world, const OrchestratorSettings& settings);
  ~Node();

  int number() const { return number_; }
  bool dead() const { return dead_; }
  bool cut() const { return cut_; }
  bool paused() const { return paused_; }
  bool leading() const { return leader_ && leader_->is_leader(); }
  std::int64_t epoch() const { return last_epoch_; }

  void kill(const char* where);
  void pause();                           // SIGSTOP
  void resume();                          // SIGCONT: its timers see the gap first, then its sockets
  void cut(bool value) { cut_ = value; }  // from PostgreSQL

  // About to act on the outside: false when it is dead, perhaps from just now.
  bool may_act(const char* what);
  // Something arrives: at once, or when it runs again; never when it is dead.
  void deliver(std::function<void()> what);
  // A call that destroys is about to be made: its epoch is the newest, or was until a moment ago.
  void check_still_entitled(const std::string& what);
  // Null inside once it is dead.
  std::shared_ptr<Node*> handle() const { return handle_; }
  void hint(const Uuid& workspace);
  void engine_event();

  // Runs what is due; the time at which it wants to run again.
  void run();
  std::int64_t next_timer_ns();

 private:
  LeaderSession session(World& world);

  const int number_;
  Simulation& sim_;
  Database& database_;
  std::shared_ptr<Node*> handle_ = std::make_shared<Node*>(this);
  Loop loop_;
  bool dead_ = false;
  bool paused_ = false;
  bool cut_ = false;
  std::int64_t last_epoch_ = 0;
  std::vector<std::function<void()>> mailbox_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Leader> leader_;
  std::unique_ptr<Coordinator> coordinator_;
};

}  // namespace hearth::sim
