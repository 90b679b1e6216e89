// Simulation: one run. Holds what happens when, what chance decides, what went wrong, and the trace.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sim/rng.h"

namespace hearth::sim {

// What the n-th call of a run meets, in the n-th-fault loop.
enum class Mishap {
  none,
  error_before,
  error_after,
  timeout_before,
  timeout_after,
  slow,
  garbage,
  death_before,
  death_after
};
constexpr const char* kMishapNames[] = {"none", "error before", "error after",  "timeout before", "timeout after",
                                        "slow", "garbage",      "death before", "death after"};

// A mistake made on purpose, which the invariants must find.
enum class Planted { none, volume_before_record, no_epoch_check, gc_forgets_operations };

class Simulation {
 public:
  Simulation(std::uint64_t seed, Planted mistake, bool print_trace)
      : rng(seed), planted(mistake), print_trace_(print_trace) {}

  Rng rng;
  const Planted planted;
  bool faults = true;  // may anything go wrong (yet, still)?

  void after(Milliseconds delay, std::function<void()> event);
  // The time of the next event, INT64_MAX without one; and all that are due.
  std::int64_t next_event_ns() const;
  void run_due();

  // The n-th-fault loop: no chance, but this mishap at the n-th call.
  void plan(std::uint64_t nth, Mishap mishap) {
    nth_ = nth;
    planned_ = mishap;
  }
  // To be asked once for each call across a boundary, by its name.
  Mishap mishap(const std::string& call);
  // Was the planned one met?
  bool met() const { return calls_ >= nth_; }

  // Does it happen? Counts what does.
  bool fault(const char* what, double probability);
  Milliseconds between(std::int64_t low_ms, std::int64_t high_ms) { return Milliseconds(rng.between(low_ms, high_ms)); }

  // An invariant. The first that does not hold ends the run.
  void check(bool holds, const std::function<std::string()>& what);
  bool failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) {
    write(fmt::format(format, std::forward<Args>(args)...));
  }
  const std::deque<std::string>& trace() const { return trace_; }

  std::uint64_t steps = 0;
  std::uint64_t checks = 0;
  std::map<std::string, std::uint64_t> injected;

 private:
  struct Event {
    std::int64_t at;
    std::uint64_t order;
    std::function<void()> run;
    bool operator>(const Event& other) const { return std::tie(at, order) > std::tie(other.at, other.order); }
  };
  void write(std::string line);

  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t order_ = 0;
  std::uint64_t calls_ = 0;
  std::uint64_t nth_ = 0;
  Mishap planned_ = Mishap::none;
  std::string failure_;
  std::deque<std::string> trace_;
  bool print_trace_;
};

}  // namespace hearth::sim
