// Compressor: turns a file into its content coding, piece by piece. Used on the thread pool, by one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hearth::proxy {

enum class Coding : std::uint8_t { identity, gzip, zstd };
std::string_view name(Coding coding);  // as Content-Encoding says it

class Compressor {
 public:
  virtual ~Compressor() = default;
  // Appends to `out` what the input so far gives; with `last` all of it. False: it cannot go on.
  virtual bool add(std::string_view input, bool last, std::string& out) = 0;

  // `size`: of the whole input. Null when there is no memory for it.
  static std::unique_ptr<Compressor> make(Coding coding, unsigned level, std::uint64_t size);
};

}  // namespace hearth::proxy
