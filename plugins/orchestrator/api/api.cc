#include "orchestrator/api/api.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "orchestrator/auth/same_origin.h"
#include "orchestrator/auth/token.h"

namespace hearth::orchestrator {

namespace {

bool changes_state(std::string_view method) { return method != "GET" && method != "HEAD"; }

bool is_json(std::string_view content_type) {
  return iequals(trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

void show_document(const Call& call) {
  call->respond(
      {200,
       {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache"}, {"X-Content-Type-Options", "nosniff"}},
       std::string(openapi_document())});
}

void append(Endpoints& to, Endpoints from) {
  for (Endpoint& endpoint : from) to.push_back(std::move(endpoint));
}

}  // namespace

Api::Api(Services services, Loop& loop)
    : services_(std::move(services)),
      sessions_(services_, loop),
      workspaces_(services_),
      users_(services_),
      tokens_(services_),
      events_(services_) {
  append(endpoints_, sessions_.endpoints());
  append(endpoints_, workspaces_.endpoints());
  append(endpoints_, users_.endpoints());
  append(endpoints_, tokens_.endpoints());
  append(endpoints_, events_.endpoints());
  endpoints_.push_back({"GET", "/openapi.json", Access::open, BodyKind::none, show_document});
}

void Api::handle(Call call) {
  const Endpoint* endpoint = find(call);
  if (endpoint == nullptr || !read_body(call, endpoint->body)) return;
  if (!ready_ && endpoint->pattern != "/openapi.json") {
    return answer(call, unavailable("The database is not ready yet; try again shortly."));
  }
  authenticate(call, *endpoint);
}

const Endpoint* Api::find(const Call& call) {
  const ApiRequest& request = call->request;
  std::string allowed;
  for (const Endpoint& endpoint : endpoints_) {
    auto args = match_path(endpoint.pattern, request.path);
    if (!args) continue;
    if (endpoint.method == request.method ||
        (request.method == "HEAD" && endpoint.method == "GET" && endpoint.pattern != "/events")) {
      call->args = std::move(*args);
      return &endpoint;
    }
    allowed.append(allowed.empty() ? "" : ", ").append(endpoint.method);
  }
  if (allowed.empty()) {
    answer(call, {404, "NOT_FOUND", "There is nothing at this address; /api/v1/openapi.json lists what there is."});
  } else {
    answer(call,
           {405, "METHOD_NOT_ALLOWED", fmt::format("This address takes {}.", allowed), nullptr, {{"Allow", allowed}}});
  }
  return nullptr;
}

bool Api::read_body(const Call& call, BodyKind kind) {
  const ApiRequest& request = call->request;
  if (kind == BodyKind::none || (kind == BodyKind::optional && request.body.empty())) return true;
  if (!is_json(request.content_type)) {
    answer(call, {415, "INVALID_REQUEST", "The body must be sent as Content-Type: application/json."});
    return false;
  }
  call->body = Json::parse(request.body, nullptr, false);
  if (call->body.is_object()) return true;
  answer(call, invalid(call->body.is_discarded() ? "The body is not valid JSON." : "The body must be a JSON object."));
  return false;
}

void Api::authenticate(const Call& call, const Endpoint& endpoint) {
  const ApiRequest& request = call->request;
  const bool by_cookie = request.bearer.empty() && !request.cookie.empty();
  // Login is checked as well, so that nobody is logged in as somebody else from another site.
  if (changes_state(request.method) && request.bearer.empty() &&
      !same_origin(request.origin, request.sec_fetch_site, request.host, by_cookie && endpoint.pattern != "/login")) {
    return answer(call, forbidden("This request does not come from this site (Origin or Sec-Fetch-Site)."));
  }
  if (endpoint.access == Access::open) return endpoint.run(call);
  if (request.bearer.empty() && request.cookie.empty()) return answer(call, unauthorized());
  auto known = on_success<std::optional<Identity>>(
      call, [call, &endpoint](std::optional<Identity> identity) { run_as(call, endpoint, std::move(identity)); });
  if (by_cookie) {
    services_.authenticator.find_session(secret_hash(request.cookie), std::move(known));
  } else {
    services_.authenticator.find_token(secret_hash(request.bearer), std::move(known));
  }
}

void Api::run_as(const Call& call, const Endpoint& endpoint, std::optional<Identity> identity) {
  if (!identity) return answer(call, unauthorized());
  if (endpoint.access == Access::admin && !identity->admin) {
    return answer(call, forbidden("Only an administrator may do this."));
  }
  call->identity = std::move(*identity);
  endpoint.run(call);
}

}  // namespace hearth::orchestrator
