// Limits and timeouts towards clients, and the access log.
#include "config/gateway_directives.h"
#include "config/setters.h"

namespace hearth::config {

namespace {

constexpr std::uint64_t kMaxHeaderBuffers = 1024;
constexpr std::uint64_t kMinHeaderLine = 256;
constexpr std::uint64_t kMaxHeaderSize = 16u << 20;

Result<void> set_header_buffers(void* target, const Statement& statement, LoadContext&) {
  const auto number = parse_number(statement.args[0]);
  if (!number) return fail(number.error());
  if (*number == 0 || *number > kMaxHeaderBuffers) {
    return invalid_value(statement.args[0], "a number from 1 to " + std::to_string(kMaxHeaderBuffers));
  }
  const auto size = parse_size(statement.args[1]);
  if (!size) return fail(size.error());
  if (*size < kMinHeaderLine || *size > kMaxHeaderSize || *number * *size > kMaxHeaderSize) {
    return invalid_value(statement.args[1], "at least 256, and all buffers together at most 16m");
  }
  scope_of(target).server_values.push_back([n = *number, s = *size](ServerSettings& out) {
    out.client_header_line_max_size = s;
    out.client_header_max_size = n * s;
  });
  return {};
}

Result<void> set_access_log(void* target, const Statement& statement, LoadContext& context) {
  const std::string& path = statement.args[0];
  AccessLogSettings log;
  if (path == "off") {
    if (statement.args.size() > 1) return bad("invalid parameter \"" + statement.args[1] + "\"");
    log.on = false;
  } else {
    if (path.empty()) return bad("\"access_log\" directive needs a path or \"off\"");
    if (path.rfind("syslog:", 0) == 0) return invalid_value(path, "a path or \"off\"; syslog is not supported");
    if (auto plain = refuse_variables(path); !plain) return plain;
  }
  log.path = context.resolve_path(log.on ? path : log.path);
  if (statement.args.size() > 1) {
    if (statement.args[1] == "json") {
      log.format = AccessLogFormat::json;
    } else if (statement.args[1] != "combined") {
      return bad("unknown log format \"" + statement.args[1] + "\", it must be \"combined\" or \"json\"");
    }
  }
  scope_of(target).set([log](LocationSettings& out) { out.access_log = log; });
  return {};
}

void add_timeouts(DirectiveTable& table) {
  table.push_back({.name = "client_header_timeout",
                   .contexts = "http server",
                   .min_args = 1,
                   .max_args = 1,
                   .set = server_value(&ServerSettings::client_header_timeout, parse_timeout),
                   .syntax = "client_header_timeout time",
                   .fallback = "60s",
                   .help = "Time for a client to send a whole request head, else 408."});
  table.push_back({.name = "client_body_timeout",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::client_body_timeout, parse_timeout),
                   .syntax = "client_body_timeout time",
                   .fallback = "60s",
                   .help = "Longest pause between two reads of a request body, else 408."});
  table.push_back({.name = "send_timeout",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::send_timeout, parse_timeout),
                   .syntax = "send_timeout time",
                   .fallback = "60s",
                   .help = "Longest pause between two writes to a client, else the connection is closed."});
  table.push_back({.name = "keepalive_timeout",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::keepalive_timeout, parse_time),
                   .syntax = "keepalive_timeout time",
                   .fallback = "75s",
                   .help = "How long an idle client connection stays open; 0 turns keep-alive off."});
  table.push_back({.name = "tunnel_timeout",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::tunnel_timeout, parse_timeout),
                   .syntax = "tunnel_timeout time",
                   .fallback = "1h",
                   .help = "How long an upgraded connection (WebSocket) may carry no byte either way."});
}

}  // namespace

void add_client_directives(DirectiveTable& table) {
  add_timeouts(table);
  table.push_back({.name = "keepalive_requests",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::keepalive_requests, parse_number),
                   .syntax = "keepalive_requests number",
                   .fallback = "1000",
                   .help = "Requests answered on one client connection before it is closed."});
  table.push_back({.name = "client_max_body_size",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 1,
                   .set = location_value(&LocationSettings::client_max_body_size, parse_size),
                   .syntax = "client_max_body_size size",
                   .fallback = "1m",
                   .help = "Largest request body, else 413; 0 means no limit."});
  table.push_back({.name = "large_client_header_buffers",
                   .contexts = "http server",
                   .min_args = 2,
                   .max_args = 2,
                   .set = set_header_buffers,
                   .syntax = "large_client_header_buffers number size",
                   .fallback = "8 8k",
                   .help = "Limits of a request head: `size` for the request line and for each header line, `number` "
                           "times `size` for all of it."});
  table.push_back({.name = "access_log",
                   .contexts = kHttpServerLocation,
                   .min_args = 1,
                   .max_args = 2,
                   .set = set_access_log,
                   .syntax = "access_log path [combined | json] | off",
                   .fallback = "logs/access.log combined",
                   .help = "Where requests are logged and how; relative to the prefix."});
}

}  // namespace hearth::config
