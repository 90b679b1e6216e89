// Virtual time: this program defines clock_gettime(), so every clock that it, libuv and the standard library read is
// the one that the simulator sets. Outside of `running` the real clocks are shown.
#pragma once

#include <cstdint>

namespace hearth::sim::virtual_time {

void start(std::int64_t monotonic_ns, std::int64_t wall_ns);
void stop();
void advance_to(std::int64_t monotonic_ns);    // never back
void set_wall_back_or_forth(std::int64_t ns);  // an administrator's hand on the wall clock
std::int64_t now_ns();
std::int64_t real_ns();  // the machine's own monotonic clock

// What hearth::random_bytes() and fast_random() give from now on.
void seed_randomness(std::uint64_t seed);

}  // namespace hearth::sim::virtual_time
