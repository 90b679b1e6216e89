// What a request is for, other than what its target says.
#include "config/gateway_directives.h"
#include "config/header_text.h"
#include "config/regex.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

// "/path", or something that a variable makes one.
Result<void> check_path(Scope& scope, const Where& where, std::string_view text) {
  if (text.empty() || (text.front() != '/' && text.front() != '$')) {
    return bad("invalid path \"" + std::string(text) + "\" in \"try_files\", it must start with \"/\" or a variable");
  }
  return check_variables(scope, where, text);
}

Result<void> set_try_files(void* target, const Statement& statement, LoadContext&) {
  Scope& scope = scope_of(target);
  TryFilesSettings settings;
  settings.where = statement.where;
  for (std::size_t i = 0; i + 1 < statement.args.size(); ++i) {
    if (auto good = check_path(scope, statement.where, statement.args[i]); !good) return good;
    settings.paths.push_back(statement.args[i]);
  }
  const std::string_view last = statement.args.back();
  if (last.starts_with('=')) {
    const auto status = parse_decimal<int>(last.substr(1));
    if (!status || *status < 200 || *status > 599) return invalid_value(last, "\"=\" and a status from 200 to 599");
    settings.status = *status;
  } else if (last.starts_with('@')) {
    settings.uri = std::string(last);
  } else {
    if (auto good = check_path(scope, statement.where, last); !good) return good;
    const std::size_t question = last.find('?');
    settings.uri = std::string(last.substr(0, question));
    if (question != std::string_view::npos) settings.args = std::string(last.substr(question + 1));
  }
  scope.try_files = std::move(settings);
  return {};
}

Result<RewriteSettings::Then> parse_then(const Statement& statement) {
  using Then = RewriteSettings::Then;
  const std::string& to = statement.args[1];
  const bool away = to.starts_with("http://") || to.starts_with("https://") || to.starts_with("$scheme");
  if (statement.args.size() == 2) return away ? Then::redirect : Then::next;
  const std::string& flag = statement.args[2];
  if (flag == "redirect") return Then::redirect;
  if (flag == "permanent") return Then::permanent;
  if (flag != "last" && flag != "break") return bad("invalid parameter \"" + flag + "\"");
  return away ? Then::redirect : flag == "last" ? Then::last : Then::stop;
}

Result<void> add_rewrite(void* target, const Statement& statement, LoadContext&) {
  Scope& scope = scope_of(target);
  RewriteSettings rewrite;
  rewrite.where = statement.where;
  rewrite.regex = statement.args[0];
  if (auto regex = Regex::compile(rewrite.regex); !regex) return fail(regex.error());
  auto then = parse_then(statement);
  if (!then) return fail(then.error());
  rewrite.then = *then;
  std::string_view to = statement.args[1];
  const bool away = rewrite.then == RewriteSettings::Then::redirect || rewrite.then == RewriteSettings::Then::permanent;
  if (!away && !to.starts_with('/') && !to.starts_with('$')) {
    return bad("invalid replacement \"" + std::string(to) +
               "\", it must start with \"/\", a variable, \"http://\" or " + "\"https://\"");
  }
  if (away) {
    if (auto good = check_header("Location", to); !good) return good;
  }
  if (auto good = check_variables(scope.builder, statement.where, to, true); !good) return good;
  if (to.ends_with('?')) {
    rewrite.keeps_args = false;
    to.remove_suffix(1);
  }
  const std::size_t question = to.find('?');
  rewrite.path = std::string(to.substr(0, question));
  rewrite.has_args = question != std::string_view::npos;
  if (rewrite.has_args) rewrite.args = std::string(to.substr(question + 1));
  if (scope.returns) {
    scope.builder.warn(statement.where, "this \"rewrite\" is never reached: \"return\" before it answers");
    return {};
  }
  scope.rewrites.push_back(std::move(rewrite));
  return {};
}

}  // namespace

void add_rewrite_directives(DirectiveTable& table) {
  table.push_back({.name = "rewrite",
                   .contexts = "server location",
                   .min_args = 2,
                   .max_args = 3,
                   .repeatable = true,
                   .set = add_rewrite,
                   .syntax = "rewrite regex replacement [last | break | redirect | permanent]",
                   .help = "Changes the path of requests whose path the regular expression matches; `$1` to `$9` are "
                           "what it captured. The query is appended, unless the replacement ends in `?`. The next "
                           "`rewrite` of the block sees the result, and then a location is chosen anew; `last` does "
                           "that at once, `break` stays in this location. `redirect` answers with 302, `permanent` "
                           "with 301, as does a replacement that begins with `http://`, `https://` or `$scheme` with "
                           "302."});
  table.push_back({.name = "try_files",
                   .contexts = "server location",
                   .min_args = 2,
                   .max_args = Directive::kMany,
                   .set = set_try_files,
                   .syntax = "try_files file ... uri | @name | =code",
                   .help = "Looks for files under `root` or `alias`, in order, and goes on with the first that exists; "
                           "a name that ends in `/` is a directory's. When there is none, the request goes to `uri` as "
                           "if it had asked for that (its query is lost unless `uri` has `?$args`), unchanged to "
                           "a `location @name`, or is answered with the status. In `server` it holds for requests that "
                           "no location matches."});
}

}  // namespace hearth::config
