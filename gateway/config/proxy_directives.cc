#include "config/gateway_directives.h"
#include "config/header_text.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

// http://host[:port][/uri], http://[v6]:port/uri, http://unix:/path[:/uri]
Result<ProxyTarget> parse_target(const Statement& statement) {
  constexpr std::string_view kScheme = "http://";
  const std::string_view url = statement.args[0];
  if (url.find('$') != std::string_view::npos) {
    return bad("variables are not supported in \"proxy_pass\": \"" + std::string(url) + "\"");
  }
  if (istarts_with(url, "https://")) {
    return bad("https upstreams are not supported yet: \"" + std::string(url) + "\"");
  }
  if (!istarts_with(url, kScheme)) {
    return bad("invalid URL prefix in \"" + std::string(url) + "\", it must start with \"http://\"");
  }
  ProxyTarget target;
  target.where = statement.where;
  const std::string_view rest = url.substr(kScheme.size());
  std::size_t end = rest.find_first_of("/?#");
  std::string_view uri = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  if (rest.substr(0, 5) == "unix:") {
    end = rest.find(':', 5);
    uri = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  target.text = std::string(rest.substr(0, end));
  if (!uri.empty() && uri.front() != '/') {
    return bad("invalid URI \"" + std::string(uri) + "\" in \"proxy_pass\", it must start with \"/\"");
  }
  if (!uri.empty()) target.uri = std::string(uri);
  auto endpoint = parse_endpoint(target.text);
  if (!endpoint) return bad(endpoint.error().message + " in upstream \"" + std::string(rest) + "\"");
  target.endpoint = std::move(*endpoint);
  return target;
}

Result<void> set_proxy_pass(void* target, const Statement& statement, LoadContext&) {
  auto& location = static_cast<LocationScope&>(scope_of(target));
  auto parsed = parse_target(statement);
  if (!parsed) return fail(parsed.error());
  if (parsed->uri && (location.is_regex() || location.match == LocationSettings::Match::named)) {
    return bad("\"proxy_pass\" cannot have a URI part in location \"" + location.path +
               "\", only in one that begins with \"/\"");
  }
  if (auto set = location.set_content("proxy_pass", statement.where); !set) return set;
  location.proxy = std::move(*parsed);
  return {};
}

Result<void> set_header(void* target, const Statement& statement, LoadContext&) {
  if (auto good = check_header(statement.args[0], statement.args[1]); !good) return good;
  if (auto known = check_variables(scope_of(target), statement.where, statement.args[1]); !known) return known;
  scope_of(target).add(&LocationSettings::proxy_set_headers, HeaderSetting{statement.args[0], statement.args[1]});
  return {};
}

Result<void> hide_header(void* target, const Statement& statement, LoadContext&) {
  if (auto good = check_header(statement.args[0], ""); !good) return good;
  scope_of(target).add(&LocationSettings::proxy_hide_headers, statement.args[0]);
  return {};
}

Result<void> check_http_version(void*, const Statement& statement, LoadContext&) {
  if (statement.args[0] == "1.1") return {};
  return invalid_value(statement.args[0], "\"1.1\"");
}

Result<void> set_proxy_protocol(void* target, const Statement& statement, LoadContext&) {
  const std::string& text = statement.args[0];
  const int version = text == "off" ? 0 : text == "on" || text == "v1" ? 1 : text == "v2" ? 2 : -1;
  if (version < 0) return invalid_value(text, "on, off, v1 or v2");
  scope_of(target).set([version](LocationSettings& out) { out.proxy_protocol = version; });
  return {};
}

void add_proxy_timeout(DirectiveTable& table, std::string_view name, Milliseconds LocationSettings::*field,
                       std::string_view syntax, std::string_view help) {
  table.push_back({.name = name,
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(field, parse_timeout),
                   .syntax = syntax,
                   .fallback = "60s",
                   .help = help});
}

}  // namespace

void add_proxy_directives(DirectiveTable& table) {
  table.push_back({.name = "proxy_pass",
                   .contexts = "location",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_proxy_pass,
                   .syntax = "proxy_pass http://upstream[:port][/uri] | http://unix:path[:/uri]",
                   .help = "Passes requests on to an `upstream` block, an address or a host name (looked up when the "
                           "configuration is read). With a URI, it replaces the part of the path that the location "
                           "matched."});
  table.push_back({.name = "proxy_set_header",
                   .contexts = kHttpServerLocation,
                   .min_args = 2,
                   .max_args = 2,
                   .repeatable = true,
                   .set = set_header,
                   .syntax = "proxy_set_header name value",
                   .fallback = "Host $proxy_host",
                   .help = "Sets a header of the request sent upstream; an empty value removes it. Inherited only if "
                           "the inner level has none."});
  table.push_back({.name = "proxy_hide_header",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .set = hide_header,
                   .syntax = "proxy_hide_header name",
                   .help = "A header of the upstream's response that clients do not get."});
  table.push_back({.name = "proxy_protocol",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_proxy_protocol,
                   .syntax = "proxy_protocol on | v1 | v2 | off",
                   .fallback = "off",
                   .help = "Begins upstream connections with a PROXY protocol header that names the client; `on` is "
                           "version 1. Such a connection serves one request."});
  add_proxy_timeout(table, "proxy_connect_timeout", &LocationSettings::proxy_connect_timeout,
                    "proxy_connect_timeout time", "Time to connect to an upstream, else 504.");
  add_proxy_timeout(table, "proxy_read_timeout", &LocationSettings::proxy_read_timeout, "proxy_read_timeout time",
                    "Longest pause between two reads from an upstream, else 504.");
  add_proxy_timeout(table, "proxy_send_timeout", &LocationSettings::proxy_send_timeout, "proxy_send_timeout time",
                    "Longest pause between two writes to an upstream, else 504.");
  table.push_back({.name = "proxy_http_version",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = check_http_version,
                   .syntax = "proxy_http_version 1.1",
                   .fallback = "1.1",
                   .help = "Accepted for nginx's sake; upstreams are always spoken to in HTTP/1.1."});
  for (const std::string_view name : {"proxy_buffering", "proxy_request_buffering"}) {
    table.push_back(
        {.name = name,
         .contexts = kHttpServerLocation,
         .min_args = 1,
         .max_args = 1,
         .set = checked_only(parse_flag),
         .syntax = name == "proxy_buffering" ? "proxy_buffering on | off" : "proxy_request_buffering on | off",
         .help = "Accepted for nginx's sake, without effect: bodies always stream."});
  }
}

}  // namespace hearth::config
