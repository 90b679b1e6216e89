// Location, VirtualServer, Router: the configuration as a worker uses it, compiled once when the worker starts.
// Owner: the worker. Thread: the worker's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/regex.h"
#include "config/settings.h"
#include "config/variables.h"
#include "log/access_log.h"
#include "proxy/balancer.h"
#include "proxy/limit_zones.h"
#include "proxy/upstream_pool.h"
#include "proxy/variable_map.h"

namespace hearth {
class Handler;
}

namespace hearth::proxy {

struct CompiledHeader {
  std::string name;
  config::CompiledText value;
  bool always = false;
  bool applies(int status) const;  // add_header: on the statuses nginx lists, unless `always`
};

struct CompiledLimitReq {
  config::CompiledText key;
  RequestZone* zone = nullptr;
  const config::LimitReqSettings* settings = nullptr;
};

struct CompiledLimitConn {
  config::CompiledText key;
  ConnectionZone* zone = nullptr;
  const config::LimitConnSettings* settings = nullptr;
};

struct CompiledTryFiles {
  std::vector<config::CompiledText> paths;
  config::CompiledText uri;
  config::CompiledText args;
};

struct CompiledRewrite {
  config::Regex regex;
  config::CompiledText path;
  config::CompiledText args;
  const config::RewriteSettings* settings = nullptr;
};

struct Location {
  const config::LocationSettings* settings = nullptr;
  Handler* handler = nullptr;            // of the module that answers here, if one does
  Balancer* balancer = nullptr;          // of proxy_pass's upstream
  log::AccessLog* access_log = nullptr;  // null = off
  std::vector<CompiledHeader> proxy_set_headers;
  std::vector<CompiledHeader> add_headers;
  std::vector<CompiledLimitReq> limit_reqs;
  std::vector<CompiledLimitConn> limit_conns;
  config::CompiledText returned;
  std::vector<CompiledRewrite> rewrites;
  CompiledTryFiles try_files;
  std::optional<config::Regex> regex;  // of `location ~`
  KeepAliveLimits keepalive;
};

struct VirtualServer {
  const config::ServerSettings* settings = nullptr;
  std::vector<Location> locations;
  Location fallback;
  std::optional<Location> returning;  // `return` of a server that has a `rewrite` before it
  bool has_regexes = false;

  // As nginx: exact match, else the longest prefix if it is final, else the first regular expression (which fills
  // `captures`), else that prefix, else `fallback`. Null: a regular expression takes too many steps to tell.
  const Location* locate(std::string_view normalized_path, config::Regex::Captures& captures) const;
  const Location* named(std::string_view name) const;  // "@name"; the loader has seen that it exists
};

// The servers that share one listening address.
class VirtualHosts {
 public:
  void add(const VirtualServer& server, bool default_server);
  // By Host without port: exact name, then the longest "*.suffix", then the default (the first listed).
  const VirtualServer& select(std::string_view host) const;
  // Whether connections to this address begin with a PROXY protocol header.
  bool proxy_protocol = false;

 private:
  std::vector<const VirtualServer*> servers_;
  const VirtualServer* default_ = nullptr;
};

class Router {
 public:
  struct Parts {
    std::function<Handler*(const std::string& name)> handler;
    std::function<log::AccessLog*(const config::AccessLogSettings&)> access_log;
    const LimitZones* zones = nullptr;  // of these settings
  };

  Router(const config::HttpSettings& settings, const Parts& parts);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  const VirtualHosts& hosts(const SocketAddress& listen) const;
  const VariableMap& map(std::string_view name) const;  // the loader has seen that it exists

 private:
  Location compile(const config::LocationSettings& settings, const Parts& parts);
  Balancer* balancer(const config::UpstreamSettings& upstream);

  std::map<std::string, VariableMap, std::less<>> maps_;
  std::vector<std::unique_ptr<VirtualServer>> servers_;
  std::map<std::string, VirtualHosts> hosts_;  // by the listen address's text
  std::map<const config::UpstreamSettings*, std::unique_ptr<Balancer>> balancers_;
};

// allow / deny: first rule that matches decides; no match allows.
bool is_allowed(const std::vector<config::AccessRule>& rules, const SocketAddress& client);

}  // namespace hearth::proxy
