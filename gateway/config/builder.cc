#include "config/builder.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "config/default_types.h"
#include "config/lexer.h"
#include "config/variables.h"

namespace hearth::config {

std::string text_of(const Where& where) { return where.file + ":" + std::to_string(where.line); }

Result<void> LocationScope::set_content(std::string_view name, const Where& place) {
  if (!content.empty()) {
    return bad("\"" + std::string(name) + "\" conflicts with \"" + content + "\" at " + text_of(content_where) +
               ": location \"" + path + "\" can be answered by only one of them");
  }
  content = std::string(name);
  content_where = place;
  return {};
}

Builder::Builder(std::string prefix, std::string file) {
  settings.prefix = std::move(prefix);
  settings.file = std::move(file);
  settings.pid_file = resolve(settings.pid_file);
}

std::string Builder::resolve(std::string_view path) const {
  if (!path.empty() && path.front() == '/') return std::string(path);
  std::string out = settings.prefix;
  if (out.empty() || out.back() != '/') out.push_back('/');
  return out.append(path);
}

void Builder::warn(const Where& where, const std::string& message) {
  warnings.push_back(text_of(where) + ": " + message);
}

void Builder::expect_variables(std::string_view text, const Where& where, bool captures) {
  if (text.find('$') != std::string_view::npos) texts_.push_back({std::string(text), where, captures});
}

Result<void> Builder::check_texts() const {
  VariableNames names;
  for (const auto& map : http->maps) names.maps.insert(map->settings.name);
  for (const ExpectedText& expected : texts_) {
    names.captures = expected.captures;
    auto compiled = CompiledText::compile(expected.text, names);
    if (!compiled) return fail(error_at(expected.where, compiled.error().message));
  }
  return check_maps();
}

// A map may look at others, but not at itself through them.
Result<void> Builder::check_maps() const {
  std::map<std::string, std::set<std::string>> uses;
  for (const auto& map : http->maps) {
    const auto note = [&, &name = map->settings.name](const std::string& text) {
      const auto compiled = CompiledText::compile(text, {.captures = true, .any = true});
      for (const CompiledText::Part& part : compiled->parts()) {
        if (part.variable == Variable::mapped) uses[name].insert(part.text);
      }
    };
    note(map->settings.source);
    note(map->settings.fallback);
    for (const MapSettings::Row& row : map->settings.rows) note(row.value);
  }
  for (const auto& map : http->maps) {
    std::set<std::string> reached = uses[map->settings.name];
    for (std::vector<std::string> open(reached.begin(), reached.end()); !open.empty();) {
      const std::string next = std::move(open.back());
      open.pop_back();
      for (const std::string& used : uses[next]) {
        if (reached.insert(used).second) open.push_back(used);
      }
    }
    if (reached.contains(map->settings.name)) {
      return fail(error_at(map->settings.where, "the variable \"" + map->settings.name + "\" depends on itself"));
    }
  }
  return {};
}

Result<void> Builder::check_named(const ServerScope& server, const Scope& scope) const {
  if (!scope.try_files || !scope.try_files->uri.starts_with('@')) return {};
  for (const auto& location : server.locations) {
    if (location->path == scope.try_files->uri) return {};
  }
  return fail(error_at(scope.try_files->where, "no location \"" + scope.try_files->uri + "\" in this server"));
}

Result<std::shared_ptr<const Settings>> Builder::finish() {
  if (http == nullptr) {
    return fail(error_at({settings.file, 1}, "no \"http\" block in the configuration: nothing to serve"));
  }
  if (http->servers.empty()) {
    return fail(error_at(http->where, "no \"server\" in the \"http\" block: nothing to serve"));
  }
  if (auto known = check_texts(); !known) return fail(known.error());
  if (auto done = finish_upstreams(); !done) return fail(done.error());
  for (const auto& server : http->servers) {
    if (!server->listens.empty()) continue;
    ListenDraft draft;
    draft.settings.address = *SocketAddress::parse(::geteuid() == 0 ? "0.0.0.0:80" : "0.0.0.0:8000");
    draft.settings.where = server->where;
    server->listens.push_back(draft);
  }
  if (auto checked = check_listens(); !checked) return fail(checked.error());
  share_listen_options();
  warn_of_conflicting_names();
  settings.http.server_tokens = http->server_tokens;
  for (const auto& map : http->maps) settings.http.maps.push_back(map->settings);
  settings.http.limit_req_zones = http->limit_req_zones;
  settings.http.limit_conn_zones = http->limit_conn_zones;
  for (const auto& server : http->servers) {
    auto finished = finish_server(*server);
    if (!finished) return fail(finished.error());
    if (auto known = check_limits(finished->fallback); !known) return fail(known.error());
    for (const LocationSettings& location : finished->locations) {
      if (auto known = check_limits(location); !known) return fail(known.error());
    }
    settings.http.servers.push_back(std::move(*finished));
  }
  return std::make_shared<const Settings>(std::move(settings));
}

Result<void> Builder::finish_upstreams() {
  for (const auto& draft : http->upstreams) {
    const UpstreamSettings& upstream = draft->settings;
    if (upstream.servers.empty()) return fail(error_at(upstream.where, "no servers are inside upstream"));
    const bool only_backups = std::all_of(upstream.servers.begin(), upstream.servers.end(),
                                          [](const UpstreamServer& server) { return server.backup; });
    if (only_backups) {
      return fail(error_at(upstream.where, "no servers in upstream \"" + upstream.name + "\" but backups"));
    }
    auto frozen = std::make_shared<const UpstreamSettings>(upstream);
    upstreams_.emplace(to_lower(upstream.name), frozen);
    settings.http.upstreams.push_back(std::move(frozen));
  }
  return {};
}

// One default server per address, and socket options in one place only.
Result<void> Builder::check_listens() {
  std::map<std::string, const ListenDraft*> defaults;
  std::map<std::string, const ListenDraft*> options;
  std::map<std::string, ListenDraft*> first;
  for (const auto& server : http->servers) {
    for (ListenDraft& listen : server->listens) {
      const std::string address = listen.settings.address.text();
      first.emplace(address, &listen);
      if (listen.settings.default_server && !defaults.emplace(address, &listen).second) {
        return fail(error_at(listen.settings.where, "a duplicate default server for " + address + ", the first is at " +
                                                        text_of(defaults[address]->settings.where)));
      }
      if (listen.has_options && !options.emplace(address, &listen).second) {
        return fail(error_at(listen.settings.where, "duplicate listen options for " + address +
                                                        ", they are already given at " +
                                                        text_of(options[address]->settings.where)));
      }
    }
  }
  for (auto& [address, listen] : first) {
    if (defaults.count(address) == 0) listen->settings.default_server = true;
  }
  return {};
}

void Builder::share_listen_options() {
  std::map<std::string, ListenSettings> options;
  for (const auto& server : http->servers) {
    for (const ListenDraft& listen : server->listens) {
      if (listen.has_options) options[listen.settings.address.text()] = listen.settings;
    }
  }
  for (const auto& server : http->servers) {
    for (ListenDraft& listen : server->listens) {
      const auto found = options.find(listen.settings.address.text());
      if (found == options.end()) continue;
      listen.settings.backlog = found->second.backlog;
      listen.settings.proxy_protocol = found->second.proxy_protocol;
    }
  }
}

void Builder::warn_of_conflicting_names() {
  std::set<std::pair<std::string, std::string>> seen;  // address, name
  for (const auto& server : http->servers) {
    for (const ListenDraft& listen : server->listens) {
      const std::string address = listen.settings.address.text();
      const std::vector<std::string> names = server->names.empty() ? std::vector<std::string>{""} : server->names;
      for (const std::string& name : names) {
        if (seen.emplace(address, name).second) continue;
        warn(server->where, "conflicting server name \"" + name + "\" on " + address + ", ignored");
      }
    }
  }
}

Result<void> Builder::check_limits(const LocationSettings& location) const {
  const auto check = [](const auto& limits, const std::vector<LimitZoneSettings>& zones,
                        const char* made_by) -> Result<void> {
    for (const auto& limit : limits) {
      const bool known = std::any_of(zones.begin(), zones.end(),
                                     [&](const LimitZoneSettings& zone) { return zone.name == limit.zone; });
      if (!known)
        return fail(error_at(limit.where, "unknown zone \"" + limit.zone + "\", \"" + made_by + "\" makes one"));
    }
    return {};
  };
  if (auto known = check(location.limit_reqs, http->limit_req_zones, "limit_req_zone"); !known) return known;
  return check(location.limit_conns, http->limit_conn_zones, "limit_conn_zone");
}

LocationSettings Builder::inherited(const ServerScope& server) const {
  LocationSettings out;
  out.root = resolve(out.root);
  out.access_log.path = resolve(out.access_log.path);
  out.types = default_types();
  out.where = server.where;
  for (const auto& assign : http->values) assign(out);
  for (const auto& assign : server.values) assign(out);
  return out;
}

Result<ServerSettings> Builder::finish_server(const ServerScope& server) {
  ServerSettings out;
  out.where = server.where;
  out.names = server.names;
  for (const ListenDraft& listen : server.listens) out.listens.push_back(listen.settings);
  for (const auto& assign : http->server_values) assign(out);
  for (const auto& assign : server.server_values) assign(out);
  out.fallback = inherited(server);
  out.fallback.returns = server.returns;
  out.fallback.rewrites = server.rewrites;
  out.fallback.try_files = server.try_files;
  if (auto known = check_named(server, server); !known) return fail(known.error());
  for (const auto& location : server.locations) {
    if (auto known = check_named(server, *location); !known) return fail(known.error());
    auto finished = finish_location(server, *location);
    if (!finished) return fail(finished.error());
    out.locations.push_back(std::move(*finished));
  }
  if (server.returns && !server.rewrites.empty()) {
    out.returning = out.fallback;
    out.returning->rewrites.clear();
    out.fallback.returns.reset();
  } else if (server.returns && !out.locations.empty()) {
    // nginx answers a server's `return` before it looks for a location.
    warn(server.where, "the locations of this server are never reached: its \"return\" answers every request");
    out.locations.clear();
  }
  return out;
}

Result<LocationSettings> Builder::finish_location(const ServerScope& server, const LocationScope& location) {
  LocationSettings out = inherited(server);
  for (const auto& assign : location.values) assign(out);
  out.path = location.path;
  out.match = location.match;
  out.where = location.where;
  out.returns = location.returns;
  out.rewrites = location.rewrites;
  out.try_files = location.try_files;
  out.handler = location.handler;
  if (location.proxy) {
    auto pass = finish_proxy_pass(*location.proxy);
    if (!pass) return fail(pass.error());
    out.proxy_pass = std::move(*pass);
  }
  return out;
}

Result<ProxyPass> Builder::finish_proxy_pass(const ProxyTarget& target) {
  auto upstream = find_upstream(target);
  if (!upstream) return fail(upstream.error());
  ProxyPass pass;
  pass.upstream = *upstream;
  pass.uri = target.uri;
  // $proxy_host: as written, without the scheme's own port.
  pass.host = target.endpoint.unix_path.empty() ? target.text : "localhost";
  if (target.endpoint.port == 80) pass.host.resize(pass.host.rfind(':'));
  return pass;
}

Result<Builder::Upstream> Builder::find_upstream(const ProxyTarget& target) {
  const Endpoint& endpoint = target.endpoint;
  if (const auto named = upstreams_.find(to_lower(endpoint.host)); named != upstreams_.end()) {
    const bool defined = std::any_of(http->upstreams.begin(), http->upstreams.end(),
                                     [&](const auto& draft) { return iequals(draft->settings.name, endpoint.host); });
    if (defined && endpoint.port) {
      return fail(error_at(target.where,
                           "upstream \"" + endpoint.host + "\" may not have port " + std::to_string(*endpoint.port)));
    }
    if (defined) return named->second;
  }
  const std::string key = to_lower(target.text);
  if (const auto known = upstreams_.find(key); known != upstreams_.end()) return known->second;
  auto addresses = resolve_endpoint(endpoint, 80);
  if (!addresses) {
    return fail(error_at(target.where, addresses.error().message + " in upstream \"" + target.text + "\""));
  }
  auto upstream = std::make_shared<UpstreamSettings>();
  upstream->name = target.text;
  upstream->where = target.where;
  for (const SocketAddress& address : *addresses) {
    UpstreamServer server;
    server.address = address;
    upstream->servers.push_back(server);
  }
  upstreams_.emplace(key, upstream);
  settings.http.upstreams.push_back(upstream);
  return Upstream(upstream);
}

}  // namespace hearth::config
