#include "sim/virtual_time.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "sim/rng.h"

namespace {
bool running = false;
std::int64_t monotonic = 0;
std::int64_t wall = 0;
hearth::sim::Rng chance(0);
constexpr std::int64_t kSecond = 1'000'000'000;
}  // namespace

// The C library's, for all that is linked into this program.
extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const bool is_wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  const bool is_steady = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW ||
                         clock == CLOCK_BOOTTIME;
  if (!running || (!is_wall && !is_steady)) return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
  const std::int64_t now = is_wall ? wall : monotonic;
  out->tv_sec = now / kSecond;
  out->tv_nsec = now % kSecond;
  return 0;
}

namespace hearth {

void random_bytes(void* out, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(out);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(chance.next());
}

std::uint64_t fast_random() { return chance.next(); }

}  // namespace hearth

namespace hearth::sim::virtual_time {

void start(std::int64_t monotonic_ns, std::int64_t wall_ns) {
  running = true;
  monotonic = monotonic_ns;
  wall = wall_ns;
}
void stop() { running = false; }

void advance_to(std::int64_t monotonic_ns) {
  if (monotonic_ns <= monotonic) return;
  wall += monotonic_ns - monotonic;
  monotonic = monotonic_ns;
}
void set_wall_back_or_forth(std::int64_t ns) { wall += ns; }
std::int64_t now_ns() { return monotonic; }

std::int64_t real_ns() {
  timespec now{};
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  return now.tv_sec * kSecond + now.tv_nsec;
}

void seed_randomness(std::uint64_t seed) { chance = Rng(seed); }

}  // namespace hearth::sim::virtual_time
