// Settings: what a configuration file becomes. Built once by the configuration loader, frozen, and passed down
// constructors as `const`; there is no global getter. Inheritance (http → server → location) is already resolved:
// a LocationSettings holds final values.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "runtime/address.h"

namespace hearth::config {

// Where a statement stands; ends every configuration error.
struct Where {
  std::string file;  // or "command line" for -g
  int line = 0;
};

enum class LogLevel { debug, info, notice, warn, error, crit, alert, emerg };

struct ErrorLogSettings {
  std::string target = "stderr";  // "stderr" or a path
  LogLevel level = LogLevel::error;
};

enum class AccessLogFormat { combined, json };

struct AccessLogSettings {
  bool on = true;
  std::string path = "logs/access.log";
  AccessLogFormat format = AccessLogFormat::combined;
};

struct UpstreamServer {
  SocketAddress address;
  unsigned weight = 1;
  bool backup = false;
  bool down = false;
  unsigned max_fails = 1;
  Milliseconds fail_timeout{10000};
};

struct UpstreamSettings {
  std::string name;
  Where where;
  std::vector<UpstreamServer> servers;
  unsigned keepalive = 64;  // idle connections kept per worker
  Milliseconds keepalive_timeout{60000};
  std::uint64_t keepalive_requests = 1000;
};

// proxy_pass http://name-or-address[/uri]
struct ProxyPass {
  std::shared_ptr<const UpstreamSettings> upstream;  // a literal address becomes an upstream of one server
  std::string host;                                  // what the default Host header says ($proxy_host)
  std::optional<std::string> uri;                    // replaces the matched location prefix when present
};

struct HeaderSetting {
  std::string name;
  std::string value;    // may hold $variables, expanded per request
  bool always = false;  // add_header: on every status, not only on those nginx lists
};

struct ErrorPage {
  int status = 0;
  std::string uri;                // a local path, served by an internal redirect
  std::optional<int> new_status;  // "=200"
};

struct Network {
  enum class Kind { all, unix_sockets, ip } kind = Kind::ip;
  SocketAddress address;  // of ip; its port means nothing
  unsigned prefix_bits = 0;
};

struct AccessRule {  // allow / deny, first match wins
  bool allow = false;
  Network network;
};

// Whom proxies in front speak for.
struct RealIpSettings {
  std::vector<Network> trusted;  // set_real_ip_from; empty = nobody is
  enum class Source { header, proxy_protocol } source = Source::header;
  std::string header = "X-Real-IP";  // an address, or a list of which the last one counts
  bool recursive = false;  // the last one that is not trusted itself
};

// A table that limit_req or limit_conn counts in, shared by all workers.
struct LimitZoneSettings {
  std::string name;
  std::string key;        // with $variables; requests for which it is empty are not counted
  std::size_t size = 0;   // bytes
  std::uint64_t rate = 0; // of limit_req_zone: thousandths of a request per second
  Where where;
};

struct LimitReqSettings {
  std::string zone;
  std::uint64_t burst = 0;
  std::uint64_t delay = 0;  // so many of the burst are not delayed; UINT64_MAX: nodelay
  Where where{};
};

struct LimitConnSettings {
  std::string zone;
  std::uint64_t most = 0;
  Where where{};
};

struct ReturnSetting {
  int status = 0;
  std::string text;  // body, or the Location of a redirect; may hold $variables
};

// The first of `paths` that exists is what the request asks for from then on; else `uri` or `status` answers.
struct TryFilesSettings {
  std::vector<std::string> paths;  // with $variables; one that ends in "/" is looked for as a directory
  std::string uri;                 // path of an internal redirect, with $variables; empty: `status`
  std::string args;                // its query
  int status = 0;
  Where where;
};

// rewrite: `path` and `args` may hold $variables and $1 … $9, what the regular expression captured.
struct RewriteSettings {
  enum class Then { next, last, stop /* break */, redirect, permanent } then = Then::next;
  std::string regex;
  std::string path;
  std::string args;
  bool has_args = false;
  bool keeps_args = true;  // the request's own query follows
  Where where;
};

// map: a variable whose value is looked up by what `source` expands to.
struct MapSettings {
  struct Row {
    enum class Kind { text, regex, regex_no_case } kind = Kind::text;
    std::string key;    // of text: lower case
    std::string value;  // with $variables and, of a regular expression, $1 … $9
  };
  std::string name;
  std::string source;
  std::vector<Row> rows;
  std::string fallback;    // "default"
  bool hostnames = false;  // keys may read "*.example.com", ".example.com" or "www.example.*"
  Where where;
};

// gzip, zstd: what is compressed while it is sent.
struct CompressionSettings {
  bool on = false;
  unsigned level = 1;
  std::uint64_t min_length = 20;
};
enum class Precompressed { off, on, always };

struct LocationSettings {
  std::string path;  // prefix, exact text, regular expression or "@name"
  enum class Match {
    prefix,
    prefix_final,   // ^~
    exact,          // =
    regex,          // ~
    regex_no_case,  // ~*
    named,          // @name: reached by name only
  } match = Match::prefix;
  Where where;

