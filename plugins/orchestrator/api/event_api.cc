#include "orchestrator/api/event_api.h"

#include "orchestrator/api/workspace_json.h"

namespace hearth::orchestrator {

namespace {
constexpr std::int64_t kSnapshotRows = 1000;
constexpr std::string_view kRetry = "retry: 2000\n\n";
}  // namespace

Endpoints EventApi::endpoints() {
  return {{"GET", "/events", Access::user, BodyKind::none, [this](const Call& call) { open(call); }}};
}

void EventApi::open(const Call& call) {
  if (draining_) return answer(call, unavailable("This server is shutting down."));
  if (const auto last = services_.events.parse_id(call->request.last_event_id)) {
    if (auto missed = services_.events.since(*last, call->identity.user)) return open_with(call, std::move(*missed));
  }
  snapshot(call);
}

void EventApi::open_with(const Call& call, std::string first_frames) {
  if (draining_) return answer(call, unavailable("This server is shutting down."));
  if (!services_.events.add(call->request.exchange, call->identity)) {
    return answer(call, unavailable("You have too many event streams open."));
  }
  call->open_stream(std::string(kRetry) + std::move(first_frames));
}

void EventApi::snapshot(const Call& call) {
  // What happens while the rows are read is sent after them; a row twice is harmless, a change missed is not.
  const std::uint64_t before = services_.events.last();
  services_.workspaces.list(
      call->identity.user, kSnapshotRows, 0,
      on_success<Listing<Workspace>>(call, [this, call, before](const Listing<Workspace>& rows) {
        Json list = Json::array();
        for (const Workspace& row : rows.items) list.push_back(workspace_json(row));
        auto missed = services_.events.since(before, call->identity.user);
        if (!missed) return snapshot(call);
        const std::string data = dump(Json{{"workspaces", std::move(list)}, {"total", rows.total}});
        open_with(call, event_frame(services_.events.id(before), "connected", data) + *missed);
      }));
}

}  // namespace hearth::orchestrator
