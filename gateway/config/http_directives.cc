// The blocks http, server and location, and what chooses among servers.
#include <algorithm>

#include "config/gateway_directives.h"
#include "config/regex.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

ServerScope& server_of(void* target) { return static_cast<ServerScope&>(scope_of(target)); }

// The targets of http, server and location are all handed out as Scope*, so that one setter serves all three.
void* as_target(Scope* scope) { return scope; }

Result<void*> enter_http(void* target, const Statement& statement, LoadContext&) {
  Builder& builder = builder_of(target);
  builder.http = std::make_unique<HttpScope>(builder, statement.where);
  return as_target(builder.http.get());
}

Result<void*> enter_server(void* target, const Statement& statement, LoadContext&) {
  auto& http = static_cast<HttpScope&>(scope_of(target));
  http.servers.push_back(std::make_unique<ServerScope>(http.builder, statement.where));
  return as_target(http.servers.back().get());
}

struct LocationName {
  std::string modifier;
  std::string path;
};

// `= /a` or, glued as nginx allows, `=/a`.
LocationName split_location(const Statement& statement) {
  if (statement.args.size() == 2) return {statement.args[0], statement.args[1]};
  const std::string& text = statement.args[0];
  for (const std::string_view modifier : {"^~", "~*", "=", "~"}) {
    if (text.rfind(modifier, 0) == 0) return {std::string(modifier), text.substr(modifier.size())};
  }
  return {"", text};
}

Result<LocationSettings::Match> match_of(const LocationName& name) {
  if (name.modifier.empty()) {
    return name.path.starts_with('@') ? LocationSettings::Match::named : LocationSettings::Match::prefix;
  }
  if (name.modifier == "=") return LocationSettings::Match::exact;
  if (name.modifier == "^~") return LocationSettings::Match::prefix_final;
  if (name.modifier == "~" || name.modifier == "~*") {
    const bool ignore_case = name.modifier == "~*";
    if (auto regex = Regex::compile(name.path, ignore_case); !regex) return fail(regex.error());
    return ignore_case ? LocationSettings::Match::regex_no_case : LocationSettings::Match::regex;
  }
  return bad("invalid location modifier \"" + name.modifier + "\", it must be \"=\", \"^~\", \"~\" or \"~*\"");
}

Result<void*> enter_location(void* target, const Statement& statement, LoadContext&) {
  ServerScope& server = server_of(target);
  const LocationName name = split_location(statement);
  const auto match = match_of(name);
  if (!match) return fail(match.error());
  using Match = LocationSettings::Match;
  const bool is_regex = *match == Match::regex || *match == Match::regex_no_case;
  if (!is_regex && *match != Match::named && !name.path.starts_with('/')) {
    return bad("invalid location \"" + name.path + "\", it must start with \"/\"");
  }
  const auto kind = [](Match one) { return one == Match::prefix_final ? Match::prefix : one; };
  for (const auto& other : server.locations) {
    if (is_regex || other->path != name.path || kind(other->match) != kind(*match)) continue;
    return bad("duplicate location \"" + name.path + "\", the first is at " + text_of(other->where));
  }
  auto location = std::make_unique<LocationScope>(server.builder, statement.where);
  location->path = name.path;
  location->match = *match;
  server.locations.push_back(std::move(location));
  return as_target(server.locations.back().get());
}

// "80", "*:80", "127.0.0.1", "localhost:80", "[::1]:80", "unix:/path"
Result<std::vector<SocketAddress>> listen_addresses(const std::string& text) {
  const std::string suffix = " in \"" + text + "\" of the \"listen\" directive";
  std::string endpoint_text = text;
  if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) endpoint_text = "0.0.0.0:" + text;
  if (text.rfind("*:", 0) == 0) endpoint_text = "0.0.0.0:" + text.substr(2);
  const auto endpoint = parse_endpoint(endpoint_text);
  if (!endpoint) return bad(endpoint.error().message + suffix);
  auto addresses = resolve_endpoint(*endpoint, 80);
  if (!addresses) return bad(addresses.error().message + suffix);
  return addresses;
}

Result<void> set_listen_parameter(ListenDraft& draft, const std::string& text) {
  if (text == "default_server" || text == "default") {
    draft.settings.default_server = true;
    return {};
  }
  if (text.rfind("backlog=", 0) == 0) {
    const auto number = parse_decimal<int>(std::string_view(text).substr(8));
    if (!number || *number == 0) return bad("invalid backlog \"" + text.substr(8) + "\"");
    draft.settings.backlog = *number;
    draft.has_options = true;
    return {};
  }
  // Always so: each worker has its own SO_REUSEPORT listener, and an IPv6 one takes IPv6 only.
  if (text == "reuseport" || text == "bind" || text == "ipv6only=on") return {};
  if (text == "proxy_protocol") {
    draft.settings.proxy_protocol = true;
    draft.has_options = true;
    return {};
  }
  if (text == "ssl" || text == "http2" || text == "quic") {
    return bad("the \"" + text + "\" parameter of the \"listen\" directive is not supported yet");
  }
  return bad("invalid parameter \"" + text + "\"");
}

