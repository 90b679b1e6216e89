// Api: the REST API under /api/v1 (SPEC section 9). Finds the endpoint, reads the body, says who asks, refuses what may
// not be, and hands over. Thread: the orchestrator's.
#pragma once

#include "orchestrator/api/endpoint.h"
#include "orchestrator/api/event_api.h"
#include "orchestrator/api/services.h"
#include "orchestrator/api/session_api.h"
#include "orchestrator/api/user_api.h"
#include "orchestrator/api/workspace_api.h"

namespace hearth::orchestrator {

class Api {
 public:
  static constexpr std::size_t kBodyLimit = 64 * 1024;

  Api(Services services, Loop& loop);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  // Until the database is prepared calls are answered 503.
  void set_ready(bool ready) { ready_ = ready; }
  void drain() { events_.drain(); }

  // Exactly one of the call's respond and open_stream is called, now or later, unless the Api is destroyed.
  void handle(Call call);

  const Endpoints& endpoints() const { return endpoints_; }

 private:
  const Endpoint* find(const Call& call);
  bool read_body(const Call& call, BodyKind kind);
  void authenticate(const Call& call, const Endpoint& endpoint);
  static void run_as(const Call& call, const Endpoint& endpoint, std::optional<Identity> identity);

  Services services_;
  SessionApi sessions_;
  WorkspaceApi workspaces_;
  UserApi users_;
  TokenApi tokens_;
  EventApi events_;
  Endpoints endpoints_;
  bool ready_ = false;
};

// The OpenAPI 3.1 document, embedded.
std::string_view openapi_document();

}  // namespace hearth::orchestrator
