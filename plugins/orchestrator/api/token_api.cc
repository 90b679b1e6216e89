#include "orchestrator/api/fields.h"
#include "orchestrator/api/user_api.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {

namespace {
Json token_json(const ApiToken& token) {
  return {{"id", token.id.text()},
          {"name", token.name},
          {"created_at", rfc3339(token.created_at)},
          {"last_used_at", token.last_used_at ? Json(rfc3339(*token.last_used_at)) : Json(nullptr)},
          {"expires_at", token.expires_at ? Json(rfc3339(*token.expires_at)) : Json(nullptr)}};
}
}  // namespace

Endpoints TokenApi::endpoints() {
  return {
      {"GET", "/tokens", Access::user, BodyKind::none, [this](const Call& call) { list(call); }},
      {"POST", "/tokens", Access::user, BodyKind::required, [this](const Call& call) { create(call); }},
      {"DELETE", "/tokens/{id}", Access::user, BodyKind::none, [this](const Call& call) { remove(call); }},
  };
}

void TokenApi::list(const Call& call) {
  Query query(call->request.query);
  const Page page = read_page(query);
  if (const auto error = query.error()) return answer(call, *error);
  services_.accounts.list_tokens(
      call->identity.user, page.limit, page.offset,
      on_success<Listing<ApiToken>>(call, [call, page](Listing<ApiToken> tokens) {
        Json items = Json::array();
        for (const ApiToken& token : tokens.items) items.push_back(token_json(token));
        answer(
            call, 200,
            Json{{"items", std::move(items)}, {"total", tokens.total}, {"limit", page.limit}, {"offset", page.offset}});
      }));
}

void TokenApi::create(const Call& call) {
  Fields fields(call->body);
  fields.require("name");
  const auto name = fields.text("name", 1, 255);
  const auto lifetime = fields.number("expires_in_seconds", 60, 10LL * 365 * 24 * 3600);
  if (const auto error = fields.error()) return answer(call, *error);
  const std::string secret = std::string(kTokenPrefix) + new_secret();
  services_.accounts.create_token(call->identity.user, *name, secret_hash(secret), lifetime,
                                  on_success<ApiToken>(call, [this, call, secret](const ApiToken& token) {
                                    audit(services_, call, "token.create", token.id);
                                    Json body = token_json(token);
                                    body["token"] = secret;  // shown once
                                    answer(call, 201, body, {{"Location", "/api/v1/tokens/" + token.id.text()}});
                                  }));
}

void TokenApi::remove(const Call& call) {
  const auto id = Uuid::parse(call->args[0]);
  if (!id) return answer(call, not_found("Token"));
  services_.accounts.remove_token(call->identity.user, *id,
                                  on_success<std::optional<std::string>>(call, [this, call, id = *id](auto hash) {
                                    if (!hash) return answer(call, not_found("Token"));
                                    services_.authenticator.end_session(*hash);
                                    audit(services_, call, "token.delete", id);
                                    call->respond(empty_reply());
                                  }));
}

}  // namespace hearth::orchestrator
