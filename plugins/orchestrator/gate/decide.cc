#include "orchestrator/gate/decide.h"

#include "base/strings.h"

namespace hearth::orchestrator::gate {

namespace {

bool accepts_html(const RequestView& request) {
  for (const HeaderView& header : request.headers) {
    if (!iequals(header.name, "accept")) continue;
    const bool none = for_each_list_element(header.value, [](std::string_view range) {
      return !iequals(trim(range.substr(0, range.find(';'))), "text/html");
    });
    if (!none) return true;
  }
  return false;
}

Verdict while_coming_up(RequestKind kind) {
  return kind == RequestKind::navigation ? Verdict::loading_page : Verdict::hold;
}

Verdict while_asleep(const GateInput& input) {
  if (input.kind == RequestKind::navigation) return Verdict::wake;
  return input.limit_reached ? Verdict::over_limit : Verdict::unavailable;
}

Verdict by_phase(const GateInput& input) {
  const Route& route = *input.route;
  switch (route.phase) {
    case Phase::running:
      // Ready but its address not seen yet: a moment at most.
      return route.address.empty() ? while_coming_up(input.kind) : Verdict::proxy;
    case Phase::standby:
      return route.on_its_way_up ? while_coming_up(input.kind) : while_asleep(input);
    case Phase::archived:
      if (route.on_its_way_up) return while_coming_up(input.kind);
      if (input.auto_restore) return while_asleep(input);
      return input.kind == RequestKind::navigation ? Verdict::broken : Verdict::unavailable;
    case Phase::pending:
      return route.on_its_way_up ? while_coming_up(input.kind) : Verdict::broken;
    case Phase::error:
    case Phase::deleting:
      return Verdict::broken;
    case Phase::deleted:
      return Verdict::not_found;
  }
  return Verdict::not_found;
}

}  // namespace

Verdict decide(const GateInput& input) {
  if (input.identity == nullptr) {
    return input.kind == RequestKind::navigation ? Verdict::login : Verdict::unauthorized;
  }
  if (input.route == nullptr) return Verdict::not_found;
  if (input.route->owner != input.identity->user) return Verdict::forbidden;
  if (input.kind == RequestKind::websocket && input.cross_site) return Verdict::cross_site;
  return by_phase(input);
}

RequestKind kind_of(const RequestView& request) {
  if (request.websocket) return RequestKind::websocket;
  if (request.method != "GET") return RequestKind::http;
  const std::string_view mode = request.header("sec-fetch-mode");
  if (!mode.empty()) return mode == "navigate" ? RequestKind::navigation : RequestKind::http;
  return accepts_html(request) ? RequestKind::navigation : RequestKind::http;
}

}  // namespace hearth::orchestrator::gate
