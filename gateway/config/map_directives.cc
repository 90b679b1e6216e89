// map: variables that a configuration defines.
#include <algorithm>

#include "config/gateway_directives.h"
#include "config/regex.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

MapDraft& map_of(void* target) { return *static_cast<MapDraft*>(target); }

Result<void*> enter_map(void* target, const Statement& statement, LoadContext&) {
  auto& http = static_cast<HttpScope&>(scope_of(target));
  auto draft = std::make_unique<MapDraft>();
  draft->builder = &http.builder;
  MapSettings& map = draft->settings;
  map.where = statement.where;
  map.source = statement.args[0];
  if (auto good = check_variables(http.builder, statement.where, map.source, false); !good) return fail(good.error());
  const std::string& name = statement.args[1];
  map.name = name.substr(std::min<std::size_t>(name.size(), 1));
  const bool right = !map.name.empty() && std::all_of(map.name.begin(), map.name.end(), [](char c) {
    return c == '_' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9');
  });
  if (name.empty() || name.front() != '$' || !right || (map.name[0] >= '0' && map.name[0] <= '9')) {
    return bad("invalid variable name \"" + name + "\"");
  }
  if (known_variable(map.name)) return bad("the variable \"" + map.name + "\" is already the gateway's own");
  for (const auto& other : http.maps) {
    if (other->settings.name != map.name) continue;
    return bad("duplicate map \"" + map.name + "\", the first is at " + text_of(other->settings.where));
  }
  http.maps.push_back(std::move(draft));
  return static_cast<void*>(http.maps.back().get());
}

Result<void> set_default(void* target, const Statement& statement, LoadContext&) {
  MapDraft& map = map_of(target);
  map.settings.fallback = statement.args[0];
  return check_variables(*map.builder, statement.where, statement.args[0], false);
}

Result<void> set_hostnames(void* target, const Statement&, LoadContext&) {
  map_of(target).settings.hostnames = true;
  return {};
}

Result<void> add_row(void* target, const Statement& statement, LoadContext&) {
  MapDraft& map = map_of(target);
  MapSettings::Row row;
  std::string_view key = statement.name;
  if (key.starts_with('~')) {
    const bool ignore_case = key.starts_with("~*");
    row.kind = ignore_case ? MapSettings::Row::Kind::regex_no_case : MapSettings::Row::Kind::regex;
    row.key = std::string(key.substr(ignore_case ? 2 : 1));
    if (auto regex = Regex::compile(row.key, ignore_case); !regex) return fail(regex.error());
  } else {
    if (key.starts_with('\\')) key.remove_prefix(1);  // what would be read as something else
    row.key = to_lower(key);
  }
  row.value = statement.args[0];
  const bool is_regex = row.kind != MapSettings::Row::Kind::text;
  if (auto good = check_variables(*map.builder, statement.where, row.value, is_regex); !good) return good;
  for (const MapSettings::Row& other : map.settings.rows) {
    if (!is_regex && other.kind == row.kind && other.key == row.key)
      return bad("conflicting parameter \"" + row.key + "\"");
  }
  map.settings.rows.push_back(std::move(row));
  return {};
}

}  // namespace

void add_map_directives(DirectiveTable& table) {
  table.push_back({.name = "map",
                   .contexts = "http",
                   .min_args = 2,
                   .max_args = 2,
                   .repeatable = true,
                   .opens = "map",
                   .enter = enter_map,
                   .syntax = "map string $variable { ... }",
                   .help = "Defines a variable whose value is looked up, each time it is used, by what the string "
                           "with its variables comes to."});
  table.push_back({.name = "default",
                   .contexts = "map",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_default,
                   .syntax = "default value",
                   .fallback = "\"\"",
                   .help = "The value when no row matches."});
  table.push_back({.name = "hostnames",
                   .contexts = "map",
                   .set = set_hostnames,
                   .syntax = "hostnames",
                   .help = "Keys may read `*.example.com`, `.example.com` (that and `example.com`) or `www.example.*`; "
                           "the exact name wins, then the longest."});
  table.push_back({.name = "volatile",
                   .contexts = "map",
                   .set = [](void*, const Statement&, LoadContext&) { return Result<void>(); },
                   .syntax = "volatile",
                   .help = "Accepted for nginx's sake: no value is kept for the next use."});
  table.push_back({.name = "*",
                   .contexts = "map",
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .set = add_row,
                   .syntax = "key value",
                   .help = "A row: a text, compared without regard to case, or `~regex` (`~*regex`: whatever the "
                           "case), tried in order when no text matches; `$1` to `$9` in its value are what it "
                           "captured. Before a key that is the name of a directive, or begins with `~`, stands `\\`."});
}

}  // namespace hearth::config