Result<void> set_listen(void* target, const Statement& statement, LoadContext&) {
  ServerScope& server = server_of(target);
  auto addresses = listen_addresses(statement.args[0]);
  if (!addresses) return fail(addresses.error());
  ListenDraft draft;
  draft.settings.where = statement.where;
  for (std::size_t i = 1; i < statement.args.size(); ++i) {
    if (auto set = set_listen_parameter(draft, statement.args[i]); !set) return set;
  }
  for (const SocketAddress& address : *addresses) {
    for (const ListenDraft& other : server.listens) {
      if (other.settings.address == address) return bad("a duplicate listen " + address.text());
    }
    draft.settings.address = address;
    server.listens.push_back(draft);
  }
  return {};
}

Result<void> set_server_name(void* target, const Statement& statement, LoadContext&) {
  ServerScope& server = server_of(target);
  const auto add = [&](std::string name) {
    if (std::find(server.names.begin(), server.names.end(), name) == server.names.end()) {
      server.names.push_back(std::move(name));
    }
  };
  for (const std::string& argument : statement.args) {
    const std::string name = to_lower(argument);
    if (!name.empty() && name.front() == '~') {
      return bad("regular expressions are not supported in \"server_name\" yet: \"" + argument + "\"");
    }
    if (auto plain = refuse_variables(name); !plain) return plain;
    if (name.size() > 1 && name.front() == '.' && name.find('*') == std::string::npos) {  // both
      add(name.substr(1));
      add("*" + name);
      continue;
    }
    const std::size_t star = name.rfind('*');
    if (name.size() > 2 && name.substr(name.size() - 2) == ".*") {
      return bad("server name \"" + argument + "\" is not supported: a wildcard can only stand in front");
    }
    if (star != std::string::npos && (star != 0 || name.size() < 3 || name[1] != '.')) {
      return bad("server name \"" + argument + "\" is invalid, a wildcard reads \"*.example.com\"");
    }
    add(name);
  }
  return {};
}

Result<void> set_server_tokens(void* target, const Statement& statement, LoadContext&) {
  return assign(static_cast<HttpScope&>(scope_of(target)).server_tokens, parse_flag(statement.args[0]),
                statement.args[0]);
}

void add_blocks(DirectiveTable& table) {
  table.push_back({.name = "http",
                   .contexts = "main",
                   .opens = "http",
                   .enter = enter_http,
                   .syntax = "http { ... }",
                   .help = "Everything about HTTP: servers, upstreams, and values they inherit."});
  table.push_back({.name = "server",
                   .contexts = "http",
                   .repeatable = true,
                   .opens = "server",
                   .enter = enter_server,
                   .syntax = "server { ... }",
                   .help = "A virtual server, chosen by the address a connection came to and the request's host."});
  table.push_back({.name = "location",
                   .contexts = "server",
                   .min_args = 1,
                   .max_args = 2,
                   .repeatable = true,
                   .opens = "location",
                   .enter = enter_location,
                   .syntax = "location [= | ^~] /path { ... } | ~ regex { ... } | ~* regex { ... } | @name { ... }",
                   .help = "What answers requests whose path starts with `/path` (with `=`: is `/path`). The longest "
                           "match wins, unless a regular expression (`~*`: whatever the case) matches as well: the "
                           "first of those wins over a prefix that is not marked `^~`. `@name` is where `try_files` "
                           "may send requests. Without a content directive inside, files under `root` are served."});
}

}  // namespace

void add_http_directives(DirectiveTable& table) {
  add_blocks(table);
  table.push_back({.name = "listen",
                   .contexts = "server",
                   .min_args = 1,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = set_listen,
                   .syntax = "listen address[:port] | port | unix:path [default_server] [backlog=number] "
                             "[proxy_protocol] [reuseport]",
                   .fallback = "*:80, or *:8000 when not started as root",
                   .help = "An address the server takes connections on. `default_server` takes requests for hosts no "
                           "server of that address names; otherwise the first server does. With `proxy_protocol` every "
                           "connection must begin with a PROXY protocol header, version 1 or 2; see `real_ip_header`."});
  table.push_back({.name = "server_name",
                   .contexts = "server",
                   .min_args = 1,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = set_server_name,
                   .syntax = "server_name name ...",
                   .help = "Hosts the server answers for: exact, `*.example.com`, or `.example.com` for both that and "
                           "`example.com`."});
  table.push_back({.name = "server_tokens",
                   .contexts = "http",
                   .min_args = 1,
                   .max_args = 1,
                   .set = set_server_tokens,
                   .syntax = "server_tokens on | off",
                   .fallback = "on",
                   .help = "Whether the version is shown in the `Server` header and on error pages."});
}

}  // namespace hearth::config
