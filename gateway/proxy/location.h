// Location, VirtualServer, Router: the configuration as a worker uses it, compiled once when the worker starts.
// Owner: the worker. Thread: the worker's.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "config/variables.h"
#include "log/access_log.h"
#include "proxy/balancer.h"
#include "proxy/limit_zones.h"
#include "proxy/upstream_pool.h"

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
  CompiledTryFiles try_files;
  KeepAliveLimits keepalive;
};

struct VirtualServer {
  const config::ServerSettings* settings = nullptr;
  std::vector<Location> locations;
  Location fallback;

  // Exact match, else the longest prefix, else `fallback` (as nginx without regular expressions).
  const Location& locate(std::string_view normalized_path) const;
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

 private:
  Location compile(const config::LocationSettings& settings, const Parts& parts);
  Balancer* balancer(const config::UpstreamSettings& upstream);

  std::vector<std::unique_ptr<VirtualServer>> servers_;
  std::map<std::string, VirtualHosts> hosts_;  // by the listen address's text
  std::map<const config::UpstreamSettings*, std::unique_ptr<Balancer>> balancers_;
};

// allow / deny: first rule that matches decides; no match allows.
bool is_allowed(const std::vector<config::AccessRule>& rules, const SocketAddress& client);

}  // namespace hearth::proxy
