// What the files with directive tables share: rows, values, words for what is wrong.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "hearth/directive.h"
#include "orchestrator/settings.h"

namespace hearth::orchestrator::directive_rows {

using config::Directive;
using config::LoadContext;
using config::Statement;

inline tl::unexpected<Error> wrong(std::string message) {
  return fail(ErrorCode::invalid_argument, ErrorSource::config, std::move(message));
}

inline OrchestratorSettings& settings_of(void* target) { return *static_cast<OrchestratorSettings*>(target); }

// Stores what `parse` makes of the only argument.
template <class Settings, class Parse, class Member>
auto value(Parse parse, Member Settings::*member) {
  return [parse, member](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    auto parsed = parse(statement.args[0]);
    if (!parsed) return tl::unexpected(std::move(parsed.error()));
    static_cast<Settings*>(target)->*member = static_cast<Member>(std::move(*parsed));
    return {};
  };
}

inline Result<std::string> text(const std::string& argument) {
  if (argument.empty()) return wrong("value must not be empty");
  return argument;
}

template <class Set>
Directive simple(std::string_view name, std::string_view context, Set set, std::string_view syntax,
                 std::string_view fallback, std::string_view help) {
  Directive directive;
  directive.name = name;
  directive.contexts = context;
  directive.min_args = directive.max_args = 1;
  directive.set = std::move(set);
  directive.syntax = syntax;
  directive.fallback = fallback;
  directive.help = help;
  return directive;
}

template <class Enter>
Directive block(std::string_view name, std::string_view context, unsigned args, Enter enter, std::string_view syntax,
                std::string_view help) {
  Directive directive;
  directive.name = directive.opens = name;
  directive.contexts = context;
  directive.min_args = directive.max_args = args;
  directive.enter = std::move(enter);
  directive.syntax = syntax;
  directive.help = help;
  return directive;
}

void add_archive_store(config::DirectiveTable& table);  // archive_directives.cc

}  // namespace hearth::orchestrator::directive_rows
