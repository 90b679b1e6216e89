// The policy on HTTP/1 heads: pure functions from bytes or a head to a verdict. This layer, not the parser library, is
// what decides; it holds whatever version of llhttp is linked. Everything ambiguous is refused, never repaired.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/limits.h"
#include "http/message.h"

namespace hearth::http {

// status 0 = acceptable. Otherwise the status to answer the client with (400, 405, 413, 414, 417, 426, 431, 501, 505)
// before closing; on the response side always 502. `reason` is a string literal for the log.
struct Verdict {
  std::uint16_t status = 0;
  const char* reason = "";
  bool ok() const { return status == 0; }
};

struct RequestLine {
  Method method = Method::unknown;
  std::uint8_t minor = 1;
  std::string_view method_text;
  std::string_view target;
};

// RFC 9112 3: exactly `method SP target SP HTTP/1.[01]`. `line` is without CRLF.
Verdict parse_request_line(std::string_view line, RequestLine& out);

struct StatusLine {
  std::uint16_t status = 0;
  std::uint8_t minor = 1;
  std::string_view reason;
};
// RFC 9112 4. A missing space after the code is accepted, as every client does.
Verdict parse_status_line(std::string_view line, StatusLine& out);

// RFC 9112 5: `token ":" OWS value OWS`; no space before the colon, no folding, no control in the value (bytes
// >= 0x80 are obs-text and pass). `line` is without CRLF.
Verdict parse_field_line(std::string_view line, const Limits& limits, Header& out);

// A request whose method, minor, target and headers are filled: decides, and fills in everything derived
// (framing, keep_alive, host, path_and_query, ...). For `http://host?query` path_and_query is left as "?query" for
// the parser to put a slash before it.
Verdict validate_request(RequestHead& head, const Limits& limits);

// What the response answers; decides its framing.
struct ResponseContext {
  bool head_request = false;     // no body whatever the fields say (RFC 9112 6.3 item 1)
  bool expects_upgrade = false;  // we sent a WebSocket handshake: 101 is legal
};
// A response whose status, minor and headers are filled. Refuses with 502.
Verdict validate_response(ResponseHead& head, const ResponseContext& context);

// A trailer field that must not be there: framing, routing, identity and the format of the content (RFC 9110 6.5.1).
bool is_forbidden_trailer(const Header& field);

// RFC 9110 7.2: `host[:port]`, host a registered name, IPv4 or bracketed IPv6; no userinfo, space or comma.
bool is_valid_authority(std::string_view authority);
// Same host, case-insensitively, and same port once `default_port` is filled in. Both must be valid.
bool same_authority(std::string_view a, std::string_view b, std::uint16_t default_port);

bool is_token(std::string_view text);  // RFC 9110 5.6.2
// May stand in a field value: no control but HTAB, no DEL.
bool is_field_value(std::string_view text);

}  // namespace hearth::http
