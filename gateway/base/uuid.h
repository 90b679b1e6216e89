// UUID (RFC 9562): a 16-byte value. Only the lower-case 8-4-4-4-12 form parses: an id in a URL has one spelling.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hearth {

struct Uuid {
  static constexpr std::size_t kTextSize = 36;

  std::array<std::uint8_t, 16> bytes{};

  static Uuid random();  // version 4
  static std::optional<Uuid> parse(std::string_view text);
  std::string text() const;
  bool is_nil() const { return bytes == std::array<std::uint8_t, 16>{}; }

  auto operator<=>(const Uuid&) const = default;
};

}  // namespace hearth

template <>
struct std::hash<hearth::Uuid> {
  std::size_t operator()(const hearth::Uuid& id) const noexcept {
    std::uint64_t a;
    std::uint64_t b;
    std::memcpy(&a, id.bytes.data(), 8);
    std::memcpy(&b, id.bytes.data() + 8, 8);
    return static_cast<std::size_t>(a ^ (b * 0x9e3779b97f4a7c15ull));
  }
};
