// The Date field (RFC 9110 5.6.7, 6.6.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::http {

constexpr std::size_t kDateSize = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"

// Writes IMF-fixdate, kDateSize bytes, for seconds since 1970 (years 1970 to 9999).
void format_date(std::int64_t unix_seconds, char* out);
// IMF-fixdate only; nullopt for anything else (an If-Modified-Since we cannot read is ignored).
std::optional<std::int64_t> parse_date(std::string_view text);

// Formats once per second. One per worker; the clock is the caller's.
class DateCache {
 public:
  std::string_view at(std::int64_t unix_seconds);

 private:
  std::int64_t second_ = -1;
  std::array<char, kDateSize> text_{};
};

}  // namespace hearth::http
