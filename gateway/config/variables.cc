#include "config/variables.h"

#include <optional>

#include "base/strings.h"

namespace hearth::config {

namespace {

struct Row {
  std::string_view name;
  Variable variable;
};
constexpr Row kPlain[] = {
    {"host", Variable::host},
    {"scheme", Variable::scheme},
    {"request_uri", Variable::request_uri},
    {"uri", Variable::uri},
    {"args", Variable::args},
    {"query_string", Variable::args},
    {"is_args", Variable::is_args},
    {"request_method", Variable::request_method},
    {"request_id", Variable::request_id},
    {"remote_addr", Variable::remote_addr},
    {"remote_port", Variable::remote_port},
    {"binary_remote_addr", Variable::binary_remote_addr},
    {"realip_remote_addr", Variable::realip_remote_addr},
    {"proxy_protocol_addr", Variable::proxy_protocol_addr},
    {"proxy_protocol_port", Variable::proxy_protocol_port},
    {"server_port", Variable::server_port},
    {"server_name", Variable::server_name},
    {"proxy_host", Variable::proxy_host},
    {"proxy_add_x_forwarded_for", Variable::proxy_add_x_forwarded_for},
    {"status", Variable::status},
    {"hostname", Variable::hostname},
    {"pid", Variable::pid},
};
constexpr Row kFamilies[] = {{"http_", Variable::http}, {"arg_", Variable::arg}, {"cookie_", Variable::cookie}};

std::optional<CompiledText::Part> find(std::string_view name) {
  for (const Row& row : kPlain) {
    if (row.name == name) return CompiledText::Part{row.variable, {}};
  }
  for (const Row& row : kFamilies) {
    if (name.size() <= row.name.size() || name.substr(0, row.name.size()) != row.name) continue;
    std::string rest(name.substr(row.name.size()));
    if (row.variable == Variable::http) {
      for (char& c : rest) c = c == '_' ? '-' : ascii_lower(c);
    }
    return CompiledText::Part{row.variable, std::move(rest)};
  }
  return std::nullopt;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

tl::unexpected<Error> bad(std::string message) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(message));
}

std::optional<CompiledText::Part> find(std::string_view name, const VariableNames& names) {
  const bool digit = name.size() == 1 && name[0] >= '1' && name[0] <= '9';
  if (digit && names.captures) return CompiledText::Part{Variable::capture, std::string(name)};
  if (auto own = find(name)) return own;
  if (!names.maps.contains(name) && (!names.any || digit)) return std::nullopt;
  return CompiledText::Part{Variable::mapped, std::string(name)};
}

tl::unexpected<Error> unknown(std::string_view name, const VariableNames& names) {
  std::string message = "unknown \"" + std::string(name) + "\" variable";
  std::string_view nearest;
  std::size_t distance = 3;
  const auto compare = [&](std::string_view known) {
    const std::size_t d = edit_distance(name, known);
    if (d < distance && d * 2 < known.size()) {
      distance = d;
      nearest = known;
    }
  };
  for (const Row& row : kPlain) compare(row.name);
  for (const std::string& map : names.maps) compare(map);
  if (!nearest.empty()) message += ", did you mean \"" + std::string(nearest) + "\"?";
  return bad(std::move(message));
}

}  // namespace

bool known_variable(std::string_view name) { return find(name).has_value(); }

Result<CompiledText> CompiledText::compile(std::string_view text, const VariableNames& names) {
  CompiledText out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    if (dollar != 0) out.parts_.push_back({Variable::literal, std::string(text.substr(0, dollar))});
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 1);
    const bool braces = !text.empty() && text.front() == '{';
    if (braces) text.remove_prefix(1);
    std::size_t length = 0;
    while (length < text.size() && is_name_byte(text[length])) ++length;
    if (names.captures && length > 0 && text[0] >= '1' && text[0] <= '9') length = 1;  // "$1abc" is $1 and "abc"
    const std::string_view name = text.substr(0, length);
    text.remove_prefix(length);
    if (braces && (text.empty() || text.front() != '}')) {
      return bad("the closing bracket in \"" + std::string(name) + "\" variable is missing");
    }
    if (braces) text.remove_prefix(1);
    if (name.empty()) return bad("invalid variable name");
    auto part = find(name, names);
    if (!part) return unknown(name, names);
    out.parts_.push_back(std::move(*part));
  }
  return out;
}

}  // namespace hearth::config
