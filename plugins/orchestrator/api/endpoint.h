// Endpoint: one row of the API's route list.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "orchestrator/api/api_call.h"

namespace hearth::orchestrator {

enum class Access : std::uint8_t { open, user, admin };
enum class BodyKind : std::uint8_t { none, optional, required };

struct Endpoint {
  std::string_view method;
  std::string_view pattern;  // "/workspaces/{id}/logs"; a {…} part takes one path segment
  Access access = Access::user;
  BodyKind body = BodyKind::none;
  std::function<void(const Call&)> run;
};
using Endpoints = std::vector<Endpoint>;

// The {…} parts in order, percent-decoded; nullopt: another path.
std::optional<std::vector<std::string>> match_path(std::string_view pattern, std::string_view path);

}  // namespace hearth::orchestrator
