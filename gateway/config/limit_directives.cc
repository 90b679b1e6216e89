// How much one client, or whatever a key tells apart, may ask for.
#include <algorithm>

#include "config/gateway_directives.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

constexpr std::size_t kLeastZone = 32 * 1024;

HttpScope& http_of(void* target) { return static_cast<HttpScope&>(scope_of(target)); }

// "zone=name:size"
Result<void> read_zone(LimitZoneSettings& zone, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return bad("invalid zone \"" + std::string(text) + "\", it reads zone=name:10m");
  zone.name = std::string(text.substr(0, colon));
  if (auto done = assign(zone.size, parse_size(text.substr(colon + 1)), text.substr(colon + 1)); !done) return done;
  if (zone.size < kLeastZone) return bad("zone \"" + zone.name + "\" is too small, it needs at least 32k");
  return {};
}

// "10r/s", "30r/m" as thousandths of a request per second.
Result<std::uint64_t> parse_rate(std::string_view text) {
  const bool by_minute = text.ends_with("r/m");
  const auto number = parse_decimal<std::uint32_t>(text.substr(0, text.size() - std::min<std::size_t>(text.size(), 3)));
  if ((!by_minute && !text.ends_with("r/s")) || !number || *number == 0)
    return bad("invalid rate \"" + std::string(text) + "\", it must read 10r/s or 30r/m");
  return std::uint64_t{*number} * 1000 / (by_minute ? 60 : 1);
}

Result<void> add_zone(void* target, const Statement& statement, LoadContext&) {
  const bool counts_requests = statement.name == "limit_req_zone";
  HttpScope& http = http_of(target);
  LimitZoneSettings zone;
  zone.where = statement.where;
  zone.key = statement.args[0];
  if (auto good = check_variables(http.builder, statement.where, zone.key, false); !good) return good;
  for (std::size_t i = 1; i < statement.args.size(); ++i) {
    const std::string_view text = statement.args[i];
    if (text.starts_with("zone=")) {
      if (auto read = read_zone(zone, text.substr(5)); !read) return read;
    } else if (counts_requests && text.starts_with("rate=")) {
      if (auto done = assign(zone.rate, parse_rate(text.substr(5)), text); !done) return done;
    } else {
      return bad("invalid parameter \"" + std::string(text) + "\"");
    }
  }
  if (zone.name.empty()) return bad("\"" + statement.name + "\" must have \"zone\" parameter");
  if (counts_requests && zone.rate == 0) return bad("\"limit_req_zone\" must have \"rate\" parameter");
  auto& zones = counts_requests ? http.limit_req_zones : http.limit_conn_zones;
  for (const LimitZoneSettings& other : zones) {
    if (other.name == zone.name) return bad("zone \"" + zone.name + "\" is already bound at " + text_of(other.where));
  }
  zones.push_back(std::move(zone));
  return {};
}

Result<void> add_limit_req(void* target, const Statement& statement, LoadContext&) {
  LimitReqSettings limit;
  limit.where = statement.where;
  for (const std::string& argument : statement.args) {
    const std::string_view text = argument;
    if (text.starts_with("zone=")) {
      limit.zone = std::string(text.substr(5));
    } else if (text.starts_with("burst=")) {
      if (auto done = assign(limit.burst, parse_number(text.substr(6)), text); !done) return done;
    } else if (text.starts_with("delay=")) {
      if (auto done = assign(limit.delay, parse_number(text.substr(6)), text); !done) return done;
    } else if (text == "nodelay") {
      limit.delay = UINT64_MAX;
    } else {
      return bad("invalid parameter \"" + argument + "\"");
    }
  }
  if (limit.zone.empty()) return bad("\"limit_req\" must have \"zone\" parameter");
  if (limit.burst > UINT32_MAX) return bad("the burst of \"limit_req\" is too large");
  scope_of(target).add(&LocationSettings::limit_reqs, std::move(limit));
  return {};
}

Result<void> add_limit_conn(void* target, const Statement& statement, LoadContext&) {
  LimitConnSettings limit{statement.args[0], 0, statement.where};
  if (auto done = assign(limit.most, parse_number(statement.args[1]), statement.args[1]); !done) return done;
  if (limit.most == 0 || limit.most > 65535) return invalid_value(statement.args[1], "a number from 1 to 65535");
  scope_of(target).add(&LocationSettings::limit_conns, std::move(limit));
  return {};
}

Setter status_value(int LocationSettings::*field) {
  return [field](void* target, const Statement& statement, LoadContext&) -> Result<void> {
    const auto status = parse_decimal<int>(statement.args[0]);
    if (!status || *status < 400 || *status > 599) return invalid_value(statement.args[0], "a status from 400 to 599");
    scope_of(target).set([field, value = *status](LocationSettings& out) { out.*field = value; });
    return {};
  };
}

void add_requests(DirectiveTable& table) {
  table.push_back({.name = "limit_req_zone",
                   .contexts = "http",
                   .min_args = 3,
                   .max_args = 3,
                   .repeatable = true,
                   .set = add_zone,
                   .syntax = "limit_req_zone key zone=name:size rate=number(r/s | r/m)",
                   .help = "A table of how fast requests come, by key (`$binary_remote_addr`), shared by all workers. "
                           "When it is full, the key that was seen longest ago is forgotten."});
  table.push_back({.name = "limit_req",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 3,
                   .repeatable = true,
                   .set = add_limit_req,
                   .syntax = "limit_req zone=name [burst=number] [nodelay | delay=number]",
                   .help = "Requests above the zone's rate wait their turn, as many as `burst`; more are refused. "
                           "Inherited only if the inner level has none."});
  table.push_back({.name = "limit_req_status",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = status_value(&LocationSettings::limit_req_status),
                   .syntax = "limit_req_status code",
                   .fallback = "503",
                   .help = "What a request that `limit_req` refuses is answered."});
}

void add_connections(DirectiveTable& table) {
  table.push_back({.name = "limit_conn_zone",
                   .contexts = "http",
                   .min_args = 2,
                   .max_args = 2,
                   .repeatable = true,
                   .set = add_zone,
                   .syntax = "limit_conn_zone key zone=name:size",
                   .help = "A table of requests under way, by key, shared by all workers. When it is full, requests "
                           "with a new key are refused."});
  table.push_back({.name = "limit_conn",
                   .contexts = kHttpServerLocation,
                   .min_args = 2,
                   .max_args = 2,
                   .repeatable = true,
                   .set = add_limit_conn,
                   .syntax = "limit_conn zone number",
                   .help = "Requests and tunnels that may be under way for one key. Inherited only if the inner level "
                           "has none."});
  table.push_back({.name = "limit_conn_status",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = status_value(&LocationSettings::limit_conn_status),
                   .syntax = "limit_conn_status code",
                   .fallback = "503",
                   .help = "What a request that `limit_conn` refuses is answered."});
}

}  // namespace

void add_limit_directives(DirectiveTable& table) {
  add_requests(table);
  add_connections(table);
  table.push_back({.name = "limit_rate",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::limit_rate, parse_size),
                   .syntax = "limit_rate bytes",
                   .fallback = "0",
                   .help = "Bytes of one response body sent per second; 0 means no limit."});
  table.push_back({.name = "limit_rate_after",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::limit_rate_after, parse_size),
                   .syntax = "limit_rate_after bytes",
                   .fallback = "0",
                   .help = "So much of a response comes at full speed before `limit_rate` begins."});
}

}  // namespace hearth::config
