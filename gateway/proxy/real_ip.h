// Who the client is when a trusted proxy stands in front (nginx's ngx_http_realip_module). Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "config/settings.h"
#include "http/message.h"
#include "runtime/address.h"

namespace hearth::proxy {

// Is `address` in the network? An IPv4 address in IPv6 clothes (::ffff:a.b.c.d) is the IPv4 address.
bool is_in(const config::Network& network, const SocketAddress& address);

// The 4 or 16 bytes of an address; none of a unix socket.
std::string_view address_bytes(const SocketAddress& address);

// The client that `peer` speaks for: `announced` (PROXY protocol; empty = nobody) or what the configured header says.
// nullopt: `peer` is not trusted, or says nothing usable.
std::optional<SocketAddress> real_client(const config::RealIpSettings& settings, const SocketAddress& peer,
                                         const SocketAddress* announced, const http::HeaderList& headers);

}  // namespace hearth::proxy
