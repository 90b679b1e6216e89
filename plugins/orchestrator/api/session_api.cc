#include "orchestrator/api/session_api.h"

#include <fmt/format.h>

#include "log/log.h"
#include "orchestrator/api/fields.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {

namespace {
Json identity_json(const Uuid& user, const std::string& username, bool admin, WallTime expires_at) {
  return {{"user_id", user.text()},
          {"username", username},
          {"is_admin", admin},
          {"expires_at", expires_at == WallTime::max() ? Json(nullptr) : Json(rfc3339(expires_at))}};
}

ApiError locked_out(Seconds wait) {
  return {429,
          "TOO_MANY_REQUESTS",
          fmt::format("Too many failed attempts; try again in {} seconds.", wait.count()),
          nullptr,
          {{"Retry-After", std::to_string(wait.count())}}};
}
}  // namespace

Endpoints SessionApi::endpoints() {
  return {
      {"POST", "/login", Access::open, BodyKind::required, [this](const Call& call) { log_in(call); }},
      {"POST", "/logout", Access::open, BodyKind::optional, [this](const Call& call) { log_out(call); }},
      {"GET", "/session", Access::user, BodyKind::none, [this](const Call& call) { show(call); }},
  };
}

void SessionApi::log_in(const Call& call) {
  Fields fields(call->body);
  fields.require("username");
  fields.require("password");
  const auto username = fields.text("username", 1, 64);
  const auto password = fields.text("password", 1, kPasswordMax, Fields::Text::lines);
  if (const auto error = fields.error()) return answer(call, *error);
  if (password->size() > kPasswordMax) return answer(call, invalid("\"password\" is too long."));
  if (const auto wait = services_.login_guard.begin(*username, call->request.remote_address, loop_.now())) {
    return answer(call, locked_out(*wait));
  }
  services_.accounts.find_credentials(*username, [this, call, attempt = Attempt{*username, *password}](
                                                     Result<std::optional<Credentials>> credentials) mutable {
    if (!credentials) {
      services_.login_guard.abandoned(attempt.username, call->request.remote_address);
      return answer(call, from_error(credentials.error()));
    }
    check_password(call, std::move(attempt), std::move(*credentials));
  });
}

void SessionApi::check_password(const Call& call, Attempt attempt, std::optional<Credentials> credentials) {
  const std::string encoded = credentials ? credentials->password_hash : "";
  services_.passwords.verify(
      encoded, attempt.password, [this, call, attempt, credentials = std::move(credentials)](Result<bool> right) {
        const std::string& address = call->request.remote_address;
        if (!right) {
          services_.login_guard.abandoned(attempt.username, address);
          return answer(call, unavailable("Too many people are logging in at once; try again shortly."));
        }
        if (!credentials || !*right) {
          log::info("login failed for \"{}\" from {}", attempt.username, address);
          return answer(call, {401, "UNAUTHORIZED", "Wrong user name or password."});
        }
        services_.login_guard.succeeded(attempt.username, address);
        open_session(call, credentials->user);
      });
}

void SessionApi::open_session(const Call& call, const User& user) {
  const std::string secret = new_secret();
  services_.accounts.open_session(user.id, secret_hash(secret), call->request.remote_address,
                                  on_success<WallTime>(call, [this, call, user, secret](WallTime expires_at) {
                                    call->identity.user = user.id;
                                    audit(services_, call, "session.open");
                                    if (!call->request.cookie.empty()) {  // the session that this one replaces
                                      const std::string old = secret_hash(call->request.cookie);
                                      services_.accounts.close_session(old, [this, old](const Result<void>& closed) {
                                        if (closed) services_.authenticator.end_session(old);
                                      });
                                    }
                                    answer(call, 200, identity_json(user.id, user.username, user.admin, expires_at),
                                           {{"Set-Cookie", session_cookie(call->request.scheme, secret)}});
                                  }));
}

void SessionApi::log_out(const Call& call) {
  const auto leave = [call] {
    Reply reply = empty_reply();
    reply.headers.emplace_back("Set-Cookie", cleared_session_cookie(call->request.scheme));
    call->respond(std::move(reply));
  };
  if (call->request.cookie.empty()) return leave();
  const std::string hash = secret_hash(call->request.cookie);
  services_.accounts.close_session(hash, on_success<void>(call, [this, hash, leave] {
                                     services_.authenticator.end_session(hash);
                                     leave();
                                   }));
}

void SessionApi::show(const Call& call) {
  const Identity& who = call->identity;
  answer(call, 200, identity_json(who.user, who.username, who.admin, who.expires_at));
}

}  // namespace hearth::orchestrator
