#include "config/reader.h"

#include <glob.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/fd.h"
#include "base/strings.h"
#include "config/gateway_directives.h"

namespace hearth::config {

namespace {

bool is_block(const Directive& directive) { return static_cast<bool>(directive.enter); }

bool allows(const Directive& directive, std::string_view context) {
  for (const std::string_view one : split(directive.contexts, ' ')) {
    if (one == context || one == "*") return true;
  }
  return false;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

}  // namespace

Reader::Reader(Builder& builder, const DirectiveTable& gateway, LoadedConfiguration& out, const LoadModule& load_module,
               bool testing)
    : builder_(builder), out_(out), load_module_(load_module), testing_(testing), own_rows_(reader_directives()) {
  sources_.push_back({&own_rows_, this, kAnyOwner});
  sources_.push_back({&gateway, &builder_, kGateway});
}

// A row whose context no block of the same module opens could never be used: a mistake in the module.
Result<void> Reader::check_table(const ModuleDirectives& module) const {
  const auto opened = [&](std::string_view context) {
    if (context == "main") return true;
    for (const Directive& row : *module.table) {
      if (is_block(row) && row.opens == context) return true;
    }
    return false;
  };
  for (const Directive& row : *module.table) {
    for (const std::string_view context : split(row.contexts, ' ')) {
      if (opened(context)) continue;
      return bad("module " + in_quotes(module.name) + ": no block opens the context " + in_quotes(context) +
                 " of its directive " + in_quotes(row.name));
    }
  }
  return {};
}

Result<void> Reader::add_module(ModuleDirectives module) {
  if (module.table != nullptr) {
    if (auto checked = check_table(module); !checked) return checked;
    sources_.push_back({module.table, module.main_target, out_.modules.size() + 1});
  }
  DirectiveTable& rows = handler_rows_.emplace_back();
  Block location;
  location.context = "location";
  location.owner = kGateway;
  for (const ContentHandler& handler : module.handlers) {
    const Lexed use{Lexed::Kind::simple, Statement{handler.name, {}, {}}};
    if (find(location, use)) {
      return bad("module " + in_quotes(module.name) + ": its content handler " + in_quotes(handler.name) +
                 " has the name of another directive");
    }
    rows.push_back(handler_directive(handler));
  }
  sources_.push_back({&rows, nullptr, kGateway});
  out_.modules.push_back(std::move(module));
  return {};
}

Result<void> Reader::read_command_line(const std::string& text) {
  include_directory_ = std::filesystem::path(builder_.settings.file).parent_path().string();
  Lexer lexer(text, "command line", true);
  return read_statements(lexer, main_, false);
}

Result<void> Reader::read_main_file(const std::string& path) {
  include_directory_ = std::filesystem::path(path).parent_path().string();
  auto text = open_file(path);
  if (!text) return fail(text.error());
  Lexer lexer(*text, path);
  return read_statements(lexer, main_, false);
}

Result<std::string> Reader::open_file(const std::string& path) {
  auto text = hearth::read_file(path);
  if (!text) {
    Error error = text.error();
    error.source = ErrorSource::config;
    if (error.sys != 0) {
      error.message =
          "open() " + in_quotes(path) + " failed (" + std::to_string(error.sys) + ": " + std::strerror(error.sys) + ")";
    }
    return fail(std::move(error));
  }
  const auto same_path = [&](const SourceFile& file) { return file.path == path; };
  if (std::none_of(out_.files.begin(), out_.files.end(), same_path)) out_.files.push_back({path, *text});
  return text;
}

Result<void> Reader::read_statements(Lexer& lexer, Block& block, bool in_braces) {
  ++depth_;  // its limit is checked where a block or an include begins
  Block* const outer = std::exchange(current_, &block);
  Result<void> done;
  while (done) {
    auto lexed = lexer.next();
    if (!lexed) {
      done = fail(lexed.error());
      break;
    }
    if (lexed->kind == Lexed::Kind::end_of_text) {
      if (in_braces) done = fail(error_at(lexed->statement.where, "unexpected end of file, expecting \"}\""));
      break;
    }
    if (lexed->kind == Lexed::Kind::block_end) {
      if (!in_braces) done = fail(error_at(lexed->statement.where, "unexpected \"}\""));
      break;
    }
    done = read_statement(lexer, block, *lexed);
  }
  current_ = outer;
  --depth_;
  return done;
}

Result<void> Reader::read_statement(Lexer& lexer, Block& block, const Lexed& lexed) {
  const Statement& statement = lexed.statement;
  if (lexer.command_line() && lexed.kind == Lexed::Kind::block_start) {
    return fail(error_at(statement.where, "block directives are not supported in -g option"));
  }
  auto found = find(block, lexed);
  if (!found) return fail(found.error());
  const Directive& directive = *found->directive;
  if (auto checked = check_arguments(block, directive, statement); !checked) return checked;
  void* const target = block.is_main() || found->source->owner == kAnyOwner ? found->source->main_target : block.target;
  if (!is_block(directive)) {
    const bool places_itself = found->source->owner == kAnyOwner;  // include, load_module
    auto set = directive.set(target, statement, *this);
    if (!set && !places_itself) return fail(complete(statement, set.error()));
    return set;
  }
  auto entered = directive.enter(target, statement, *this);
  if (!entered) return fail(complete(statement, entered.error()));
  Block inner;
  inner.context = directive.opens;
  inner.owner = found->source->owner;
  inner.target = *entered;
  if (depth_ >= kMaxDepth) return fail(error_at(statement.where, "blocks are nested too deeply"));
  if (auto read = read_statements(lexer, inner, true); !read) return read;
  if (!directive.leave) return {};
  auto left = directive.leave(*entered, statement, *this);
  if (!left) return fail(complete(statement, left.error()));
  return {};
}

bool Reader::visible(const Source& source, const Block& block) const {
  return block.is_main() || source.owner == kAnyOwner || source.owner == block.owner;
}

Result<Reader::Found> Reader::find(const Block& block, const Lexed& lexed) const {
  const bool wants_block = lexed.kind == Lexed::Kind::block_start;
  const Directive* other_kind = nullptr;
  std::optional<Found> any_name;
  for (const Source& source : sources_) {
    if (!visible(source, block)) continue;
    for (const Directive& row : *source.table) {
      if (!allows(row, block.context)) continue;
      const bool right_kind = is_block(row) == wants_block;
      if (row.name == "*" && right_kind) any_name = Found{&row, &source};
      if (row.name != lexed.statement.name || row.name == "*") continue;
      if (right_kind) return Found{&row, &source};
      other_kind = &row;
    }
  }
  if (other_kind == nullptr && any_name) return *any_name;
  if (other_kind == nullptr) return fail(not_found(block, lexed.statement));
  return fail(error_at(lexed.statement.where,
                       is_block(*other_kind)
                           ? "directive " + in_quotes(lexed.statement.name) + " has no opening \"{\""
                           : "directive " + in_quotes(lexed.statement.name) + " is not terminated by \";\""));
}

Error Reader::not_found(const Block& block, const Statement& statement) const {
  std::vector<std::string_view> elsewhere;
  std::string_view nearest;
  // One slip in a short name, two or three in a longer one.
  std::size_t distance = std::min<std::size_t>(statement.name.size() / 3, 3) + 1;
  for (const Source& source : sources_) {
    for (const Directive& row : *source.table) {
      if (row.name == statement.name) {
        for (const std::string_view context : split(row.contexts, ' ')) {
          if (std::find(elsewhere.begin(), elsewhere.end(), context) == elsewhere.end()) elsewhere.push_back(context);
        }
      }
      if (!visible(source, block) || !allows(row, block.context) || row.name == "*") continue;
      const std::size_t d = edit_distance(row.name, statement.name);
      if (d < distance) {
        distance = d;
        nearest = row.name;
      }
    }
  }
  if (!elsewhere.empty()) {
    std::string places;
    for (const std::string_view context : elsewhere) places += (places.empty() ? "" : ", ") + std::string(context);
    return error_at(statement.where,
                    in_quotes(statement.name) + " directive is not allowed here (allowed in: " + places + ")");
  }
  std::string message = "unknown directive " + in_quotes(statement.name);
  if (!nearest.empty()) message += ", did you mean " + in_quotes(nearest) + "?";
  return error_at(statement.where, message);
}

Result<void> Reader::check_arguments(Block& block, const Directive& directive, const Statement& statement) const {
  if (statement.args.size() < directive.min_args || statement.args.size() > directive.max_args) {
    std::string message = "invalid number of arguments in " + in_quotes(statement.name) + " directive";
    if (!directive.syntax.empty()) message += ", expected: " + std::string(directive.syntax);
    return fail(error_at(statement.where, message));
  }
  if (!directive.repeatable && !block.seen.insert(statement.name).second) {
    return fail(error_at(statement.where, in_quotes(statement.name) + " directive is duplicate"));
  }
  return {};
}

// A parse_* error does not know its directive: `invalid value "x", it must be …` becomes
// `invalid value "x" in "name" directive, it must be …`.
Error Reader::complete(const Statement& statement, const Error& error) const {
  std::string message = error.message;
  const std::size_t rest = message.rfind("\", it must be");
  if (message.rfind("invalid value \"", 0) == 0 && rest != std::string::npos) {
    message.insert(rest + 1, " in " + in_quotes(statement.name) + " directive");
  }
  Error out = error_at(statement.where, message);
  out.code = error.code;
  out.source = error.source;
  out.sys = error.sys;
  return out;
}

Result<void> Reader::include(const Statement& statement) {
  std::string path = statement.args[0];
  if (path.empty()) return fail(error_at(statement.where, "\"include\" directive needs a path"));
  if (path.front() != '/') path = (std::filesystem::path(include_directory_) / path).string();
  std::vector<std::string> paths{path};
  if (path.find_first_of("*?[") != std::string::npos) {
    glob_t found{};
    const int status = ::glob(path.c_str(), 0, nullptr, &found);
    paths.assign(found.gl_pathv, found.gl_pathv + (status == 0 ? found.gl_pathc : 0));
    ::globfree(&found);
    if (status != 0 && status != GLOB_NOMATCH) {
      return fail(error_at(statement.where, "glob() " + in_quotes(path) + " failed"));
    }
  }
  if (depth_ >= kMaxDepth) {
    return fail(
        error_at(statement.where, "includes are nested too deeply, does " + in_quotes(path) + " include itself?"));
  }
  for (const std::string& one : paths) {
    auto text = open_file(one);
    if (!text) return fail(complete(statement, text.error()));
    Lexer lexer(*text, one);
    if (auto read = read_statements(lexer, *current_, false); !read) return read;
  }
  return {};
}

Result<void> Reader::load_module(const Statement& statement) {
  if (!load_module_) return fail(error_at(statement.where, "modules cannot be loaded here"));
  const std::string path = resolve_path(statement.args[0]);
  if (!loaded_paths_.insert(path).second) {
    return fail(error_at(statement.where, "module " + in_quotes(path) + " is already loaded"));
  }
  auto module = load_module_(path);
  if (!module) return fail(complete(statement, module.error()));
  if (auto added = add_module(std::move(*module)); !added) return fail(complete(statement, added.error()));
  return {};
}

}  // namespace hearth::config
