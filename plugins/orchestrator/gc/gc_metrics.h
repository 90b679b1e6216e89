// GcMetrics: what the garbage collector has done, as Prometheus text. Written on the orchestrator's loop, read on any
// thread.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "orchestrator/gc/judge.h"

namespace hearth::orchestrator::gc {

struct GcMetrics {
  std::atomic<std::uint64_t> runs{0};
  std::atomic<std::uint64_t> errors{0};
  std::array<std::atomic<std::uint64_t>, kKinds.size()> deleted{};
  std::array<std::atomic<std::uint64_t>, kKinds.size()> candidates{};
  std::array<std::atomic<std::uint64_t>, kKinds.size()> unknown{};
  std::atomic<std::int64_t> last_run{0};  // seconds since 1970; 0 = none yet

  std::string render() const;
};

}  // namespace hearth::orchestrator::gc
