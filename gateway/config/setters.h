// Makers of directive functions, so that a table row says only which field and which kind of value.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <utility>

#include "base/strings.h"
#include "config/builder.h"
#include "config/scope.h"
#include "config/variables.h"
#include "hearth/directive.h"

namespace hearth::config {

using Setter = std::function<Result<void>(void*, const Statement&, LoadContext&)>;

// Where a directive stands in nginx's http, server and location alike.
inline constexpr std::string_view kHttpServerLocation = "http server location";

inline Scope& scope_of(void* target) { return *static_cast<Scope*>(target); }
inline Builder& builder_of(void* target) { return *static_cast<Builder*>(target); }

inline Result<void> invalid_value(std::string_view value, std::string_view right) {
  return bad("invalid value \"" + std::string(value) + "\", it must be " + std::string(right));
}

// Puts a parsed argument into `out`, refusing what its type cannot hold.
template <class T, class Parsed>
Result<void> assign(T& out, const Result<Parsed>& parsed, std::string_view text) {
  if (!parsed) return fail(parsed.error());
  if constexpr (std::is_same_v<T, Parsed>) {
    out = *parsed;
  } else {
    if (*parsed > std::numeric_limits<T>::max()) {
      return invalid_value(text, "at most " + std::to_string(std::numeric_limits<T>::max()));
    }
    out = static_cast<T>(*parsed);
  }
  return {};
}

// One argument into a field of the process-wide settings.
template <class T, class Parsed>
Setter main_value(T Settings::*field, Result<Parsed> (*parse)(std::string_view)) {
  return [field, parse](void* target, const Statement& statement, LoadContext&) {
    return assign(builder_of(target).settings.*field, parse(statement.args[0]), statement.args[0]);
  };
}

// One argument into a field that location inherits.
template <class T, class Parsed>
Setter location_value(T LocationSettings::*field, Result<Parsed> (*parse)(std::string_view)) {
  return [field, parse](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    T value{};
    if (auto done = assign(value, parse(statement.args[0]), statement.args[0]); !done) return done;
    scope_of(target).set([field, value](LocationSettings& out) { out.*field = value; });
    return {};
  };
}

// One argument into a field that server inherits.
template <class T, class Parsed>
Setter server_value(T ServerSettings::*field, Result<Parsed> (*parse)(std::string_view)) {
  return [field, parse](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    T value{};
    if (auto done = assign(value, parse(statement.args[0]), statement.args[0]); !done) return done;
    scope_of(target).server_values.push_back([field, value](ServerSettings& out) { out.*field = value; });
    return {};
  };
}

// Checks the argument and does nothing more.
template <class Parsed>
Setter checked_only(Result<Parsed> (*parse)(std::string_view)) {
  return [parse](void*, const Statement& statement, LoadContext&) -> Result<void> {
    auto parsed = parse(statement.args[0]);
    if (!parsed) return fail(parsed.error());
    return {};
  };
}

// A time that may not be 0: as a timeout it would end everything at once.
inline Result<Milliseconds> parse_timeout(std::string_view text) {
  auto time = parse_time(text);
  if (time && time->count() == 0) return bad("invalid value \"" + std::string(text) + "\", it must be more than 0");
  return time;
}

// nginx would expand a variable here; Hearth does not, and a "$" taken literally would surprise.
inline Result<void> refuse_variables(std::string_view text) {
  if (text.find('$') == std::string_view::npos) return {};
  return bad("variables are not supported in \"" + std::string(text) + "\"");
}

// `text` holds variables as it should; that they exist is checked when all maps are known.
inline Result<void> check_variables(Builder& builder, const Where& where, std::string_view text, bool captures) {
  auto compiled = CompiledText::compile(text, {.captures = captures, .any = true});
  if (!compiled) return fail(compiled.error());
  builder.expect_variables(text, where, captures);
  return {};
}

// In a location given by a regular expression, $1 is what that captured.
inline Result<void> check_variables(Scope& scope, const Where& where, std::string_view text) {
  const auto* location = dynamic_cast<const LocationScope*>(&scope);
  return check_variables(scope.builder, where, text, location != nullptr && location->is_regex());
}

}  // namespace hearth::config
