// Limits on one HTTP/1 message. Everything a peer can make us hold or count has a name here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth::http {

struct Limits {
  std::size_t head_bytes = 64 * 1024;        // start line, fields and the empty line
  std::size_t start_line_bytes = 8 * 1024;   // request line: 414 when longer
  std::size_t field_line_bytes = 16 * 1024;  // one header or trailer line without CRLF: 431
  std::size_t name_bytes = 256;              // one field name: 431
  std::size_t fields = 100;                  // header fields: 431
  std::size_t trailer_fields = 32;
  std::size_t chunk_line_bytes = 256;             // one chunk-size line without CRLF, extensions included
  std::size_t chunk_extension_bytes = 16 * 1024;  // all extensions of one message together
  std::size_t interim_responses = 8;              // 1xx before one final response
  std::uint64_t body_bytes = 0;                   // request body: 413 when more; 0 = no limit
};

// The defaults, with static lifetime.
inline constexpr Limits kDefaultLimits{};

}  // namespace hearth::http
