// VariableMap: a `map` of the configuration, compiled.
// Owner: the worker's Router. Thread: the worker's.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/regex.h"
#include "config/settings.h"
#include "config/variables.h"

namespace hearth::proxy {

class VariableMap {
 public:
  explicit VariableMap(const config::MapSettings& settings);

  const config::CompiledText& source() const { return source_; }
  // The value for what source() comes to: of the row with that text, else (hostnames) of the longest wildcard, one in
  // front before one behind, else of the first regular expression, which fills `captures`, else the default.
  const config::CompiledText& find(std::string_view key, config::Regex::Captures& captures) const;

 private:
  struct Wildcard {
    std::string text;  // ".example.com" or "www.example."
    std::size_t value;
  };
  struct Pattern {
    config::Regex regex;
    std::size_t value;
  };
  void add_text(const std::string& key, bool hostnames, std::size_t value);

  std::string name_;
  config::CompiledText source_;
  std::vector<config::CompiledText> values_;  // [0] is the default
  std::unordered_map<std::string, std::size_t> texts_;
  std::vector<Wildcard> heads_;  // "*.example.com"
  std::vector<Wildcard> tails_;  // "www.example.*"
  std::vector<Pattern> patterns_;
};

}  // namespace hearth::proxy