  // Exactly one of these says what the location does; none = static files under root.
  std::optional<ProxyPass> proxy_pass;
  std::optional<ReturnSetting> returns;
  std::string handler;  // a module's or built-in handler: "workspace", "api", "dashboard", "metrics", "healthz" …

  std::vector<RewriteSettings> rewrites;      // of this level only
  std::optional<TryFilesSettings> try_files;  // of this level only
  std::string root = "html";
  std::optional<std::string> alias;
  std::vector<std::string> index{"index.html"};
  std::string default_type = "application/octet-stream";
  std::shared_ptr<const std::map<std::string, std::string>> types;  // extension → media type; never null

  Precompressed gzip_static = Precompressed::off;
  Precompressed zstd_static = Precompressed::off;
  CompressionSettings gzip;
  CompressionSettings zstd{.level = 3};
  std::vector<std::string> gzip_types{"text/html"};  // "*" = any
  std::vector<std::string> zstd_types{"text/html"};
  std::vector<ErrorPage> error_pages;
  std::vector<AccessRule> access_rules;
  RealIpSettings real_ip;
  std::vector<LimitReqSettings> limit_reqs;
  std::vector<LimitConnSettings> limit_conns;
  int limit_req_status = 503;
  int limit_conn_status = 503;
  std::uint64_t limit_rate = 0;  // bytes per second to a client; 0 = no limit
  std::uint64_t limit_rate_after = 0;
  std::vector<HeaderSetting> add_headers;
  std::vector<HeaderSetting> proxy_set_headers;
  std::vector<std::string> proxy_hide_headers;
  AccessLogSettings access_log;

  std::uint64_t client_max_body_size = 1u << 20;  // 0 = no limit
  Milliseconds client_body_timeout{60000};
  Milliseconds send_timeout{60000};
  Milliseconds keepalive_timeout{75000};
  std::uint64_t keepalive_requests = 1000;
  int proxy_protocol = 0;  // the version of the header a new upstream connection begins with; 0 = none
  Milliseconds proxy_connect_timeout{60000};
  Milliseconds proxy_read_timeout{60000};
  Milliseconds proxy_send_timeout{60000};
  Milliseconds tunnel_timeout{3600000};  // no byte either way on an upgraded connection
};

struct ListenSettings {
  SocketAddress address;
  Where where;
  int backlog = 511;
  bool default_server = false;
  bool proxy_protocol = false;  // connections begin with a PROXY protocol header
};

struct ServerSettings {
  Where where;
  std::vector<ListenSettings> listens;
  std::vector<std::string> names;  // exact or "*.example.com"; empty = any
  Milliseconds client_header_timeout{60000};
  std::size_t client_header_max_size = 64 * 1024;      // whole head
  std::size_t client_header_line_max_size = 8 * 1024;  // large_client_header_buffers' size
  unsigned client_header_max_count = 100;
  LocationSettings fallback;  // the server's own values, for requests no location matches
  std::optional<LocationSettings> returning;  // `return` behind a `rewrite`: what that does not divert
  std::vector<LocationSettings> locations;
};

struct HttpSettings {
  std::vector<std::shared_ptr<const UpstreamSettings>> upstreams;
  std::vector<ServerSettings> servers;
  std::vector<MapSettings> maps;
  std::vector<LimitZoneSettings> limit_req_zones;
  std::vector<LimitZoneSettings> limit_conn_zones;
  bool server_tokens = true;
};

struct Settings {
  std::string prefix;                      // -p; relative paths start here
  std::string file;                        // -c, absolute
  unsigned worker_threads = 1;             // "auto" is already a number
  std::size_t worker_connections = 1024;   // per worker
  std::uint64_t worker_rlimit_nofile = 0;  // 0 = leave
  bool daemon = false;
  bool master_process = true;
  std::string pid_file = "logs/hearth.pid";
  std::string user;  // run the server process as; "" = stay
  Milliseconds worker_shutdown_timeout{30000};
  ErrorLogSettings error_log;
  HttpSettings http;
};

}  // namespace hearth::config
