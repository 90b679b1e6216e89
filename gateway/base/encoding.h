// Hexadecimal and base64 (RFC 4648).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth {

std::string to_hex(const void* data, std::size_t size);  // lower case
std::optional<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);                  // standard alphabet, padded
std::string to_base64url(std::string_view bytes);               // url alphabet, unpadded
std::optional<std::string> from_base64(std::string_view text);  // strict: padded, no spaces, canonical
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// Escapes everything but unreserved characters (RFC 3986 2.3).
std::string percent_encode(std::string_view text);

}  // namespace hearth
