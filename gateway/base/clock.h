// Time. Durations and deadlines use the steady clock; what a person or the database reads uses the wall clock.
#pragma once

#include <chrono>

namespace hearth {

using SteadyClock = std::chrono::steady_clock;
using SteadyTime = SteadyClock::time_point;
using WallClock = std::chrono::system_clock;
using WallTime = std::chrono::time_point<WallClock, std::chrono::microseconds>;  // PostgreSQL's resolution
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

inline WallTime wall_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(WallClock::now()); }

}  // namespace hearth
