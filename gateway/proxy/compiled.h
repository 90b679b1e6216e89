// Texts and regular expressions of the configuration, compiled for a worker. The loader has refused what does not
// compile.
#pragma once

#include <string>

#include "base/check.h"
#include "config/regex.h"
#include "config/variables.h"

namespace hearth::proxy {

inline config::CompiledText compile_text(const std::string& text) {
  auto compiled = config::CompiledText::compile(text, {.captures = true, .any = true});
  HEARTH_CHECK(compiled.has_value());
  return std::move(*compiled);
}

inline config::Regex compile_regex(const std::string& pattern, bool ignore_case = false) {
  auto compiled = config::Regex::compile(pattern, ignore_case);
  HEARTH_CHECK(compiled.has_value());
  return std::move(*compiled);
}

}  // namespace hearth::proxy
