// What to do with a request below /w/<id>/: the table of SPEC section 7 as a pure function.
#pragma once

#include <cstdint>

#include "hearth/exchange.h"
#include "orchestrator/auth/identity.h"
#include "orchestrator/routes.h"

namespace hearth::orchestrator::gate {

// Only a navigation may wake a workspace: a forgotten tab's background requests never do.
enum class RequestKind : std::uint8_t { navigation, http, websocket };

enum class Verdict : std::uint8_t {
  unauthorized,  // 401
  login,         // 302 to the login page
  not_found,     // 404
  forbidden,     // 403: another user's
  cross_site,    // 403: a WebSocket opened by another site's page
  proxy,         // carry it
  wake,          // ask for RUNNING within the running limits, then 202 loading page or 429
  loading_page,  // 202: it is coming up already
  hold,          // wait for the route to change, at most wake_hold, then 503
  unavailable,   // 503 with Retry-After: asleep, and this request may not wake it
  over_limit,    // 429: asleep, and could not be woken now
  broken,        // 502 saying why (PENDING, ERROR, DELETING; ARCHIVED with a button that restores)
};

struct GateInput {
  const Route* route = nullptr;        // null: no such workspace
  const Identity* identity = nullptr;  // null: no valid session
  RequestKind kind = RequestKind::http;
  bool cross_site = false;     // Origin names another host; looked at for WebSockets only
  bool limit_reached = false;  // as far as this worker knows; the wake itself is decided in the database
  bool auto_restore = false;   // opening an archived workspace restores it
};

Verdict decide(const GateInput& input);

// A GET with Sec-Fetch-Mode: navigate, or, from clients without that header, one that accepts text/html.
RequestKind kind_of(const RequestView& request);

}  // namespace hearth::orchestrator::gate
