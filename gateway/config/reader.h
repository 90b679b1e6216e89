// Reader: walks the statements of all files and calls the directives' functions. One per load.
#pragma once

#include <deque>
#include <set>
#include <string>
#include <vector>

#include "config/builder.h"
#include "config/lexer.h"
#include "config/loader.h"

namespace hearth::config {

class Reader final : public LoadContext {
 public:
  using LoadModule = std::function<Result<ModuleDirectives>(const std::string&)>;

  // `gateway` and `out` outlive the reader.
  Reader(Builder& builder, const DirectiveTable& gateway, LoadedConfiguration& out, const LoadModule& load_module,
         bool testing);

  Result<void> add_module(ModuleDirectives module);
  Result<void> read_command_line(const std::string& text);
  Result<void> read_main_file(const std::string& path);

  // LoadContext
  const std::string& prefix() const override { return builder_.settings.prefix; }
  std::string resolve_path(std::string_view path) const override { return builder_.resolve(path); }
  bool testing() const override { return testing_; }

  // The directives that act on the reader itself.
  Result<void> include(const Statement& statement);
  Result<void> load_module(const Statement& statement);

 private:
  static constexpr std::size_t kAnyOwner = static_cast<std::size_t>(-1);
  static constexpr std::size_t kGateway = 0;
  static constexpr unsigned kMaxDepth = 64;  // includes and blocks together

  struct Source {
    const DirectiveTable* table;
    void* main_target;
    std::size_t owner;  // whose blocks these rows are for
  };
  struct Block {
    std::string_view context = "main";
    std::size_t owner = kAnyOwner;
    void* target = nullptr;  // null in main: each source has its own
    std::set<std::string, std::less<>> seen = {};
    bool is_main() const { return owner == kAnyOwner; }
  };
  struct Found {
    const Directive* directive;
    const Source* source;
  };

  Result<std::string> open_file(const std::string& path);
  Result<void> read_statements(Lexer& lexer, Block& block, bool in_braces);
  Result<void> read_statement(Lexer& lexer, Block& block, const Lexed& lexed);
  Result<Found> find(const Block& block, const Lexed& lexed) const;
  bool visible(const Source& source, const Block& block) const;
  Error not_found(const Block& block, const Statement& statement) const;
  Result<void> check_arguments(Block& block, const Directive& directive, const Statement& statement) const;
  Error complete(const Statement& statement, const Error& error) const;
  Result<void> check_table(const ModuleDirectives& module) const;

  Builder& builder_;
  LoadedConfiguration& out_;
  const LoadModule& load_module_;
  bool testing_;
  std::string include_directory_;
  DirectiveTable own_rows_;
  std::deque<DirectiveTable> handler_rows_;
  std::deque<Source> sources_;
  std::set<std::string> loaded_paths_;
  Block main_;
  Block* current_ = nullptr;
  unsigned depth_ = 0;
};

}  // namespace hearth::config
