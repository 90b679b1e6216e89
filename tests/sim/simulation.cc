#include "sim/simulation.h"

#include <cstdio>
#include <limits>

#include "sim/virtual_time.h"

namespace hearth::sim {
namespace {
constexpr std::size_t kTraceLines = 400;
}

void Simulation::after(Milliseconds delay, std::function<void()> event) {
  events_.push({virtual_time::now_ns() + delay.count() * 1'000'000, ++order_, std::move(event)});
}

std::int64_t Simulation::next_event_ns() const {
  return events_.empty() ? std::numeric_limits<std::int64_t>::max() : events_.top().at;
}

void Simulation::run_due() {
  while (!events_.empty() && events_.top().at <= virtual_time::now_ns() && !failed()) {
    const std::function<void()> run = events_.top().run;
    events_.pop();
    ++steps;
    run();
  }
}

Mishap Simulation::mishap(const std::string& call) {
  if (nth_ == 0 || ++calls_ != nth_) return Mishap::none;
  say("FAULT {} at call {}: {}", kMishapNames[static_cast<int>(planned_)], nth_, call);
  ++injected[kMishapNames[static_cast<int>(planned_)]];
  return planned_;
}

bool Simulation::fault(const char* what, double probability) {
  if (!faults || nth_ != 0 || !rng.chance(probability)) return false;
  ++injected[what];
  say("FAULT {}", what);
  return true;
}

void Simulation::check(bool holds, const std::function<std::string()>& what) {
  ++checks;
  if (holds || failed()) return;
  failure_ = what();
  say("VIOLATION {}", failure_);
}

void Simulation::write(std::string line) {
  const std::int64_t ms = virtual_time::now_ns() / 1'000'000;
  line = fmt::format("{:>8}.{:03} {}", ms / 1000, ms % 1000, line);
  if (print_trace_) std::fprintf(stderr, "%s\n", line.c_str());
  trace_.push_back(std::move(line));
  if (trace_.size() > kTraceLines) trace_.pop_front();
}

}  // namespace hearth::sim
