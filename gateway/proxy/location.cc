#include "proxy/location.h"

#include "base/strings.h"
#include "proxy/compiled.h"
#include "proxy/real_ip.h"

namespace hearth::proxy {

namespace {

std::vector<CompiledHeader> compile_headers(const std::vector<config::HeaderSetting>& headers) {
  std::vector<CompiledHeader> compiled;
  for (const auto& header : headers) compiled.push_back({header.name, compile_text(header.value), header.always});
  return compiled;
}

CompiledTryFiles compile_try_files(const config::TryFilesSettings& settings) {
  CompiledTryFiles compiled;
  for (const std::string& path : settings.paths) compiled.paths.push_back(compile_text(path));
  compiled.uri = compile_text(settings.uri);
  compiled.args = compile_text(settings.args);
  return compiled;
}

std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

bool CompiledHeader::applies(int status) const {
  if (always) return true;
  switch (status) {
    case 200:
    case 201:
    case 204:
    case 206:
    case 301:
    case 302:
    case 303:
    case 304:
    case 307:
    case 308:
      return true;
    default:
      return false;
  }
}

const Location* VirtualServer::locate(std::string_view path, config::Regex::Captures& captures) const {
  using Match = config::LocationSettings::Match;
  const Location* best = nullptr;
  for (const Location& location : locations) {
    const std::string& prefix = location.settings->path;
    const Match match = location.settings->match;
    if (match == Match::exact) {
      if (path == prefix) return &location;
    } else if (match <= Match::prefix_final && path.substr(0, prefix.size()) == prefix &&
               (best == nullptr || prefix.size() > best->settings->path.size())) {
      best = &location;
    }
  }
  if (has_regexes && (best == nullptr || best->settings->match != Match::prefix_final)) {
    for (const Location& location : locations) {
      if (!location.regex) continue;
      const auto outcome = location.regex->match(path, &captures);
      if (outcome == config::Regex::Outcome::yes) return &location;
      if (outcome == config::Regex::Outcome::too_hard) return nullptr;
    }
  }
  return best != nullptr ? best : &fallback;
}

const Location* VirtualServer::named(std::string_view name) const {
  for (const Location& location : locations) {
    if (location.settings->match == config::LocationSettings::Match::named && location.settings->path == name) {
      return &location;
    }
  }
  return nullptr;
}

void VirtualHosts::add(const VirtualServer& server, bool default_server) {
  servers_.push_back(&server);
  if (default_ == nullptr || default_server) default_ = &server;
}

const VirtualServer& VirtualHosts::select(std::string_view host) const {
  if (servers_.size() == 1) return *default_;
  const std::string_view name = without_port(host);
  const VirtualServer* best = nullptr;
  std::size_t best_size = 0;
  for (const VirtualServer* server : servers_) {
    for (const std::string& candidate : server->settings->names) {
      if (iequals(candidate, name)) return *server;
      const bool wildcard = candidate.size() > 2 && candidate[0] == '*' && name.size() >= candidate.size() - 1;
      if (wildcard && candidate.size() > best_size &&
          iequals(name.substr(name.size() - (candidate.size() - 1)), std::string_view(candidate).substr(1))) {
        best = server;
        best_size = candidate.size();
      }
    }
  }
  return best != nullptr ? *best : *default_;
}

Router::Router(const config::HttpSettings& settings, const Parts& parts) {
  for (const config::MapSettings& map : settings.maps) maps_.emplace(map.name, VariableMap(map));
  for (const config::ServerSettings& server : settings.servers) {
    auto compiled = std::make_unique<VirtualServer>();
    compiled->settings = &server;
    for (const auto& location : server.locations) {
      compiled->locations.push_back(compile(location, parts));
      compiled->has_regexes = compiled->has_regexes || compiled->locations.back().regex;
    }
    compiled->fallback = compile(server.fallback, parts);
    if (server.returning) compiled->returning = compile(*server.returning, parts);
    for (const auto& listen : server.listens) {
      VirtualHosts& hosts = hosts_[listen.address.text()];
      hosts.add(*compiled, listen.default_server);
      hosts.proxy_protocol = listen.proxy_protocol;
    }
    servers_.push_back(std::move(compiled));
  }
}

const VirtualHosts& Router::hosts(const SocketAddress& listen) const { return hosts_.at(listen.text()); }

const VariableMap& Router::map(std::string_view name) const { return maps_.find(name)->second; }

Location Router::compile(const config::LocationSettings& settings, const Parts& parts) {
  Location location;
  location.settings = &settings;
  if (!settings.handler.empty()) location.handler = parts.handler(settings.handler);
  location.access_log = settings.access_log.on ? parts.access_log(settings.access_log) : nullptr;
  location.proxy_set_headers = compile_headers(settings.proxy_set_headers);
  location.add_headers = compile_headers(settings.add_headers);
  for (const config::LimitReqSettings& limit : settings.limit_reqs) {
    const auto& [key, zone] = parts.zones->requests(limit.zone);
    location.limit_reqs.push_back({compile_text(key), zone.get(), &limit});
  }
  for (const config::LimitConnSettings& limit : settings.limit_conns) {
    const auto& [key, zone] = parts.zones->connections(limit.zone);
    location.limit_conns.push_back({compile_text(key), zone.get(), &limit});
  }
  using Match = config::LocationSettings::Match;
  if (settings.match == Match::regex || settings.match == Match::regex_no_case) {
    location.regex = compile_regex(settings.path, settings.match == Match::regex_no_case);
  }
  for (const config::RewriteSettings& rewrite : settings.rewrites) {
    location.rewrites.push_back(
        {compile_regex(rewrite.regex), compile_text(rewrite.path), compile_text(rewrite.args), &rewrite});
  }
  if (settings.try_files) location.try_files = compile_try_files(*settings.try_files);
  if (settings.returns) location.returned = compile_text(settings.returns->text);
  if (settings.proxy_pass) {
    const config::UpstreamSettings& upstream = *settings.proxy_pass->upstream;
    location.balancer = balancer(upstream);
    location.keepalive = {upstream.keepalive, upstream.keepalive_timeout, upstream.keepalive_requests};
  }
  return location;
}

Balancer* Router::balancer(const config::UpstreamSettings& upstream) {
  auto& slot = balancers_[&upstream];
  if (!slot) slot = std::make_unique<Balancer>(upstream);
  return slot.get();
}

bool is_allowed(const std::vector<config::AccessRule>& rules, const SocketAddress& client) {
  for (const config::AccessRule& rule : rules) {
    if (is_in(rule.network, client)) return rule.allow;
  }
  return true;
}

}  // namespace hearth::proxy
