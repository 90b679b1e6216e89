#include <limits>

#include "base/strings.h"
#include "hearth/directive.h"

namespace hearth::config {

namespace {

constexpr std::uint64_t kMaxValue = std::numeric_limits<std::int64_t>::max();

tl::unexpected<Error> invalid(std::string_view text, const char* right) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config,
              "invalid value \"" + std::string(text) + "\", it must be " + right);
}

// a * b + c within kMaxValue.
std::optional<std::uint64_t> multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t out = 0;
  if (__builtin_mul_overflow(a, b, &out) || __builtin_add_overflow(out, c, &out) || out > kMaxValue)
    return std::nullopt;
  return out;
}

struct Unit {
  std::string_view name;
  std::uint64_t ms;
};
// Largest first. nginx's y and M are not valid where milliseconds are, and here they are everywhere.
constexpr Unit kUnits[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

std::optional<std::uint64_t> time_in_ms(std::string_view text) {
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // units strictly descend
  bool any = false;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = parse_decimal<std::uint64_t>(text.substr(0, digits));
    if (!number) return std::nullopt;
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789 "), text.size());
    const std::string_view name = letters == 0 && text.empty() ? "s" : text.substr(0, letters);
    text.remove_prefix(letters);
    std::size_t unit = next_unit;
    while (unit < std::size(kUnits) && kUnits[unit].name != name) ++unit;
    if (unit == std::size(kUnits)) return std::nullopt;
    next_unit = unit + 1;
    const auto sum = multiply_add(*number, kUnits[unit].ms, total);
    if (!sum) return std::nullopt;
    total = *sum;
    any = true;
    if (text.empty()) break;
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return std::nullopt;  // a space at the end
  }
  if (!any) return std::nullopt;
  return total;
}

}  // namespace

Result<bool> parse_flag(std::string_view text) {
  if (iequals(text, "on")) return true;
  if (iequals(text, "off")) return false;
  return invalid(text, "\"on\" or \"off\"");
}

Result<std::uint64_t> parse_size(std::string_view text) {
  std::uint64_t unit = 1;
  std::string_view digits = text;
  switch (text.empty() ? '\0' : ascii_lower(text.back())) {
    case 'k':
      unit = 1u << 10;
      break;
    case 'm':
      unit = 1u << 20;
      break;
    case 'g':
      unit = 1u << 30;
      break;
    default:
      break;
  }
  if (unit != 1) digits.remove_suffix(1);
  const auto number = parse_decimal<std::uint64_t>(digits);
  const auto bytes = number ? multiply_add(*number, unit, 0) : std::nullopt;
  if (!bytes) return invalid(text, "a size such as 512, 8k, 10m or 1g");
  return *bytes;
}

Result<Milliseconds> parse_time(std::string_view text) {
  const auto ms = time_in_ms(text);
  if (!ms) return invalid(text, "a time such as 30s, 500ms, 1h30m or 7d");
  return Milliseconds(static_cast<Milliseconds::rep>(*ms));
}

Result<std::uint64_t> parse_number(std::string_view text) {
  const auto number = parse_decimal<std::uint64_t>(text);
  if (!number || *number > kMaxValue) return invalid(text, "a number");
  return *number;
}

}  // namespace hearth::config
