#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>

#include "base/check.h"

namespace hearth {

void random_bytes(void* out, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    HEARTH_CHECK(got > 0);
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
}

std::uint64_t fast_random() {  // xoshiro256**, public domain algorithm by Blackman and Vigna
  thread_local std::array<std::uint64_t, 4> s{};
  if ((s[0] | s[1] | s[2] | s[3]) == 0) random_bytes(s.data(), sizeof s);
  const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
  const std::uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = std::rotl(s[3], 45);
  return result;
}

}  // namespace hearth
