// What a location answers with: files, fixed answers, error pages, added headers.
#include "config/gateway_directives.h"
#include "config/header_text.h"
#include "config/setters.h"

namespace hearth::config {

Result<void> check_header(std::string_view name, std::string_view value) {
  constexpr std::string_view kToken = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  if (name.empty() || name.find_first_not_of(kToken) != std::string_view::npos) {
    return bad("invalid header name \"" + std::string(name) + "\"");
  }
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) {
      return bad("control character in the value of header \"" + std::string(name) + "\"");
    }
  }
  return {};
}

namespace {

Result<void> set_root(void* target, const Statement& statement, LoadContext& context) {
  Scope& scope = scope_of(target);
  const bool alias = statement.name == "alias";
  if (!scope.root_from.empty()) {
    return bad("\"" + statement.name + "\" directive is duplicate, \"" + scope.root_from +
               "\" directive was specified earlier");
  }
  if (statement.args[0].empty()) return bad("\"" + statement.name + "\" directive needs a path");
  if (const auto* location = dynamic_cast<LocationScope*>(&scope);
      alias && (location->is_regex() || location->match == LocationSettings::Match::named)) {
    return bad("\"alias\" cannot stand in location \"" + location->path + "\", only in one that begins with \"/\"");
  }
  if (auto plain = refuse_variables(statement.args[0]); !plain) return plain;
  scope.root_from = statement.name;
  scope.set([alias, path = context.resolve_path(statement.args[0])](LocationSettings& out) {
    if (alias) {
      out.alias = path;
    } else {
      out.root = path;
      out.alias.reset();
    }
  });
  return {};
}

Result<void> set_index(void* target, const Statement& statement, LoadContext&) {
  for (const std::string& name : statement.args) {
    if (auto plain = refuse_variables(name); !plain) return plain;
    if (name.empty() || name.find('/') != std::string::npos) return bad("invalid index file \"" + name + "\"");
    scope_of(target).add(&LocationSettings::index, name);
  }
  return {};
}

Result<void> set_default_type(void* target, const Statement& statement, LoadContext&) {
  if (auto good = check_header("Content-Type", statement.args[0]); !good) return good;
  if (auto plain = refuse_variables(statement.args[0]); !plain) return plain;
  scope_of(target).set([type = statement.args[0]](LocationSettings& out) { out.default_type = type; });
  return {};
}

Result<void*> enter_types(void* target, const Statement&, LoadContext&) {
  Scope& scope = scope_of(target);
  scope.types.builder = &scope.builder;
  // The extensions collected by the end of the block, found when the scope's assignments are applied.
  scope.set(
      [&scope, shared = std::shared_ptr<const std::map<std::string, std::string>>()](LocationSettings& out) mutable {
        if (shared == nullptr) shared = std::make_shared<const std::map<std::string, std::string>>(scope.types.types);
        out.types = shared;
      });
  return static_cast<void*>(&scope.types);
}

Result<void> add_type(void* target, const Statement& statement, LoadContext&) {
  auto& draft = *static_cast<TypesDraft*>(target);
  if (auto good = check_header("Content-Type", statement.name); !good) return good;
  for (const std::string& argument : statement.args) {
    const std::string extension = to_lower(argument);
    const auto [row, added] = draft.types.emplace(extension, statement.name);
    if (added || row->second == statement.name) continue;
    draft.builder->warn(statement.where, "duplicate extension \"" + extension + "\", content type: \"" +
                                             statement.name + "\", previous content type: \"" + row->second + "\"");
    row->second = statement.name;
  }
  return {};
}

Result<void> set_error_page(void* target, const Statement& statement, LoadContext&) {
  ErrorPage page;
  page.uri = statement.args.back();
  if (auto plain = refuse_variables(page.uri); !plain) return plain;
  if (page.uri.empty() || page.uri.front() != '/') {
    return bad("invalid error page \"" + page.uri + "\", it must be a path of this server such as \"/50x.html\"");
  }
  std::size_t codes = statement.args.size() - 1;
  if (const std::string& last = statement.args[codes - 1]; last.rfind('=', 0) == 0) {
    const auto status = parse_decimal<int>(std::string_view(last).substr(1));
    if (!status || *status < 200 || *status > 599) return invalid_value(last, "\"=\" and a status from 200 to 599");
    page.new_status = *status;
    --codes;
  }
  if (codes == 0) return bad("\"error_page\" directive needs a status before \"" + statement.args[0] + "\"");
  for (std::size_t i = 0; i < codes; ++i) {
    const auto status = parse_decimal<int>(statement.args[i]);
    if (!status) return bad("invalid value \"" + statement.args[i] + "\"");
    if (*status < 300 || *status > 599) return bad("value \"" + statement.args[i] + "\" must be between 300 and 599");
    page.status = *status;
    scope_of(target).add(&LocationSettings::error_pages, page);
  }
  return {};
}

Result<ReturnSetting> parse_return(const Statement& statement) {
  ReturnSetting out;
  const std::string& first = statement.args[0];
  const auto status = parse_decimal<int>(first);
  if (status) {
    if (*status < 200 || *status > 599) return bad("invalid return code \"" + first + "\"");
    out.status = *status;
    if (statement.args.size() == 2) out.text = statement.args[1];
  } else {
    const bool url =
        first.rfind("http://", 0) == 0 || first.rfind("https://", 0) == 0 || first.rfind("$scheme", 0) == 0;
    if (!url || statement.args.size() == 2) return bad("invalid return code \"" + first + "\"");
    out.status = 302;
    out.text = first;
  }
  const bool redirect =
      out.status == 301 || out.status == 302 || out.status == 303 || out.status == 307 || out.status == 308;
  if (redirect) {
    if (auto good = check_header("Location", out.text); !good) return fail(good.error());
  }
  return out;
}

Result<void> set_return(void* target, const Statement& statement, LoadContext&) {
  auto parsed = parse_return(statement);
  if (!parsed) return fail(parsed.error());
  Scope& scope = scope_of(target);
  if (auto known = check_variables(scope, statement.where, parsed->text); !known) return known;
  if (auto* server = dynamic_cast<ServerScope*>(&scope)) {
    server->returns = std::move(*parsed);
    return {};
  }
  auto& location = static_cast<LocationScope&>(scope);
  if (auto set = location.set_content("return", statement.where); !set) return set;
  location.returns = std::move(*parsed);
  return {};
}

Result<void> add_response_header(void* target, const Statement& statement, LoadContext&) {
  if (auto good = check_header(statement.args[0], statement.args[1]); !good) return good;
  if (auto known = check_variables(scope_of(target), statement.where, statement.args[1]); !known) return known;
  HeaderSetting header{statement.args[0], statement.args[1]};
  if (statement.args.size() == 3) {
    if (statement.args[2] != "always") return bad("invalid parameter \"" + statement.args[2] + "\"");
    header.always = true;
  }
  scope_of(target).add(&LocationSettings::add_headers, std::move(header));
  return {};
}

void add_files(DirectiveTable& table) {
  table.push_back({.name = "root",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_root,
                   .syntax = "root path",
                   .fallback = "html",
                   .help = "Directory whose files are served; the whole request path is appended."});
  table.push_back({.name = "alias",
                   .contexts = "location",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_root,
                   .syntax = "alias path",
                   .help = "Directory that stands for the part of the path the location matched."});
  table.push_back({.name = "index",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = set_index,
                   .syntax = "index file ...",
                   .fallback = "index.html",
                   .help = "Files tried, in order, for a path that ends in `/`."});
  table.push_back({.name = "default_type",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_default_type,
                   .syntax = "default_type media-type",
                   .fallback = "application/octet-stream",
                   .help = "Media type of files whose extension is in no `types` row."});
  table.push_back({.name = "types",
                   .contexts = kHttpServerLocation,
                   .repeatable = true,
                   .opens = "types",
                   .enter = enter_types,
                   .syntax = "types { media-type extension ...; ... }",
                   .help = "Media types by file extension. Replaces those of the outer level, and the built-in ones."});
  table.push_back({.name = "*",
                   .contexts = "types",
                   .min_args = 1,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = add_type,
                   .syntax = "media-type extension ...",
                   .help = "The extensions of one media type."});
}

}  // namespace

void add_content_directives(DirectiveTable& table) {
  add_files(table);
  table.push_back({.name = "return",
                   .contexts = "server location",
                   .min_args = 1,
                   .max_args = 2,
                   .set = set_return,
                   .syntax = "return code [text] | code URL | URL",
                   .help = "Answers at once, with a body or, for 301, 302, 303, 307 and 308, a redirect; a URL alone "
                           "means 302. In `server` it answers every request."});
  table.push_back({.name = "error_page",
                   .contexts = kHttpServerLocation,
                   .min_args = 2,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = set_error_page,
                   .syntax = "error_page code ... [=status] /path",
                   .help = "Path whose content replaces the page for these statuses. Inherited only if the inner level "
                           "has none."});
  table.push_back({.name = "add_header",
                   .contexts = kHttpServerLocation,
                   .min_args = 2,
                   .max_args = 3,
                   .repeatable = true,
                   .set = add_response_header,
                   .syntax = "add_header name value [always]",
                   .help = "Adds a header to responses with status 200, 201, 204, 206, 301, 302, 303, 304, 307 or 308, "
                           "with `always` to all. Inherited only if the inner level has none."});
}

}  // namespace hearth::config
