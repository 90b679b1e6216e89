#include "orchestrator/worker/dashboard_handler.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/strings.h"
#include "orchestrator/gate/pages.h"
#include "orchestrator/web/pages.h"

namespace hearth::orchestrator {

namespace {

std::string return_path(const RequestView& request) {
  for (const std::string_view pair : split(request.query, '&')) {
    if (pair.starts_with("next=")) return safe_next_path(percent_decode(pair.substr(5), true).value_or("/"));
  }
  return "/";
}

void show_asset(Exchange& exchange, const Asset& asset) {
  const RequestView& request = exchange.request();
  PageHeaders headers = asset_headers(asset, request.path);
  bool known = false;
  for_each_list_element(request.header("if-none-match"), [&known, &asset](std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);  // weak comparison (RFC 9110 13.1.2)
    known = tag == asset.etag || tag == "*";
    return !known;
  });
  exchange.reply({known ? 304 : 200, std::move(headers), known ? std::string() : std::string(asset.body)});
}

}  // namespace

void DashboardHandler::handle(Exchange& exchange) {
  const RequestView& request = exchange.request();
  if (request.method != "GET" && request.method != "HEAD") {
    Reply reply = gate::page(405, error_page(405));
    reply.headers.emplace_back("Allow", "GET, HEAD");
    return exchange.reply(std::move(reply));
  }
  if (request.path == "/healthz") {
    return exchange.reply({200, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-store"}}, "ok"});
  }
  if (request.path == "/readyz") return show_readiness(exchange);
  if (request.path == "/login") return show_login(exchange);
  if (request.path == "/") return show_dashboard(exchange);
  if (const Asset* asset = find_asset(request.path)) return show_asset(exchange, *asset);
  exchange.reply(gate::page(404, error_page(404)));
}

void DashboardHandler::show_dashboard(Exchange& exchange) {
  sessions_.find(
      exchange,
      [](Exchange& found, const Identity* identity) {
        if (identity == nullptr) return found.reply(gate::redirect(302, login_location(found.request().target)));
        found.set_user(identity->username);
        found.reply(
            gate::page(200, dashboard_page({identity->user.text(), identity->username, identity->admin, true})));
      },
      [](Exchange& found) { found.reply(gate::page(503, error_page(503))); });
}

void DashboardHandler::show_login(Exchange& exchange) {
  const auto show = [](Exchange& found) { found.reply(gate::page(200, login_page(return_path(found.request())))); };
  sessions_.find(
      exchange,
      [show](Exchange& found, const Identity* identity) {
        if (identity == nullptr) return show(found);
        found.reply(gate::redirect(302, return_path(found.request())));
      },
      show);
}

void DashboardHandler::show_readiness(Exchange& exchange) const {
  Json reasons = Json::object();
  for (const auto& [component, reason] : readiness_.reasons) {
    if (!reason.empty()) reasons[component] = reason;
  }
  const bool ready = reasons.empty();
  Json state{{"ready", ready}, {"reasons", std::move(reasons)}};
  if (!readiness_.degraded.empty()) state["degraded"] = readiness_.degraded;
  exchange.reply(json_reply(ready ? 200 : 503, state));
}

}  // namespace hearth::orchestrator
