// LoginGuard: the lock-out. Failures are counted per account and address together, so that guessing at an account from
// one place does not lock its owner out everywhere. From the fifth failure on: 30 s, doubling to 30 min.
//
// An attempt counts as a failure from its start until it succeeds, so guesses in parallel count as well. Bounded: when
// full, the entry longest unused goes. In memory: another process counts for itself. Owner's thread only.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace hearth::orchestrator {

class LoginGuard {
 public:
  static constexpr int kFreeFailures = 5;
  static constexpr Seconds kFirstLock{30};
  static constexpr Seconds kLongestLock{1800};
  static constexpr Seconds kForget{3600};  // after the last attempt and its lock

  explicit LoginGuard(std::size_t capacity = 10000) : capacity_(capacity) {}

  // Before the password is looked at: how long to wait still, or nullopt and the attempt is counted.
  std::optional<Seconds> begin(std::string_view account, std::string_view address, SteadyTime now);
  void succeeded(std::string_view account, std::string_view address);
  // The attempt was not judged (no database, pool full): it counts neither way.
  void abandoned(std::string_view account, std::string_view address);

 private:
  struct Entry {
    std::string key;
    int failures = 0;
    SteadyTime last{};
    SteadyTime locked_until{};
  };
  using Order = std::list<Entry>;  // most recently used first

  Order::iterator touch(std::string key, SteadyTime now);

  std::size_t capacity_;
  Order order_;
  std::unordered_map<std::string, Order::iterator> index_;
};

}  // namespace hearth::orchestrator
