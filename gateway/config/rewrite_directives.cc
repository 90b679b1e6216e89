// What a request is for, other than what its target says.
#include "config/gateway_directives.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

// "/path", or something that a variable makes one.
Result<void> check_path(std::string_view text, std::string_view directive) {
  if (text.empty() || (text.front() != '/' && text.front() != '$')) {
    return bad("invalid path \"" + std::string(text) + "\" in \"" + std::string(directive) +
               "\", it must start with \"/\" or a variable");
  }
  return check_variables(text);
}

Result<void> set_try_files(void* target, const Statement& statement, LoadContext&) {
  TryFilesSettings settings;
  for (std::size_t i = 0; i + 1 < statement.args.size(); ++i) {
    if (auto good = check_path(statement.args[i], "try_files"); !good) return good;
    settings.paths.push_back(statement.args[i]);
  }
  const std::string_view last = statement.args.back();
  if (last.starts_with('=')) {
    const auto status = parse_decimal<int>(last.substr(1));
    if (!status || *status < 200 || *status > 599) return invalid_value(last, "\"=\" and a status from 200 to 599");
    settings.status = *status;
  } else {
    if (auto good = check_path(last, "try_files"); !good) return good;
    const std::size_t question = last.find('?');
    settings.uri = std::string(last.substr(0, question));
    if (question != std::string_view::npos) settings.args = std::string(last.substr(question + 1));
  }
  scope_of(target).try_files = std::move(settings);
  return {};
}

}  // namespace

void add_rewrite_directives(DirectiveTable& table) {
  table.push_back({.name = "try_files",
                   .contexts = "server location",
                   .min_args = 2,
                   .max_args = Directive::kMany,
                   .set = set_try_files,
                   .syntax = "try_files file ... uri | =code",
                   .help = "Looks for files under `root` or `alias`, in order, and goes on with the first that exists; "
                           "a name that ends in `/` is a directory's. When there is none, the request goes to `uri` as "
                           "if it had asked for that (its query is lost unless `uri` has `?$args`), or is answered "
                           "with the status. In `server` it holds for requests that no location matches."});
}

}  // namespace hearth::config
