// Services: what the API's endpoints work with. All on the orchestrator's thread; owner: Control.
#pragma once

#include <functional>

#include "orchestrator/api/api_call.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/reply.h"
#include "orchestrator/auth/login_guard.h"
#include "orchestrator/auth/password.h"
#include "orchestrator/notify/event_bus.h"
#include "orchestrator/runtime/workspace_runtime.h"
#include "orchestrator/store/account_store.h"
#include "orchestrator/store/workspace_store.h"

namespace hearth::orchestrator {

struct Services {
  AccountStore& accounts;
  WorkspaceStore& workspaces;
  Authenticator& authenticator;
  PasswordPool& passwords;
  LoginGuard& login_guard;
  EventBus& events;
  WorkspaceRuntime* runtime = nullptr;  // null: this process has none (coordinator off without an engine)
  // A row the API has just written: routes and event streams learn it before the caller gets the answer.
  std::function<void(const Workspace&)> row_written;
};

// What to do with the success of an asynchronous step; its failure is answered here.
template <class T, class Next>
auto on_success(const Call& call, Next next) {
  return [call, next = std::move(next)](Result<T> result) mutable {
    if (!result) return answer(call, from_error(result.error()));
    if constexpr (std::is_void_v<T>) {
      next();
    } else {
      next(std::move(*result));
    }
  };
}

void audit(Services& services, const Call& call, std::string action, std::optional<Uuid> subject = std::nullopt);
ApiError limit_error(const LimitHit& hit);

}  // namespace hearth::orchestrator
