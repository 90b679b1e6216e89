#include "orchestrator/gate/gate.h"

#include <algorithm>

#include "http/uri.h"
#include "orchestrator/api/services.h"
#include "orchestrator/auth/same_origin.h"
#include "orchestrator/auth/token.h"
#include "orchestrator/gate/pages.h"
#include "orchestrator/web/pages.h"

namespace hearth::orchestrator::gate {

namespace {

std::string with_query(std::string_view path, const RequestView& request) {
  std::string text(path);
  if (request.has_query) text.append("?").append(request.query);
  return text;
}

// A page for a person, JSON for a program.
void refuse_plainly(Exchange& exchange, const ApiError& error) {
  if (kind_of(exchange.request()) != RequestKind::navigation) return exchange.reply(error_reply(error));
  Reply reply = page(error.status, error_page(error.status, exchange.request().target));
  for (const auto& header : error.headers) reply.headers.push_back(header);
  exchange.reply(std::move(reply));
}

ApiError asleep() {
  return {503,
          "UNAVAILABLE",
          "The workspace is not running; open it in a browser to wake it.",
          nullptr,
          {{"Retry-After", "5"}}};
}

ApiError broken(const Route& route) {
  std::string message = "The workspace is in phase " + std::string(name(route.phase)) + ".";
  if (!route.error_message.empty()) message = route.error_reason + ": " + route.error_message;
  return {502, "UPSTREAM_UNAVAILABLE", std::move(message)};
}

}  // namespace

Gate::Gate(WorkerHost& worker, ControlLink& control, SessionLookup& sessions, const OrchestratorSettings& settings)
    : worker_(worker), control_(control), sessions_(sessions), settings_(settings), expiry_(worker.loop()) {}

void Gate::handle(Exchange& exchange) {
  const RequestView& request = exchange.request();
  const http::WorkspacePath path = http::parse_workspace_path(request.path);
  switch (path.kind) {
    case http::WorkspacePath::Kind::not_workspace:
    case http::WorkspacePath::Kind::not_found:
      return refuse_plainly(exchange, not_found("Workspace"));
    case http::WorkspacePath::Kind::bad_request:
      return refuse_plainly(exchange, invalid("The path leaves its workspace."));
    case http::WorkspacePath::Kind::needs_slash:
      return exchange.reply(redirect(308, with_query("/w/" + path.id.text() + "/", request)));
    case http::WorkspacePath::Kind::workspace:
      break;
  }
  sessions_.find(
      exchange, [this, id = path.id](Exchange& found, const Identity* identity) { proceed(found, id, identity); },
      [this](Exchange& found) { busy(found); });
}

void Gate::proceed(Exchange& exchange, const Uuid& workspace, const Identity* identity) {
  // A process that has just begun, after a reload as well, knows in a moment.
  if (identity != nullptr && !routes_.loaded()) return hold(exchange, workspace, *identity);
  act(exchange, workspace, identity, judge(exchange, workspace, identity));
}

Verdict Gate::judge(const Exchange& exchange, const Uuid& workspace, const Identity* identity) const {
  const RequestView& request = exchange.request();
  GateInput input;
  input.route = routes_.find(workspace);
  input.identity = identity;
  input.kind = kind_of(request);
  const std::string_view origin = request.header("origin");
  input.cross_site = !origin.empty() && !origin_is_host(origin, request.host);
  input.auto_restore = settings_.auto_restore;
  input.limit_reached = identity != nullptr && (routes_.running_of(identity->user) >= settings_.max_running_per_user ||
                                                routes_.running() >= settings_.max_running);
  return decide(input);
}

void Gate::act(Exchange& exchange, const Uuid& workspace, const Identity* identity, Verdict verdict) {
  const Route* route = routes_.find(workspace);
  switch (verdict) {
    case Verdict::proxy:
      return carry(exchange, *route, *identity);
    case Verdict::wake:
      return wake(exchange, workspace, *identity);
    case Verdict::hold:
      return hold(exchange, workspace, *identity);
    case Verdict::loading_page:
      return exchange.reply(page(202, loading_page(*route)));
    default:
      return refuse(exchange, verdict, route);
  }
}

void Gate::refuse(Exchange& exchange, Verdict verdict, const Route* route) {
  switch (verdict) {
    case Verdict::login:
      return exchange.reply(redirect(302, login_location(exchange.request().target)));
    case Verdict::unauthorized:
      return refuse_plainly(exchange, unauthorized());
    case Verdict::forbidden:
      return refuse_plainly(exchange, forbidden("This workspace belongs to another user."));
    case Verdict::cross_site:
      return refuse_plainly(exchange, forbidden("This WebSocket was opened by another site."));
    case Verdict::over_limit:
      return refuse_plainly(exchange,
                            {429, "RUNNING_LIMIT_EXCEEDED", "The workspace is asleep and too many others run."});
    case Verdict::unavailable:
      return refuse_plainly(exchange, asleep());
    case Verdict::broken:
      if (kind_of(exchange.request()) != RequestKind::navigation) return refuse_plainly(exchange, broken(*route));
      return exchange.reply(page(502, workspace_error_page(*route)));
    default:
      return refuse_plainly(exchange, not_found("Workspace"));
  }
}

void Gate::busy(Exchange& exchange) {
  refuse_plainly(exchange, unavailable("Hearth cannot tell right now; try again shortly."));
}

void Gate::carry(Exchange& exchange, const Route& route, const Identity& identity) {
  const RequestView& request = exchange.request();
  const http::WorkspacePath path = http::parse_workspace_path(request.path);
  ProxyPlan plan;
  plan.address = route.address;
  plan.target = with_query(path.rest, request);
  plan.route = route.workspace.text();
  plan.forwarded_prefix = "/w/" + plan.route;
  plan.hidden_cookie = std::string(session_cookie_name(request.scheme));
  plan.user = identity.username;
  plan.failed = [person = kind_of(request) == RequestKind::navigation](int status) {
    if (person) return page(status, error_page(status));
    const bool ours = status != 502 && status != 504;
    return error_reply({status, ours ? "INVALID_REQUEST" : "UPSTREAM_UNAVAILABLE",
                        ours ? "The request could not be passed on." : "The workspace does not answer."});
  };
  exchange.set_user(identity.username);
  exchange.proxy(std::move(plan));
}

void Gate::wake(Exchange& exchange, const Uuid& workspace, const Identity& identity) {
  if (waking_.size() >= kMaxWaking) return busy(exchange);
  waking_.emplace(exchange.id().serial, workspace);
  control_.wake(exchange.id(), workspace, identity.user);
}

void Gate::wake_decided(ExchangeId id, Result<RunOutcome> outcome) {
  const auto asked = waking_.extract(id.serial);
  Exchange* exchange = worker_.find(id);
  if (exchange == nullptr || asked.empty()) return;
  if (!outcome) return busy(*exchange);
  if (outcome->limit) {
    std::vector<RunningWorkspace> running;
    for (const RunningRow& row : outcome->limit->running) running.push_back({row.id.text(), row.name, row.phase});
    const auto which = outcome->limit->per_user ? RunningLimit::per_user : RunningLimit::total;
    return exchange->reply(page(429, limit_page(which, outcome->limit->maximum, running)));
  }
  const Route* route = routes_.find(asked.mapped());  // its change was posted before this answer
  if (!outcome->row || route == nullptr) return refuse_plainly(*exchange, not_found("Workspace"));
  exchange->reply(page(202, loading_page(*route)));
}

void Gate::apply(const RouteDelta& delta) {
  const bool first = !routes_.loaded();
  std::vector<Uuid> changed = routes_.apply(delta);
  if (first && routes_.loaded()) {
    changed.clear();
    for (const auto& [workspace, held] : held_) changed.push_back(workspace);
  }
  for (const Uuid& workspace : changed) release(workspace);
}

void Gate::hold(Exchange& exchange, const Uuid& workspace, const Identity& identity) {
  auto& held = held_[workspace];
  if (held.size() >= kMaxHeldPerWorkspace || held_count_ >= kMaxHeld) forget_gone(held);
  if (held.size() >= kMaxHeldPerWorkspace || held_count_ >= kMaxHeld) {
    if (held.empty()) held_.erase(workspace);
    return refuse_plainly(exchange, asleep());
  }
  held.push_back({exchange.id(), identity});
  ++held_count_;
  deadlines_.push_back({worker_.loop().now() + settings_.wake_hold, workspace, exchange.id()});
  if (!expiry_.active()) expiry_.start(settings_.wake_hold, [this] { expire(); });
}

void Gate::release(const Uuid& workspace) {
  const auto found = held_.find(workspace);
  if (found == held_.end()) return;
  std::vector<Held> candidates = std::move(found->second);
  held_.erase(found);
  std::vector<Held> still;
  for (Held& held : candidates) {
    Exchange* exchange = worker_.find(held.exchange);
    if (exchange == nullptr) {
      --held_count_;
      continue;
    }
    const Verdict verdict = judge(*exchange, workspace, &held.identity);
    if (verdict == Verdict::hold) {
      still.push_back(std::move(held));
      continue;
    }
    --held_count_;
    act(*exchange, workspace, &held.identity, verdict);
  }
  if (!still.empty()) held_[workspace] = std::move(still);
}

void Gate::expire() {
  const SteadyTime now = worker_.loop().now();
  while (!deadlines_.empty() && deadlines_.front().at <= now) {
    const Deadline due = deadlines_.front();
    deadlines_.pop_front();
    const auto found = held_.find(due.workspace);
    if (found == held_.end()) continue;
    if (std::erase_if(found->second, [&due](const Held& h) { return h.exchange == due.exchange; }) == 0) continue;
    --held_count_;
    if (found->second.empty()) held_.erase(found);
    Exchange* exchange = worker_.find(due.exchange);
    if (exchange == nullptr) continue;
    if (!routes_.loaded()) {
      busy(*exchange);
    } else {
      refuse_plainly(*exchange, asleep());
    }
  }
  if (deadlines_.empty()) return;
  expiry_.start(std::chrono::ceil<Milliseconds>(deadlines_.front().at - now), [this] { expire(); });
}

void Gate::forget_gone(std::vector<Held>& held) {
  held_count_ -= std::erase_if(held, [this](const Held& h) { return worker_.find(h.exchange) == nullptr; });
}

}  // namespace hearth::orchestrator::gate
