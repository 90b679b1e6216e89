// "host[:port]", "[v6][:port]", "unix:/path" as written in listen, server and proxy_pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "runtime/address.h"

namespace hearth::config {

struct Endpoint {
  std::string host;  // without brackets
  std::optional<std::uint16_t> port;
  std::string unix_path;  // else host
};

// The error is only the reason ("invalid port", "no host", "invalid host"), for the caller to say where.
Result<Endpoint> parse_endpoint(std::string_view text);

// All addresses of a name, IPv4 first as nginx has them ("localhost" is often ::1 first, where nobody listens).
// Blocking; configuration time only. The error is the reason only: "host not found (…)".
Result<std::vector<SocketAddress>> resolve_endpoint(const Endpoint& endpoint, std::uint16_t default_port);

}  // namespace hearth::config
