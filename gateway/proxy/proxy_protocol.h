// The PROXY protocol, versions 1 and 2 (HAProxy, doc/proxy-protocol.txt): what a load balancer says in front of the first
// byte of a connection about whose connection it is. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/address.h"

namespace hearth::proxy {

struct ProxyHeader {
  enum class State { need_more, done, invalid };
  State state = State::need_more;
  std::size_t size = 0;  // of the header, when done
  // Of whom it speaks; empty for UNKNOWN, LOCAL and address families we do not know: the balancer speaks for itself.
  SocketAddress source;
  SocketAddress destination;
};

// A header of version 1 has at most 107 bytes. Version 2 could have 64 KiB of extensions; more than this is refused.
inline constexpr std::size_t kMaxProxyHeader = 4096;

ProxyHeader parse_proxy_header(std::string_view bytes);

// `version` 1 or 2. Addresses of different families, or of a unix socket, are said to be unknown.
void append_proxy_header(std::string& out, int version, const SocketAddress& source, const SocketAddress& destination);

}  // namespace hearth::proxy
