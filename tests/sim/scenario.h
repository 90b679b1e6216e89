// Scenario: owners who change their minds, a world that breaks, then peace; and what must be true at the end.
#pragma once

#include "sim/node.h"

namespace hearth::sim {

class Scenario {
 public:
  Scenario(Simulation& simulation, Database& database);
  void run();
  // One node and one home through everything a home can go through, with the one mishap that is planned.
  void run_story();

 private:
  struct Home {
    Uuid id;
    std::string desired;
  };

  void run_for(
      Milliseconds time, const std::function<bool()>& until = [] { return false; });
  void start_node(std::size_t index);
  void hint(const Uuid& workspace);

  // Owners.
  void create_home();
  void reach(const std::string& desired);
  void live_in(std::size_t index);
  void want(Home& home, const std::string& desired);
  void recover_errors(Milliseconds every);

  // Trouble.
  void trouble();
  void kill_somebody();
  void stop_somebody();
  void cut_somebody();
  void heal();

  bool converged();
  std::string what_is_left();
  void check_the_end();
  void check_nothing_is_left_over();

  Simulation& sim_;
  Database& database_;
  World world_;
  OrchestratorSettings settings_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<Home> homes_;
};

}  // namespace hearth::sim
