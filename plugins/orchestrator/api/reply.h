// The answers of the API: JSON bodies, error codes and their statuses (SPEC section 9), in one place.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "orchestrator/api/api_call.h"

namespace hearth::orchestrator {

struct ApiError {
  int status = 500;
  std::string code;
  std::string message;
  Json details = nullptr;
  ReplyHeaders headers = {};
};

ApiError unauthorized();
ApiError forbidden(std::string message);
ApiError not_found(std::string_view what);  // "Workspace" → WORKSPACE_NOT_FOUND, anything else → NOT_FOUND
ApiError invalid(std::string message);
ApiError conflict(std::string_view code, std::string message);
ApiError unavailable(std::string message);
// From a failed store or runtime call: unavailable 503 where trying again helps, else 500 without inner details.
ApiError from_error(const Error& error);

Reply json_reply(int status, const Json& body, ReplyHeaders headers = {});
Reply error_reply(const ApiError& error);
Reply empty_reply();  // 204

inline void answer(const Call& call, int status, const Json& body, ReplyHeaders headers = {}) {
  call->respond(json_reply(status, body, std::move(headers)));
}
inline void answer(const Call& call, const ApiError& error) { call->respond(error_reply(error)); }

// RFC 3339, UTC, milliseconds: "2026-01-31T12:00:00.123Z".
std::string rfc3339(WallTime time);
// Text of any JSON; bytes that are not UTF-8 (a runtime's messages) become U+FFFD.
std::string dump(const Json& json);

}  // namespace hearth::orchestrator
