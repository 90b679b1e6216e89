#include <algorithm>

#include "config/gateway_directives.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

UpstreamDraft& upstream_of(void* target) { return *static_cast<UpstreamDraft*>(target); }

Result<void*> enter_upstream(void* target, const Statement& statement, LoadContext&) {
  auto& http = static_cast<HttpScope&>(scope_of(target));
  const std::string& name = statement.args[0];
  const auto endpoint = parse_endpoint(name);
  if (!endpoint || endpoint->port || !endpoint->unix_path.empty()) {
    return bad("invalid upstream name \"" + name + "\"");
  }
  for (const auto& other : http.upstreams) {
    if (!iequals(other->settings.name, name)) continue;
    return bad("duplicate upstream \"" + name + "\", the first is at " + text_of(other->settings.where));
  }
  auto draft = std::make_unique<UpstreamDraft>();
  draft->builder = &http.builder;
  draft->settings.name = name;
  draft->settings.where = statement.where;
  http.upstreams.push_back(std::move(draft));
  return static_cast<void*>(http.upstreams.back().get());
}

Result<void> set_server_parameter(UpstreamServer& server, const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = std::string_view(text).substr(0, equals);
  const std::string_view value = equals == std::string::npos ? "" : std::string_view(text).substr(equals + 1);
  const auto number = parse_decimal<unsigned>(value);
  if (text == "backup") {
    server.backup = true;
  } else if (text == "down") {
    server.down = true;
  } else if (name == "weight" && number && *number > 0 && *number <= 65535) {
    server.weight = *number;
  } else if (name == "max_fails" && number) {
    server.max_fails = *number;
  } else if (const auto time = parse_time(value); name == "fail_timeout" && time) {
    server.fail_timeout = *time;
  } else {
    return bad("invalid parameter \"" + text + "\"");
  }
  return {};
}

Result<void> add_server(void* target, const Statement& statement, LoadContext&) {
  UpstreamServer server;
  for (std::size_t i = 1; i < statement.args.size(); ++i) {
    if (auto set = set_server_parameter(server, statement.args[i]); !set) return set;
  }
  const std::string& text = statement.args[0];
  const auto endpoint = parse_endpoint(text);
  if (!endpoint) return bad(endpoint.error().message + " in upstream \"" + text + "\"");
  const auto addresses = resolve_endpoint(*endpoint, 80);
  if (!addresses) return bad(addresses.error().message + " in upstream \"" + text + "\"");
  for (const SocketAddress& address : *addresses) {
    server.address = address;
    upstream_of(target).settings.servers.push_back(server);
  }
  return {};
}

template <class T, class Parsed>
Setter upstream_value(T UpstreamSettings::*field, Result<Parsed> (*parse)(std::string_view)) {
  return [field, parse](void* target, const Statement& statement, LoadContext&) {
    return assign(upstream_of(target).settings.*field, parse(statement.args[0]), statement.args[0]);
  };
}

}  // namespace

void add_upstream_directives(DirectiveTable& table) {
  table.push_back({.name = "upstream",
                   .contexts = "http",
                   .min_args = 1,
                   .max_args = 1,
                   .repeatable = true,
                   .opens = "upstream",
                   .enter = enter_upstream,
                   .syntax = "upstream name { ... }",
                   .help = "A group of servers that `proxy_pass http://name` passes requests to in turn."});
  table.push_back({.name = "server",
                   .contexts = "upstream",
                   .min_args = 1,
                   .max_args = Directive::kMany,
                   .repeatable = true,
                   .set = add_server,
                   .syntax = "server address[:port] | unix:path [weight=number] [max_fails=number] [fail_timeout=time] "
                             "[backup] [down]",
                   .help = "A server of the group (port 80 unless given). After `max_fails` (1) failures within "
                           "`fail_timeout` (10s) it is left alone for that time; a `backup` is used only when all "
                           "others are."});
  table.push_back({.name = "keepalive",
                   .contexts = "upstream",
                   .min_args = 1,
                   .max_args = 1,
                   .set = upstream_value(&UpstreamSettings::keepalive, parse_number),
                   .syntax = "keepalive connections",
                   .fallback = "64",
                   .help = "Idle connections each worker keeps to the group; 0 keeps none."});
  table.push_back({.name = "keepalive_timeout",
                   .contexts = "upstream",
                   .min_args = 1,
                   .max_args = 1,
                   .set = upstream_value(&UpstreamSettings::keepalive_timeout, parse_timeout),
                   .syntax = "keepalive_timeout time",
                   .fallback = "60s",
                   .help = "How long an idle connection to the group is kept."});
  table.push_back({.name = "keepalive_requests",
                   .contexts = "upstream",
                   .min_args = 1,
                   .max_args = 1,
                   .set = upstream_value(&UpstreamSettings::keepalive_requests, parse_number),
                   .syntax = "keepalive_requests number",
                   .fallback = "1000",
                   .help = "Requests sent over one connection to the group before it is closed."});
}

void add_ignored_directives(DirectiveTable& table) {
  struct Row {
    std::string_view name;
    std::string_view syntax;
  };
  static constexpr Row kFlags[] = {{"tcp_nodelay", "tcp_nodelay on | off"},
                                   {"tcp_nopush", "tcp_nopush on | off"},
                                   {"sendfile", "sendfile on | off"}};
  static constexpr Row kSizes[] = {{"types_hash_max_size", "types_hash_max_size size"},
                                   {"types_hash_bucket_size", "types_hash_bucket_size size"},
                                   {"server_names_hash_max_size", "server_names_hash_max_size size"},
                                   {"server_names_hash_bucket_size", "server_names_hash_bucket_size size"},
                                   {"variables_hash_max_size", "variables_hash_max_size size"},
                                   {"variables_hash_bucket_size", "variables_hash_bucket_size size"}};
  const auto add = [&](const Row& row, Setter check) {
    table.push_back({.name = row.name,
                     .contexts = kHttpServerLocation,
                     .min_args = 1,
                     .max_args = 1,
                     .set = std::move(check),
                     .syntax = row.syntax,
                     .help = "Accepted for nginx's sake, without effect."});
  };
  for (const Row& row : kFlags) add(row, checked_only(parse_flag));
  for (const Row& row : kSizes) add(row, checked_only(parse_size));
}

Directive handler_directive(const ContentHandler& handler) {
  return {.name = handler.name,
          .contexts = "location",
          .set = [](void* target, const Statement& statement, LoadContext&) -> Result<void> {
            auto& location = static_cast<LocationScope&>(scope_of(target));
            if (auto set = location.set_content(statement.name, statement.where); !set) return set;
            location.handler = statement.name;
            return {};
          },
          .syntax = handler.name,
          .help = handler.help};
}

}  // namespace hearth::config
