// Character classes of HTTP and URI grammar, and the scan that finds the next byte no field value may contain.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hearth::http {

enum CharClass : std::uint8_t {
  kTokenChar = 1,       // RFC 9110 5.6.2 tchar
  kUnreservedChar = 2,  // RFC 3986 2.3
  kPathChar = 4,        // RFC 3986 3.3 pchar without '%', and '/'
  kHexDigit = 8,
  kControl = 16,       // 0x00-0x1f but HTAB, and 0x7f
  kFoldableChar = 32,  // '_' and '.', which some origins take for '-' in a field name
};

namespace detail {
consteval std::array<std::uint8_t, 256> make_char_table() {
  std::array<std::uint8_t, 256> table{};
  const auto mark = [&](std::string_view chars, std::uint8_t bits) {
    for (const char c : chars) table[static_cast<unsigned char>(c)] |= bits;
  };
  mark("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kTokenChar | kUnreservedChar | kPathChar);
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark("-._~", kUnreservedChar | kPathChar);
  mark("_.", kFoldableChar);
  mark("!$&'()*+,;=:@/", kPathChar);
  mark("0123456789abcdefABCDEF", kHexDigit);
  for (std::size_t c = 0; c < 0x20; ++c) {
    if (c != '\t') table[c] |= kControl;
  }
  table[0x7f] |= kControl;
  return table;
}
inline constexpr std::array<std::uint8_t, 256> kCharTable = make_char_table();
}  // namespace detail

inline std::uint8_t classes_of(char c) { return detail::kCharTable[static_cast<unsigned char>(c)]; }
inline bool has_class(char c, std::uint8_t bits) { return (classes_of(c) & bits) != 0; }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

// -1 unless a hexadecimal digit.
inline int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// First control byte (kControl) at or after `from`, else text.size().
inline std::size_t find_control(std::string_view text, std::size_t from) {
  const char* const data = text.data();
  std::size_t i = from;
#if defined(__SSE2__)
  const __m128i highest_control = _mm_set1_epi8(0x1f);
  const __m128i del = _mm_set1_epi8(0x7f);
  const __m128i tab = _mm_set1_epi8('\t');
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + i));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(chunk, highest_control), chunk);
    const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(chunk, tab), low), _mm_cmpeq_epi8(chunk, del));
    const int mask = _mm_movemask_epi8(bad);
    if (mask != 0) return i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
  }
#endif
  while (i < text.size() && !has_class(data[i], kControl)) ++i;
  return i;
}

}  // namespace hearth::http
