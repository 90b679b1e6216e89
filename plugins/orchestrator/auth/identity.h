// Who asks. A value; crosses threads.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/uuid.h"

namespace hearth::orchestrator {

struct Identity {
  Uuid user;
  std::string username;
  bool admin = false;
  WallTime expires_at{};    // of the session or token; WallTime::max() = never
  std::string secret_hash;  // which session or token it was
  bool by_token = false;    // Authorization: Bearer, not a cookie
};

}  // namespace hearth::orchestrator
