#include "orchestrator/api/reply.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace hearth::orchestrator {

ApiError unauthorized() { return {401, "UNAUTHORIZED", "Log in first."}; }
ApiError forbidden(std::string message) { return {403, "FORBIDDEN", std::move(message)}; }

ApiError not_found(std::string_view what) {
  return {404, what == "Workspace" ? "WORKSPACE_NOT_FOUND" : "NOT_FOUND", fmt::format("{} not found.", what)};
}

ApiError invalid(std::string message) { return {400, "INVALID_REQUEST", std::move(message)}; }
ApiError conflict(std::string_view code, std::string message) { return {409, std::string(code), std::move(message)}; }

ApiError unavailable(std::string message) {
  return {503, "UNAVAILABLE", std::move(message), nullptr, {{"Retry-After", "2"}}};
}

ApiError from_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::timeout:
    case ErrorCode::limit:
    case ErrorCode::cancelled:
    case ErrorCode::shutting_down:
      return unavailable(fmt::format("The {} does not answer now; try again shortly.", name(error.source)));
    case ErrorCode::not_found:
      return not_found("Workspace");
    default:
      return {500, "INTERNAL", "Something went wrong on the server; its log says what."};
  }
}

Reply json_reply(int status, const Json& body, ReplyHeaders headers) {
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Cache-Control", "no-store");
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  return {status, std::move(headers), dump(body)};
}

Reply error_reply(const ApiError& error) {
  Json body{{"code", error.code}, {"message", error.message}};
  if (!error.details.is_null()) body["details"] = error.details;
  return json_reply(error.status, Json{{"error", std::move(body)}}, error.headers);
}

Reply empty_reply() { return {204, {{"Cache-Control", "no-store"}}, {}}; }

std::string rfc3339(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count();
  const std::time_t seconds = whole.time_since_epoch().count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), millis);
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace hearth::orchestrator
