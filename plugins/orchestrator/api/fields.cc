#include "orchestrator/api/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "base/strings.h"

namespace hearth::orchestrator {

namespace {

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool has_control(std::string_view text, bool allow_lines) {
  return std::any_of(text.begin(), text.end(), [allow_lines](char c) {
    if (allow_lines && (c == '\n' || c == '\r' || c == '\t')) return false;
    return (c >= 0 && c < 0x20) || c == 0x7f;
  });
}

}  // namespace

const Json* Fields::find(std::string_view name) {
  known_.emplace(name);
  const auto found = body_.find(std::string(name));
  return found == body_.end() ? nullptr : &*found;
}

void Fields::reject(std::string_view name, std::string_view why) {
  if (!error_) error_ = invalid(fmt::format("\"{}\" {}.", name, why));
}

std::optional<std::string> Fields::text(std::string_view name, std::size_t min, std::size_t max, Text kind) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    reject(name, "must be a string");
    return std::nullopt;
  }
  const auto& text = value->get_ref<const std::string&>();
  const std::size_t length = characters(text);
  if (length < min || length > max) {
    reject(name, min == 0 ? fmt::format("must have at most {} characters", max)
                          : fmt::format("must have {} to {} characters", min, max));
    return std::nullopt;
  }
  if (has_control(text, kind == Text::lines)) {
    reject(name, "must not contain control characters");
    return std::nullopt;
  }
  return text;
}

std::optional<bool> Fields::flag(std::string_view name) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  reject(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::number(std::string_view name, std::int64_t min, std::int64_t max) {
  const Json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    !(value->is_number_unsigned() && value->get<std::uint64_t>() > std::uint64_t{INT64_MAX});
  if (fits && value->get<std::int64_t>() >= min && value->get<std::int64_t>() <= max) return value->get<std::int64_t>();
  reject(name, fmt::format("must be a whole number from {} to {}", min, max));
  return std::nullopt;
}

bool Fields::is_null(std::string_view name) {
  const Json* value = find(name);
  return value != nullptr && value->is_null();
}

void Fields::require(std::string_view name) {
  if (find(name) == nullptr) reject(name, "is required");
}

std::optional<ApiError> Fields::error() {
  for (const auto& item : body_.items()) {
    if (!known_.contains(item.key())) reject(item.key(), "is not a field of this request");
  }
  return error_;
}

Query::Query(std::string_view query) {
  for (const std::string_view pair : split(query, '&')) {
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), true);
    const auto value = percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), true);
    if (!name || !value || values_.contains(*name)) {
      error_ = invalid("The query is malformed: a broken escape or a parameter given twice.");
      return;
    }
    values_[*name] = *value;
  }
}

std::optional<std::int64_t> Query::number(std::string_view name, std::int64_t min, std::int64_t max) {
  known_.emplace(name);
  const auto found = values_.find(std::string(name));
  if (found == values_.end()) return std::nullopt;
  const auto value = parse_decimal<std::int64_t>(found->get_ref<const std::string&>());
  if (value && *value >= min && *value <= max) return value;
  if (!error_) error_ = invalid(fmt::format("\"{}\" must be a whole number from {} to {}.", name, min, max));
  return std::nullopt;
}

std::optional<ApiError> Query::error() {
  for (const auto& item : values_.items()) {
    if (!error_ && !known_.contains(item.key())) {
      error_ = invalid(fmt::format("\"{}\" is not a parameter of this request.", item.key()));
    }
  }
  return error_;
}

Page read_page(Query& query) {
  Page page;
  page.limit = query.number("limit", 1, 100).value_or(50);
  page.offset = query.number("offset", 0, INT64_MAX / 2).value_or(0);
  return page;
}

}  // namespace hearth::orchestrator
