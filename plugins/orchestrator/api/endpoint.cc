#include "orchestrator/api/endpoint.h"

#include "base/encoding.h"
#include "base/strings.h"

namespace hearth::orchestrator {

std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path) {
  const auto wanted = split(pattern, '/');
  const auto given = split(path, '/');
  if (wanted.size() != given.size()) return std::nullopt;
  std::vector<std::string> args;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].starts_with('{')) {
      if (wanted[i] != given[i]) return std::nullopt;
      continue;
    }
    auto decoded = percent_decode(given[i]);
    if (!decoded || decoded->empty()) return std::nullopt;
    args.push_back(std::move(*decoded));
  }
  return args;
}

}  // namespace hearth::orchestrator
