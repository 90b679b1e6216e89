// The simulator: many runs, each decided by its seed. See ARCHITECTURE.md, "The simulator".
#include <CLI/CLI.hpp>
#include <cstdio>

#include "log/log.h"
#include "sim/scenario.h"
#include "sim/virtual_time.h"

namespace hearth::sim {
namespace {

struct Totals {
  std::uint64_t runs = 0, steps = 0, checks = 0;
  std::map<std::string, std::uint64_t> injected;
};

struct Run {
  std::uint64_t seed = 1;
  Planted planted = Planted::none;
  bool trace = false;
  std::uint64_t nth = 0;  // the n-th-fault loop: at which call
  Mishap mishap = Mishap::none;
};

// The failure, or empty. `met`: was there an n-th call?
std::string run_one(Database& database, const Run& run, Totals& totals, bool* met = nullptr) {
  const auto [seed, planted, trace, nth, mishap] = run;
  virtual_time::start(1'000'000'000, 1'700'000'000'000'000'000);
  virtual_time::seed_randomness(seed);
  database.reset();
  Simulation simulation(seed, planted, trace);
  database.attach(&simulation);
  {
    Scenario scenario(simulation, database);
    if (nth == 0) {
      scenario.run();
    } else {
      simulation.plan(nth, mishap);
      scenario.run_story();
    }
  }
  virtual_time::stop();
  ++totals.runs;
  totals.steps += simulation.steps;
  totals.checks += simulation.checks;
  for (const auto& [what, count] : simulation.injected) totals.injected[what] += count;
  if (simulation.failed() && planted == Planted::none) {
    for (const std::string& line : simulation.trace()) std::fprintf(stderr, "%s\n", line.c_str());
    if (nth == 0) {
      fmt::print(stderr, "seed {}: {}\nrun it again: hearth_sim --seed {} --trace\n", seed, simulation.failure(), seed);
    } else {
      fmt::print(stderr, "{} at call {}: {}\n", kMishapNames[static_cast<int>(mishap)], nth, simulation.failure());
    }
  }
  if (met != nullptr) *met = simulation.met();
  return simulation.failure();
}

// Each mishap at the first call, the second, and so on, until a run ends before it is met.
int run_nth_fault_loop(Database& database, int first, int last, bool trace, Totals& totals) {
  for (int kind = first; kind <= last; ++kind) {
    std::uint64_t nth = 0;
    for (bool met = true; met;) {
      const Run run{1, Planted::none, trace, ++nth, static_cast<Mishap>(kind)};
      if (!run_one(database, run, totals, &met).empty()) return 1;
    }
    fmt::print("{}: {} calls, each met it once\n", kMishapNames[kind], nth - 1);
  }
  return 0;
}

void print(const Totals& totals, double seconds) {
  std::uint64_t faults = 0;
  for (const auto& [what, count] : totals.injected) faults += count;
  fmt::print("{} runs, {} steps, {} faults injected, {} invariants checked in {:.1f} s\n", totals.runs, totals.steps,
             faults, totals.checks, seconds);
  for (const auto& [what, count] : totals.injected) fmt::print("{:>8}  {}\n", count, what);
}

}  // namespace
}  // namespace hearth::sim

int main(int argc, char** argv) {
  using namespace hearth::sim;
  std::uint64_t first = 1;
  std::uint64_t seeds = 100;
  std::uint64_t only = 0;
  bool trace = false;
  Planted planted = Planted::none;
  CLI::App app("Runs the coordinator against a simulated world.");
  app.add_option("--first", first, "first seed");
  app.add_option("--seeds", seeds, "how many runs");
  app.add_option("--seed", only, "one run with this seed");
  app.add_flag("--trace", trace, "print what happens");
  const std::map<std::string, Planted> names{{"volume-before-record", Planted::volume_before_record},
                                             {"no-epoch-check", Planted::no_epoch_check},
                                             {"gc-forgets-operations", Planted::gc_forgets_operations}};
  app.add_option("--planted", planted, "make this mistake, and succeed when the invariants find it")
      ->transform(CLI::CheckedTransformer(names));
  bool nth_fault = false;
  std::pair<int, int> mishaps{1, static_cast<int>(Mishap::death_after)};
  app.add_flag("--nth-fault", nth_fault, "one story again and again: each mishap at each of its calls");
  app.add_option("--mishaps", mishaps, "with --nth-fault: from this kind to that, 1 to 8");
  CLI11_PARSE(app, argc, argv);
  if (only != 0) {
    first = only;
    seeds = 1;
  }
  hearth::log::set_level(trace ? hearth::log::Level::info : hearth::log::Level::emerg);

  const std::int64_t began = virtual_time::real_ns();
  Database database(hearth::test::PostgresServer::shared());
  Totals totals;
  if (nth_fault) {
    const int failed = run_nth_fault_loop(database, mishaps.first, mishaps.second, trace, totals);
    print(totals, static_cast<double>(virtual_time::real_ns() - began) / 1e9);
    return failed;
  }
  std::string failure;
  std::uint64_t seed = first;
  for (; seed < first + seeds && failure.empty(); ++seed) {
    failure = run_one(database, {seed, planted, trace, 0, Mishap::none}, totals);
  }
  print(totals, static_cast<double>(virtual_time::real_ns() - began) / 1e9);
  if (planted == Planted::none) return failure.empty() ? 0 : 1;
  if (failure.empty()) {
    fmt::print("the planted mistake was not found\n");
    return 1;
  }
  fmt::print("the planted mistake was found by seed {}: {}\n", seed - 1, failure);
  return 0;
}
