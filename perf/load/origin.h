// An origin for what nginx does not serve: chunked bodies, uploads, server-sent events and WebSockets that echo.
#pragma once

#include <cstdint>

namespace perf {

// The key and its answer are those of RFC 6455, section 1.3.
inline constexpr char kUpgradeHeaders[] =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// Each event holds it once, and nothing else on that connection does.
inline constexpr char kEventMark = '!';

// GET /websocket: after the upgrade every byte comes back as it was. GET /events: an event of 128 bytes ten times a
// second. GET /chunked: 64 KiB in chunks of 4 KiB. POST: reads the body, then 200. Anything else: 200 and a few bytes.
[[noreturn]] void serve(std::uint16_t port, bool any_address);

}  // namespace perf
