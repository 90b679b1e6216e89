// Random bytes from the kernel (getrandom(2)); any thread. Aborts if the kernel has none: nothing can go on without.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth {
void random_bytes(void* out, std::size_t size);
// For jitter and request ids, not for secrets: a per-thread xoshiro seeded from the kernel.
std::uint64_t fast_random();
}  // namespace hearth
