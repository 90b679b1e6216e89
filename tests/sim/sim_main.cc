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

// The failure, or empty.
std::string run_one(Database& database, std::uint64_t seed, Planted planted, bool trace, Totals& totals) {
  virtual_time::start(1'000'000'000, 1'700'000'000'000'000'000);
  virtual_time::seed_randomness(seed);
  database.reset();
  Simulation simulation(seed, planted, trace);
  database.attach(&simulation);
  {
    Scenario scenario(simulation, database);
    scenario.run();
  }
  virtual_time::stop();
  ++totals.runs;
  totals.steps += simulation.steps;
  totals.checks += simulation.checks;
  for (const auto& [what, count] : simulation.injected) totals.injected[what] += count;
  if (simulation.failed() && planted == Planted::none) {
    for (const std::string& line : simulation.trace()) std::fprintf(stderr, "%s\n", line.c_str());
    std::fprintf(stderr, "seed %llu: %s\nrun it again: hearth_sim --seed %llu --trace\n",
                 static_cast<unsigned long long>(seed), simulation.failure().c_str(),
                 static_cast<unsigned long long>(seed));
  }
  return simulation.failure();
}

void print(const Totals& totals, double seconds) {
  std::uint64_t faults = 0;
  for (const auto& [what, count] : totals.injected) faults += count;
  std::printf("%llu seeds, %llu steps, %llu faults injected, %llu invariants checked in %.1f s\n",
              static_cast<unsigned long long>(totals.runs), static_cast<unsigned long long>(totals.steps),
              static_cast<unsigned long long>(faults), static_cast<unsigned long long>(totals.checks), seconds);
  for (const auto& [what, count] : totals.injected) {
    std::printf("  %8llu  %s\n", static_cast<unsigned long long>(count), what.c_str());
  }
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
                                             {"no-epoch-check", Planted::no_epoch_check}};
  app.add_option("--planted", planted, "make this mistake, and succeed when the invariants find it")
      ->transform(CLI::CheckedTransformer(names));
  CLI11_PARSE(app, argc, argv);
  if (only != 0) {
    first = only;
    seeds = 1;
  }
  hearth::log::set_level(trace ? hearth::log::Level::info : hearth::log::Level::emerg);

  const std::int64_t began = virtual_time::real_ns();
  Database database(hearth::test::PostgresServer::shared());
  Totals totals;
  std::string failure;
  std::uint64_t seed = first;
  for (; seed < first + seeds && failure.empty(); ++seed) failure = run_one(database, seed, planted, trace, totals);
  print(totals, static_cast<double>(virtual_time::real_ns() - began) / 1e9);
  if (planted == Planted::none) return failure.empty() ? 0 : 1;
  if (failure.empty()) {
    std::printf("the planted mistake was not found\n");
    return 1;
  }
  std::printf("the planted mistake was found by seed %llu: %s\n", static_cast<unsigned long long>(seed - 1),
              failure.c_str());
  return 0;
}
