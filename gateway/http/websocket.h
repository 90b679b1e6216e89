// The WebSocket opening handshake (RFC 6455 4). Frames are not looked at here.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "http/message.h"
#include "http/validate.h"

namespace hearth::http {

constexpr std::size_t kAcceptKeySize = 28;

// RFC 6455 4.2.2 item 5.4: base64(SHA-1(key + GUID)).
std::array<char, kAcceptKeySize> websocket_accept_key(std::string_view key);

// `Connection: upgrade` together with `Upgrade: websocket` among the values. Any other Upgrade is not for us.
bool asks_for_websocket(const HeaderList& headers);

// For a head that asks_for_websocket(), with framing decided: GET, HTTP/1.1, no body, one Sec-WebSocket-Key of 16
// bytes in base64 (else 400), Sec-WebSocket-Version: 13 (else 426, answered with that field set to kWebsocketVersion).
Verdict validate_websocket_request(const RequestHead& head);
inline constexpr std::string_view kWebsocketVersion = "13";

// For a 101 answering a request with `key`: Upgrade is exactly websocket, Connection lists upgrade, exactly one
// Sec-WebSocket-Accept with the right value. Anything else must not become a tunnel (502).
Verdict validate_websocket_response(const ResponseHead& head, std::string_view key);

}  // namespace hearth::http
