// Directive tables: how the gateway and every module describe their configuration.
//
// A table row names a directive, the contexts it may stand in, how many arguments it takes, and a function that puts
// its value into the typed struct of that context. The loader checks, in this order: known → allowed here → block or
// ";" → number of arguments → the function; every error is reported as `file:line: message`. The directive reference
// in docs/ is generated from the same rows, so `syntax`, `fallback` and `help` are for people.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/settings.h"

namespace hearth::config {

struct Statement {
  std::string name;
  std::vector<std::string> args;
  Where where;
};

// What a directive function may need besides its own struct.
class LoadContext {
 public:
  virtual ~LoadContext() = default;
  virtual const std::string& prefix() const = 0;
  // Relative to the prefix unless absolute.
  virtual std::string resolve_path(std::string_view path) const = 0;
  virtual bool testing() const = 0;  // -t: check, but open nothing and create nothing
};

struct Directive {
  std::string_view name;
  std::string_view contexts;  // space separated: "http server location"; a module may use a context of its own
  unsigned min_args = 0;
  unsigned max_args = 0;    // kMany = no limit
  bool repeatable = false;  // else a second one in the same block is `"x" directive is duplicate`

  // For a simple directive. `target` is the struct of the context it stands in. An error's message is completed with
  // the directive's place; it should name the bad value and what would be right.
  std::function<Result<void>(void* target, const Statement&, LoadContext&)> set = nullptr;

  // For a block: `opens` names the context inside; `enter` returns the struct for it (owned by `target`), `leave`
  // checks the finished block. Exactly one of `set` and `enter` is present.
  std::string_view opens = {};
  std::function<Result<void*>(void* target, const Statement&, LoadContext&)> enter = nullptr;
  std::function<Result<void>(void* block, const Statement&, LoadContext&)> leave = nullptr;

  std::string_view syntax = {};    // "keepalive_timeout time"
  std::string_view fallback = {};  // "75s"
  std::string_view help = {};      // one or two sentences

  static constexpr unsigned kMany = std::numeric_limits<unsigned>::max();
};

using DirectiveTable = std::vector<Directive>;

// Values, with nginx's units (ngx_parse.c). Each names the offending text in its error.
Result<bool> parse_flag(std::string_view text);           // on | off
Result<std::uint64_t> parse_size(std::string_view text);  // bytes; suffix k K m M g G
Result<Milliseconds> parse_time(std::string_view text);   // "1h 30m", "500ms"; a bare number is seconds
Result<std::uint64_t> parse_number(std::string_view text);

}  // namespace hearth::config
